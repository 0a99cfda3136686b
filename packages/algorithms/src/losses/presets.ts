import type { Aggregation } from './aggregation.js';
import type { KlEstimator } from './kl.js';
import type { PolicyEstimator } from './policy-loss.js';

/** Names of published losses; `ppo` is what a run has that names none. */
export type LossPreset = 'ppo' | 'grpo' | 'dapo' | 'dr_grpo' | 'gspo' | 'cispo' | 'reinforce';

/** A published recipe: how tokens lose, how they are weighed, and with which numbers. */
export interface PresetRow {
  readonly estimator: PolicyEstimator;
  /** `fixed-length` also needs a length: the longest completion allowed. */
  readonly aggregation: Aggregation;
  /** Clip range; null where the estimator reads none. */
  readonly clip: { readonly low: number; readonly high: number } | null;
  /** The penalty on the divergence from the starting policy; null leaves it out. */
  readonly kl: { readonly estimator: KlEstimator; readonly coefficient: number } | null;
}

/**
 * Losses by the names of their papers. Advantages are the estimators' matter (Dr. GRPO divides by no standard
 * deviation), and so is what DAPO does to groups and long completions.
 */
export const LOSS_PRESETS: { readonly [P in LossPreset]: PresetRow } = {
  /** arXiv 1707.06347, equation 7 and its clip range, as a mean over all tokens. */
  ppo: { estimator: 'ppo', aggregation: 'token-mean', clip: { low: 0.2, high: 0.2 }, kl: null },
  /**
   * DeepSeekMath, arXiv 2402.03300, equation 3 and its coefficient 0.04; it does not give the clip range, 0.2
   * is PPO's.
   */
  grpo: {
    estimator: 'ppo',
    aggregation: 'seq-mean-token-mean',
    clip: { low: 0.2, high: 0.2 },
    kl: { estimator: 'k3', coefficient: 0.04 },
  },
  /** arXiv 2503.14476: clip-higher, a mean over all tokens, no KL. */
  dapo: { estimator: 'ppo', aggregation: 'token-mean', clip: { low: 0.2, high: 0.28 }, kl: null },
  /** arXiv 2503.20783: a constant in place of the length, no KL. */
  dr_grpo: { estimator: 'ppo', aggregation: 'fixed-length', clip: { low: 0.2, high: 0.2 }, kl: null },
  /** arXiv 2507.18071: ratios of whole sequences, whose range is narrow. */
  gspo: {
    estimator: 'gspo',
    aggregation: 'seq-mean-token-mean',
    clip: { low: 3e-4, high: 4e-4 },
    kl: null,
  },
  /**
   * MiniMax-M1, arXiv 2506.13585: no lower bound. It does not give the upper one; 0.2 is that of a public
   * trainer (verl).
   */
  cispo: { estimator: 'cispo', aggregation: 'token-mean', clip: { low: 1, high: 0.2 }, kl: null },
  /** Williams 1992: the mean over sequences of A log p(sequence). */
  reinforce: { estimator: 'reinforce', aggregation: 'seq-mean-token-sum', clip: null, kl: null },
};

/** The names, for those who read them from outside: the keys of a total table. */
export const LOSS_PRESET_NAMES: readonly LossPreset[] = Object.keys(LOSS_PRESETS) as LossPreset[];
