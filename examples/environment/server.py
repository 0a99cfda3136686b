"""Serves environments to Residency over gRPC: a complete server, of which only the table of environments is its own.

    pip install grpcio grpcio-tools
    python -m grpc_tools.protoc -I proto --python_out=stubs --grpc_python_out=stubs proto/residency/v1/environment.proto
    PYTHONPATH=stubs python examples/environment/server.py --port 7000

docs/environments.md says what the contract is and how the server is registered.
"""

import argparse
import json
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import grpc
from residency.v1 import environment_pb2 as pb
from residency.v1 import environment_pb2_grpc as rpc
from titration import TaskError, Titration

ENVIRONMENTS = {"titration": Titration}
"""Environments by the names under which they are registered."""


class Refused(Exception):
    """The episode is over or never began; the code says why."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class Episodes:
    """The episodes of one stream."""

    def __init__(self):
        self._open = {}

    def answer(self, request: pb.PlayRequest) -> pb.PlayResponse:
        """Exactly one answer to each request, under its episode's id. One episode's failure leaves the others alone."""
        episode_id = request.episode_id
        try:
            result = self._carry_out(episode_id, request)
        except Exception as error:  # A defect of an environment must not end the stream of all its episodes.
            self._open.pop(episode_id, None)
            code = error.code if isinstance(error, Refused) else "environment_failed"
            result = {"failure": pb.EpisodeFailure(code=code, message=str(error) or type(error).__name__)}
        return pb.PlayResponse(episode_id=episode_id, **result)

    def _carry_out(self, episode_id: str, request: pb.PlayRequest) -> dict:
        command = request.WhichOneof("command")
        if command == "open":
            episode = self._start(request.open)
            self._open[episode_id] = episode
            return {"observation": observation(episode.observe())}
        if command == "act":
            if episode_id not in self._open:
                raise Refused("episode_unknown", f"episode_id: found {episode_id!r}, wanted an open episode")
            view = self._open[episode_id].act(request.act.action)
            if view.done:
                del self._open[episode_id]
            return {"observation": observation(view)}
        if command == "close":
            self._open.pop(episode_id, None)
            return {"closed": pb.EpisodeClosed()}
        raise Refused("invalid_request", "command: found nothing, wanted open, act or close")

    def _start(self, opening: pb.OpenEpisode):
        environment = ENVIRONMENTS.get(opening.environment)
        if environment is None:
            names = ", ".join(sorted(ENVIRONMENTS))
            raise Refused("environment_unknown", f"environment: found {opening.environment!r}, wanted one of {names}")
        try:
            return environment(json.loads(opening.task_json), opening.seed)
        except json.JSONDecodeError as error:
            raise Refused("environment_failed", f"task_json: found text that is not JSON: {error}") from error
        except TaskError as error:
            raise Refused("environment_failed", str(error)) from error


def observation(view) -> pb.Observation:
    return pb.Observation(
        text=view.text,
        admissible=view.admissible,
        anchor=view.anchor,
        reward=view.reward,
        done=view.done,
        # JSON has no NaN: rather fail here than be refused there.
        info_json=json.dumps(view.info, allow_nan=False),
    )


class EnvironmentServer(rpc.EnvironmentServiceServicer):
    def Play(self, request_iterator, context):
        episodes = Episodes()
        for request in request_iterator:
            yield episodes.answer(request)


def main() -> None:
    options = argparse.ArgumentParser(description="Serves environments to Residency.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=7000, help="0 takes a free one")
    options.add_argument("--streams", type=int, default=64, help="streams at once; each takes a thread while it lasts")
    chosen = options.parse_args()

    server = grpc.server(ThreadPoolExecutor(max_workers=chosen.streams), maximum_concurrent_rpcs=chosen.streams)
    rpc.add_EnvironmentServiceServicer_to_server(EnvironmentServer(), server)
    port = server.add_insecure_port(f"{chosen.host}:{chosen.port}")
    server.start()
    print(f"listening on {chosen.host}:{port}", flush=True)

    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=2).wait()
    sys.exit(0)


if __name__ == "__main__":
    main()
