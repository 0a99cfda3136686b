import { EnvironmentError } from '../errors.js';
import type { Ward } from './build-ward.js';
import { Ending } from './ending.js';
import { type Knowledge, PRESENT, UNKNOWN } from './knowledge.js';

/**
 * Findings of a ward that is solved exactly, at most: every finding is unknown, absent or present, which makes
 * 3^13 = 1,594,323 states, a second or two; each further finding takes three times as long.
 */
export const MAX_EXACT_FINDINGS = 13;

/** What is known when an action is chosen, and what each action is worth, times the probability of getting there. */
export interface SweepState {
  readonly knowledge: Knowledge;
  /** Number of the state: its knowledge as digits to base 3, the first finding the most significant. */
  readonly code: number;
  /** By action; -Infinity for one that would change nothing. */
  readonly values: Float64Array;
}

/** Value of a state, of those of its actions. */
export type Decide = (state: SweepState) => number;

/** @throws EnvironmentError ENVIRONMENT_TOO_LARGE */
export function checkExact({ name, findings }: Ward): void {
  if (findings.length <= MAX_EXACT_FINDINGS) return;
  throw new EnvironmentError(
    'ENVIRONMENT_TOO_LARGE',
    'level',
    `level ${name} has ${findings.length} findings, want at most ${MAX_EXACT_FINDINGS} for exact values`,
  );
}

/** Number of a state of knowledge. */
export const codeOf = (knowledge: Knowledge): number =>
  knowledge.reduce((code, digit) => code * 3 + digit, 0);

/**
 * Values of all states of knowledge by backward induction, each the expected reward from there on times the
 * probability of getting to know just that. With P(K, d) the weight of a disease, eliciting f in K is worth
 * U(K, f absent) + U(K, f present) - cost(f) P(K): no division, and no state is left out. Actions that change
 * nothing are never taken, so that the findings known are the steps taken, and the limit of steps is exact.
 * @returns the value of knowing nothing, which is the expected reward of an episode
 * @throws EnvironmentError ENVIRONMENT_TOO_LARGE
 */
export function sweep(ward: Ward, decide: Decide): number {
  checkExact(ward);
  const { diseases, findings, actions, maxSteps } = ward;
  const count = findings.length;
  const worth = new Float64Array(3 ** count);
  const steps = findings.map((_, place) => 3 ** (count - 1 - place));
  const knowledge = new Uint8Array(count);
  const values = new Float64Array(actions.length);
  const weights = Array.from({ length: count + 1 }, () => new Float64Array(diseases.length));
  for (const [disease, { prior }] of diseases.entries()) if (weights[0]) weights[0][disease] = prior;

  const ending = new Ending(ward);
  const costs = Float64Array.from(findings, ({ cost }) => cost);

  const settle = (code: number, known: number, here: Float64Array): number => {
    if (known >= maxSteps) return ending.sunk(knowledge, here);
    let total = 0;
    for (let disease = 0; disease < here.length; disease++) total += here[disease] ?? 0;
    for (let place = 0; place < count; place++) {
      const step = steps[place] ?? 0;
      values[place] =
        knowledge[place] === UNKNOWN
          ? (worth[code + step] ?? 0) + (worth[code + 2 * step] ?? 0) - (costs[place] ?? 0) * total
          : Number.NEGATIVE_INFINITY;
    }
    ending.setCommitments(knowledge, here, total, values);
    return decide({ knowledge, code, values });
  };
  // Greater codes first: whatever is elicited leads to one.
  const descend = (place: number, code: number, known: number): void => {
    const finding = findings[place];
    const here = weights[place] ?? new Float64Array();
    const next = weights[place + 1];
    if (finding === undefined || next === undefined) {
      worth[code] = settle(code, known, here);
      return;
    }
    for (let digit = PRESENT; digit >= UNKNOWN; digit--) {
      knowledge[place] = digit;
      for (let disease = 0; disease < here.length; disease++) {
        const chance = finding.chances[disease] ?? 0;
        const factor = digit === UNKNOWN ? 1 : digit === PRESENT ? chance : 1 - chance;
        next[disease] = (here[disease] ?? 0) * factor;
      }
      descend(place + 1, code + digit * (steps[place] ?? 0), known + (digit === UNKNOWN ? 0 : 1));
    }
  };
  descend(0, 0, 0);
  return worth[0] ?? 0;
}
