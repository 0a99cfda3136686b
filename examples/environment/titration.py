"""Dose titration: bring a patient's blood pressure into its range, one visit at a time.

A game with an answer that can be checked, and no advice: the pharmacology is made up. It needs no more than Python.

The task is {"maxVisits": 1..50}, 10 where absent. The seed decides the patient; the same task, seed and actions
give the same episode: whole numbers only, and neither the clock nor `random` is asked.
"""

import hashlib
from dataclasses import dataclass

ACTIONS = ("decrease", "increase", "keep")
"""What can be done at a visit, sorted."""

TARGET = range(110, 130)
"""Systolic pressure to keep, mmHg."""

TOO_LOW = 90
"""Below this the patient faints, which ends the episode."""

MAX_DOSE = 8
VISIT_REWARD = -0.05
"""Of a visit that ends nothing: reaching the range sooner is better."""

DEFAULT_MAX_VISITS = 10


class TaskError(ValueError):
    """A task that this environment does not know; the message names the field."""


@dataclass(frozen=True)
class View:
    """What is seen after opening or acting."""

    text: str
    admissible: tuple[str, ...]
    anchor: str
    reward: float
    done: bool
    info: dict


def draw(seed: int, what: str, low: int, high: int) -> int:
    """A whole number in [low, high] that depends on the seed and on what it is for, and on nothing else."""
    digest = hashlib.sha256(f"titration/{what}/{seed}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def read_max_visits(task) -> int:
    if task is None:
        return DEFAULT_MAX_VISITS
    if not isinstance(task, dict):
        raise TaskError(f"task: found {type(task).__name__}, wanted an object {{ maxVisits? }}")
    for field in sorted(task):
        if field != "maxVisits":
            raise TaskError(f"task.{field}: found an unknown field, wanted only maxVisits")
    visits = task.get("maxVisits", DEFAULT_MAX_VISITS)
    # bool is an int in Python.
    if isinstance(visits, bool) or not isinstance(visits, int) or not 1 <= visits <= 50:
        raise TaskError(f"task.maxVisits: found {visits!r}, wanted an integer from 1 to 50")
    return visits


class Titration:
    """One episode."""

    def __init__(self, task, seed: int):
        self.max_visits = read_max_visits(task)
        self.untreated = draw(seed, "untreated", 150, 180)
        # What a step of dose takes off the pressure, mmHg: less than the range is wide, and enough for every patient.
        self.response = draw(seed, "response", 7, 14)
        self.dose = draw(seed, "dose", 0, 2)
        self.steps = 0
        self.outcome = None

    @property
    def pressure(self) -> int:
        return self.untreated - self.response * self.dose

    @property
    def won(self) -> bool:
        return self.outcome == "controlled"

    def admissible(self) -> tuple[str, ...]:
        if self.outcome is not None:
            return ()
        impossible = {"decrease": self.dose == 0, "increase": self.dose == MAX_DOSE}
        return tuple(action for action in ACTIONS if not impossible.get(action, False))

    def view(self, text: str, reward: float = 0.0, info=None) -> View:
        # Equal anchors are the same decision: what the player knows of the patient now, and nothing of the way here.
        anchor = f"titration; dose {self.dose}; pressure {self.pressure}; {self.outcome or 'open'}"
        return View(text, self.admissible(), anchor, reward, self.outcome is not None, info or {})

    def observe(self) -> View:
        return self.view(
            f"Systolic pressure is {self.pressure} mmHg at dose {self.dose} of {MAX_DOSE}. Your task is to: bring it to "
            f"{TARGET.start} to {TARGET.stop - 1} mmHg within {self.max_visits} visits, then keep the dose."
        )

    def act(self, action: str) -> View:
        """Takes any text; one that is no admissible action changes nothing, costs the visit, and says so."""
        wanted = action[:40].strip().lower()
        is_valid = wanted in self.admissible()
        self.steps += 1
        reward = VISIT_REWARD
        text = "Nothing happens."
        if is_valid:
            self.dose += {"increase": 1, "decrease": -1, "keep": 0}[wanted]
            text = f"Systolic pressure is {self.pressure} mmHg at dose {self.dose} of {MAX_DOSE}."
            if self.pressure < TOO_LOW:
                self.outcome, reward = "fainted", -1.0
            elif wanted == "keep" and self.pressure in TARGET:
                self.outcome, reward = "controlled", 1.0
        if self.outcome is None and self.steps >= self.max_visits:
            self.outcome = "visit limit"
        info = {"isValid": is_valid, "outcome": self.outcome, "won": self.won, "steps": self.steps}
        return self.view(text, reward, info)
