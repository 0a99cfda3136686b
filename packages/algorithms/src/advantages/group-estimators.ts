import { AlgorithmError } from '../errors.js';
import { checkChoice, checkEpsilon, checkFinite } from './check.js';
import { grpo, grpoNoStd } from './grpo.js';
import { grpoPassk } from './grpo-passk.js';
import { rloo } from './rloo.js';

/** Advantages of one group of samples that answer the same prompt. */
export interface AdvantageEstimate {
  /** One per reward, in the order of the rewards. */
  readonly advantages: readonly number[];
  /** Mean reward of the group; 0 for a group of one. */
  readonly mean: number;
  /** Standard deviation of the rewards, before epsilon was added. */
  readonly std: number;
}

/** One estimator as a pure function of a group's rewards; inputs are already checked. */
export type EstimatorRule = (rewards: readonly number[], epsilon: number) => AdvantageEstimate;

/** Estimators that need the rewards of a group and nothing else. */
export type Estimator = 'grpo' | 'grpo_nostd' | 'rloo' | 'grpo_passk';

/**
 * What a group of one gets, which has nothing to be compared with: `raw`, its reward, as the reference trainers
 * do, or `zero`.
 */
export type Singletons = 'raw' | 'zero';

/** The names, for those who read them from outside. */
export const SINGLETONS: readonly Singletons[] = ['raw', 'zero'];

export interface AdvantageRequest {
  readonly estimator: Estimator;
  /** Sequence rewards of one group, at least one. */
  readonly rewards: readonly number[];
  /**
   * Added to the standard deviation, and the spread under which a group counts as equal.
   * @defaultValue 1e-6
   */
  readonly epsilon?: number;
  /** @defaultValue 'raw' */
  readonly singletons?: Singletons;
}

/** Every estimator of a group's rewards, by the name a job gives. */
export const estimators: { readonly [E in Estimator]: EstimatorRule } = {
  grpo,
  grpo_nostd: grpoNoStd,
  rloo,
  grpo_passk: grpoPassk,
};

/** Whether a name from outside is one of the estimators. */
export function isEstimator(name: string): name is Estimator {
  return Object.hasOwn(estimators, name);
}

/**
 * Advantages of one group in float64, summed in the order given.
 * @throws AlgorithmError ALGORITHM_ESTIMATOR_UNKNOWN, ALGORITHM_GROUP_EMPTY, ALGORITHM_GROUP_SMALL,
 * ALGORITHM_REWARD_NOT_FINITE, ALGORITHM_EPSILON, ALGORITHM_ADVANTAGE_OPTION
 */
export function estimateAdvantages(request: AdvantageRequest): AdvantageEstimate {
  const { estimator, rewards, epsilon = 1e-6, singletons = 'raw' } = request;
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
  checkFinite('rewards', rewards);
  checkEpsilon(epsilon);
  checkChoice('singletons', singletons, SINGLETONS);
  if (rewards.length === 1 && singletons === 'zero') {
    return { advantages: [0], mean: rewards[0] ?? 0, std: 0 };
  }
  return estimators[estimator](rewards, epsilon);
}
