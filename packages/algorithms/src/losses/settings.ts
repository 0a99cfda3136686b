import type { Aggregation } from './aggregation.js';
import type { ImportanceLevel } from './importance.js';
import type { KlEstimator } from './kl.js';
import type { PolicyEstimator } from './policy-loss.js';

/** The loss of a policy step as a run names it; what is absent is as it says there. */
export interface PolicyLossSettings {
  /** Ratios are clipped to [1 - clipLow, 1 + clipHigh]. */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** Weight of the KL penalty to the starting policy; 0 leaves the reference pass out. */
  readonly klCoefficient: number;
  /** Loss of a token. @defaultValue `ppo` */
  readonly estimator?: PolicyEstimator;
  /** How token losses become the step's. @defaultValue `token-mean` */
  readonly aggregation?: Aggregation;
  /** Length of the aggregation `fixed-length`, in tokens. */
  readonly fixedLength?: number;
  /** @defaultValue `k3` */
  readonly klEstimator?: KlEstimator;
  /** Weight of the entropy bonus. @defaultValue 0 */
  readonly entropyCoefficient?: number;
  /** Bound of the estimator `ppo_dual_clip`, above 1. @defaultValue 3 */
  readonly dualClip?: number;
  /** Truncated importance weights of stale samples, by token or by sequence; left out without it. */
  readonly importance?: ImportanceLevel;
  /** Largest importance weight, above 0. @defaultValue 2 */
  readonly importanceCap?: number;
}

/**
 * Whose the log-probabilities are that ratios are taken to. `recorded`: those of the samples, which are right
 * where these were drawn from the whole distribution at the temperature of the step. `scored`: the policy that the
 * step starts from scores the samples at that temperature, no token left out. Samples of a filtered distribution need that, because their recorded log-probabilities are larger by
 * minus the logarithm of the share that the filter kept, and a ratio to them would not start at 1. With
 * importance weights the old policy is always scored; the weights then are the shares that the filter kept.
 */
export type OldLogprobs = 'recorded' | 'scored';

/** The names, for those who read them from outside. */
export const OLD_LOGPROBS: readonly OldLogprobs[] = ['recorded', 'scored'];
