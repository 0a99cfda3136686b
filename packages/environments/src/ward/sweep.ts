import { EnvironmentError } from '../errors.js';
import type { Ward } from './build-ward.js';
import { ABSENT, type Knowledge, PRESENT, UNKNOWN, urgencyCalledFor } from './knowledge.js';
import {
  CONTRAINDICATED_REWARD,
  DIAGNOSIS_REWARD,
  IGNORED_FLAG_REWARD,
  isJustified,
  JUSTIFICATION_REWARD,
  MISSED_FLAG_REWARD,
  urgencyReward,
} from './rules.js';
import { URGENCIES } from './urgency.js';

/**
 * Findings of a ward that is solved exactly, at most: every finding is unknown, absent or present, which makes
 * 3^12 = 531,441 states, a second or so; each further finding takes three times as long.
 */
export const MAX_EXACT_FINDINGS = 12;

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
 * What is lost or gained at the end whatever is committed to: the expectation of forbidden tests and missed red
 * flags, times the probability of the knowledge.
 * @param weights P(knowledge, disease) for each disease
 */
function sunkValue(ward: Ward, knowledge: Knowledge, weights: Float64Array): number {
  let value = 0;
  for (const [disease, { contraindicated, redFlags }] of ward.diseases.entries()) {
    // Unknown findings are independent of the known ones given the disease.
    let harm = contraindicated >= 0 && knowledge[contraindicated] !== UNKNOWN ? CONTRAINDICATED_REWARD : 0;
    for (const flag of redFlags)
      if (knowledge[flag] === UNKNOWN)
        harm += MISSED_FLAG_REWARD * (ward.findings[flag]?.chances[disease] ?? 0);
    value += (weights[disease] ?? 0) * harm;
  }
  return value;
}

/** Sets the value of every commitment, times the probability of the knowledge. */
function setCommitments(ward: Ward, knowledge: Knowledge, weights: Float64Array, values: Float64Array): void {
  const { diseases, findings } = ward;
  const sunk = sunkValue(ward, knowledge, weights);
  const called = urgencyCalledFor(ward, knowledge);
  let total = 0;
  for (const weight of weights) total += weight;
  const byUrgency = URGENCIES.map((_, urgency) => {
    let value = urgency < called ? IGNORED_FLAG_REWARD * total : 0;
    for (const [disease, { urgency: right }] of diseases.entries())
      value += (weights[disease] ?? 0) * urgencyReward(urgency, right);
    return value;
  });
  for (const [disease, { prior }] of diseases.entries()) {
    const weight = weights[disease] ?? 0;
    const justification = isJustified(weight, total, prior) ? JUSTIFICATION_REWARD : 0;
    const stated = sunk + weight * (DIAGNOSIS_REWARD + justification);
    const first = findings.length + disease * URGENCIES.length;
    for (const [urgency, value] of byUrgency.entries()) values[first + urgency] = stated + value;
  }
}

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

  const settle = (code: number, known: number): number => {
    const here = weights[count] ?? new Float64Array();
    if (known >= maxSteps) return sunkValue(ward, knowledge, here);
    let total = 0;
    for (const weight of here) total += weight;
    for (const [place, { cost }] of findings.entries()) {
      const step = steps[place] ?? 0;
      values[place] =
        knowledge[place] === UNKNOWN
          ? (worth[code + step] ?? 0) + (worth[code + 2 * step] ?? 0) - cost * total
          : Number.NEGATIVE_INFINITY;
    }
    setCommitments(ward, knowledge, here, values);
    return decide({ knowledge, code, values });
  };
  // Greater codes first: whatever is elicited leads to one.
  const descend = (place: number, code: number, known: number): void => {
    const finding = findings[place];
    const here = weights[place];
    const next = weights[place + 1];
    if (finding === undefined || here === undefined || next === undefined) {
      worth[code] = settle(code, known);
      return;
    }
    for (const digit of [PRESENT, ABSENT, UNKNOWN]) {
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
