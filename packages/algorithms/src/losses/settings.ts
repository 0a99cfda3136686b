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

/**
 * What a step learns from its samples. `policy`: their advantages. `supervised`: to say what they say, by the mean
 * negative log-likelihood. `dpo`: to prefer the first sample of each group to the second (direct preference optimisation).
 */
export type Objective = 'policy' | 'supervised' | 'dpo';

/** The names, for those who read them from outside. */
export const OBJECTIVES: readonly Objective[] = ['policy', 'supervised', 'dpo'];

/** Settings of the objectives beside `policy`. */
export interface ObjectiveSettings {
  /** @defaultValue `policy` */
  readonly objective?: Objective;
  /** How far `dpo` may lead away from the starting policy: smaller is farther, above 0. @defaultValue 0.1 */
  readonly dpoBeta?: number;
  /** Share of the preferences that `dpo` takes to be mistaken, 0 to below 0.5. @defaultValue 0 */
  readonly labelSmoothing?: number;
}
