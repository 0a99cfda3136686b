import { AlgorithmError } from './errors.js';

/** Advantages of one group of samples that answer the same prompt. */
export interface AdvantageEstimate {
  /** One per reward, in the order of the rewards. */
  readonly advantages: readonly number[];
  /** Mean reward that was subtracted. */
  readonly mean: number;
  /** Standard deviation of the rewards, before epsilon was added. */
  readonly std: number;
}

/** One estimator as a pure function of a group's rewards; inputs are already checked. */
export type EstimatorRule = (rewards: readonly number[], epsilon: number) => AdvantageEstimate;

export type Estimator = 'grpo';

export interface AdvantageRequest {
  readonly estimator: Estimator;
  /** Sequence rewards of one group, at least one. */
  readonly rewards: readonly number[];
  /**
   * Added to the standard deviation, and the spread under which a group counts as equal.
   * @defaultValue 1e-6
   */
  readonly epsilon?: number;
}

/** Sample standard deviation (divisor n - 1) around a mean that is given; n >= 2, summed in index order. */
function sampleStd(values: readonly number[], mean: number): number {
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * Group-relative advantage (r - mean) / (std + epsilon), CRPO specification 2.5. A group of one has mean 0 and
 * std 1. A group whose std is below epsilon gets exact zeros: rounding in the mean would otherwise be standardised
 * into a signal (CRPO specification 2.6, fact c).
 */
function grpo(rewards: readonly number[], epsilon: number): AdvantageEstimate {
  const isSingle = rewards.length === 1;
  const mean = isSingle ? 0 : average(rewards);
  const std = isSingle ? 1 : sampleStd(rewards, mean);
  const advantages = rewards.map((reward) => (std < epsilon ? 0 : (reward - mean) / (std + epsilon)));
  return { advantages, mean, std };
}

/** Every estimator, by the name a job gives. */
export const estimators: { readonly [E in Estimator]: EstimatorRule } = { grpo };

/** Whether a name from outside is one of the estimators. */
export function isEstimator(name: string): name is Estimator {
  return Object.hasOwn(estimators, name);
}

/**
 * Advantages of one group in float64, summed in the order given.
 * @throws AlgorithmError ALGORITHM_ESTIMATOR_UNKNOWN, ALGORITHM_GROUP_EMPTY, ALGORITHM_REWARD_NOT_FINITE,
 * ALGORITHM_EPSILON
 */
export function estimateAdvantages(request: AdvantageRequest): AdvantageEstimate {
  const { estimator, rewards, epsilon = 1e-6 } = request;
  if (!isEstimator(estimator)) {
    const known = Object.keys(estimators).sort().join(', ');
    throw new AlgorithmError(
      'ALGORITHM_ESTIMATOR_UNKNOWN',
      `estimator is '${String(estimator)}', want one of: ${known}`,
    );
  }
  if (rewards.length === 0) {
    throw new AlgorithmError('ALGORITHM_GROUP_EMPTY', 'rewards is empty, want at least one reward');
  }
  for (const [index, reward] of rewards.entries()) {
    if (!Number.isFinite(reward)) {
      throw new AlgorithmError(
        'ALGORITHM_REWARD_NOT_FINITE',
        `rewards[${index}] is ${reward}, want a finite number`,
      );
    }
  }
  if (!(Number.isFinite(epsilon) && epsilon > 0)) {
    throw new AlgorithmError(
      'ALGORITHM_EPSILON',
      `epsilon is ${epsilon}, want a finite number greater than 0`,
    );
  }
  return estimators[estimator](rewards, epsilon);
}
