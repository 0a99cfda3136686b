import { AlgorithmError } from '../errors.js';
import { checkChoice, checkEpsilon, checkFinite, checkLengths, checkRange } from './check.js';
import type { AdvantageEstimate } from './group-estimators.js';
import { sampleStd, steadyMean } from './moments.js';

/** Rewards of one group by objective, all [samples]. */
export type Objectives = Readonly<Record<string, readonly number[]>>;

/**
 * How several objectives become one advantage:
 * - `sum`: rewards are added with their weights, and the sum is normalised within the group, as in CRPO
 *   (specification 2.5). An objective with a wide spread, the accuracy, drowns the others wherever it differs.
 * - `decoupled`: each objective is normalised within the group first, then they are added with their
 *   weights, so that a weight is a share of the signal and not of the reward.
 */
export type ObjectiveRule = 'sum' | 'decoupled';

export interface ObjectiveRequest {
  readonly rule: ObjectiveRule;
  readonly objectives: Objectives;
  /** Factor of each objective, by the same names. */
  readonly weights: Readonly<Record<string, number>>;
  /**
   * Least standard deviation to divide by, at least 0: of the weighted sum with `sum`, of each objective in its own
   * unit with `decoupled`. It keeps a group whose completions all but agree from being blown up (CRPO specification
   * 2.6, fact b).
   * @defaultValue 0 with `sum`, which is the paper's; 0.05 with `decoupled`
   */
  readonly stdFloor?: number;
  /**
   * Added to a standard deviation, and the spread under which values count as equal.
   * @defaultValue 1e-6
   */
  readonly epsilon?: number;
}

/** Sums and normalised values of one group. */
export interface ObjectiveEstimate extends AdvantageEstimate {
  /** Weighted sum of the rewards of each sample. */
  readonly rewards: readonly number[];
  /** What each objective adds to the advantages, by name, [samples]; null with `sum`. */
  readonly parts: Readonly<Record<string, readonly number[]>> | null;
}

/** The least standard deviation of each rule. */
const FLOORS: { readonly [R in ObjectiveRule]: number } = { sum: 0, decoupled: 0.05 };

/** The names, for those who read them from outside: the keys of a total table. */
export const OBJECTIVE_RULES: readonly ObjectiveRule[] = Object.keys(FLOORS) as ObjectiveRule[];

/**
 * Advantages of one group with several objectives, in float64; a group of one has no advantage. `sum` with the
 * default floor is `grpo` of the weighted sums for groups of two and more.
 * @returns mean and standard deviation of the weighted sums beside the advantages
 * @throws AlgorithmError ALGORITHM_GROUP_EMPTY, ALGORITHM_SHAPE for objectives that differ in length or lack a
 * weight, ALGORITHM_REWARD_NOT_FINITE, ALGORITHM_EPSILON, ALGORITHM_ADVANTAGE_OPTION
 */
export function objectiveAdvantages(request: ObjectiveRequest): ObjectiveEstimate {
  const { rule, objectives, weights, epsilon = 1e-6 } = request;
  checkChoice('rule', rule, OBJECTIVE_RULES);
  const { stdFloor = FLOORS[rule] } = request;
  checkEpsilon(epsilon);
  checkRange('stdFloor', stdFloor, [0, Number.POSITIVE_INFINITY]);
  const weighted = weightedObjectives(objectives, weights);
  const rewards = sumOf(weighted.map(({ weight, values }) => values.map((value) => weight * value)));
  const normalised = (values: readonly number[]): number[] => normalise(values, stdFloor, epsilon);
  const mean = steadyMean(rewards);
  const std = rewards.length < 2 ? 0 : sampleStd(rewards, mean);
  if (rule === 'sum') return { advantages: normalised(rewards), mean, std, rewards, parts: null };
  const parts = weighted.map(({ name, weight, values }) => ({
    name,
    values: normalised(values).map((value) => weight * value),
  }));
  return {
    advantages: sumOf(parts.map(({ values }) => values)),
    mean,
    std,
    rewards,
    parts: Object.fromEntries(parts.map(({ name, values }) => [name, values])),
  };
}

/** (value - mean) / (max(std, floor) + epsilon); zeros where std is below epsilon, and for a group of one. */
function normalise(values: readonly number[], stdFloor: number, epsilon: number): number[] {
  const mean = steadyMean(values);
  const std = values.length < 2 ? 0 : sampleStd(values, mean);
  if (std < epsilon) return values.map(() => 0);
  return values.map((value) => (value - mean) / (Math.max(std, stdFloor) + epsilon));
}

interface WeightedObjective {
  readonly name: string;
  readonly weight: number;
  readonly values: readonly number[];
}

/**
 * Objectives with their weights, in the order of their names, so that sums do not depend on the order given.
 * @throws AlgorithmError ALGORITHM_GROUP_EMPTY, ALGORITHM_SHAPE, ALGORITHM_REWARD_NOT_FINITE,
 * ALGORITHM_ADVANTAGE_OPTION
 */
export function weightedObjectives(
  objectives: Objectives,
  weights: Readonly<Record<string, number>>,
): WeightedObjective[] {
  const names = Object.keys(objectives).sort();
  const [first = ''] = names;
  const samples = Object.hasOwn(objectives, first) ? (objectives[first]?.length ?? 0) : 0;
  if (samples === 0) {
    throw new AlgorithmError('ALGORITHM_GROUP_EMPTY', 'objectives have no values, want at least one sample');
  }
  checkLengths(samples, objectives);
  const without = Object.keys(weights).find((name) => !Object.hasOwn(objectives, name));
  if (without !== undefined) {
    throw new AlgorithmError('ALGORITHM_SHAPE', `weights.${without} has no objective, want one of its name`);
  }
  return names.map((name) => {
    const weight = Object.hasOwn(weights, name) ? weights[name] : undefined;
    if (weight === undefined) throw new AlgorithmError('ALGORITHM_SHAPE', `weights.${name} is missing`);
    checkRange(`weights.${name}`, weight, [-Number.MAX_VALUE, Number.POSITIVE_INFINITY]);
    const values = objectives[name] ?? [];
    checkFinite(name, values);
    return { name, weight, values };
  });
}

/** Sums of equally long rows by place, in the order of the rows. */
export function sumOf(rows: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = rows;
  return first.map((value, i) => others.reduce((sum, row) => sum + (row[i] ?? 0), value));
}
