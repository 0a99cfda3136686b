import type { Aggregation } from '@residency/algorithms';
import type { LossNumbers } from './numbers.js';
import type { PolicyLossSpec } from './policy.js';

export type LossPreset = 'grpo' | 'dapo' | 'dr_grpo' | 'gspo' | 'cispo' | 'reinforce';

/** A published recipe: the loss, how tokens are weighed, and its numbers. */
export interface PresetRow {
  readonly spec: PolicyLossSpec;
  /** `fixed-length` also needs a length: the longest completion allowed. */
  readonly aggregation: Aggregation;
  readonly numbers: Partial<LossNumbers>;
}

const plain = { kind: 'policy', kl: null, entropy: false, correction: null } as const;

/**
 * Losses by the names of their papers. Advantages are the estimators' matter (Dr. GRPO divides by no standard
 * deviation), and so is what DAPO does to groups and long completions.
 */
export const LOSS_PRESETS: { readonly [P in LossPreset]: PresetRow } = {
  /**
   * DeepSeekMath, arXiv 2402.03300, equation 3 and its coefficient 0.04; it does not give the clip range, 0.2
   * is PPO's.
   */
  grpo: {
    spec: { ...plain, estimator: 'ppo', kl: 'k3' },
    aggregation: 'seq-mean-token-mean',
    numbers: { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.04 },
  },
  /** arXiv 2503.14476: clip-higher, a mean over all tokens, no KL. */
  dapo: {
    spec: { ...plain, estimator: 'ppo' },
    aggregation: 'token-mean',
    numbers: { clipLow: 0.2, clipHigh: 0.28 },
  },
  /** arXiv 2503.20783: a constant in place of the length, no KL. */
  dr_grpo: {
    spec: { ...plain, estimator: 'ppo' },
    aggregation: 'fixed-length',
    numbers: { clipLow: 0.2, clipHigh: 0.2 },
  },
  /** arXiv 2507.18071: ratios of whole sequences, whose range is narrow. */
  gspo: {
    spec: { ...plain, estimator: 'gspo' },
    aggregation: 'seq-mean-token-mean',
    numbers: { clipLow: 3e-4, clipHigh: 4e-4 },
  },
  /**
   * MiniMax-M1, arXiv 2506.13585: no lower bound. It does not give the upper one; 0.2 is that of a public
   * trainer (verl).
   */
  cispo: {
    spec: { ...plain, estimator: 'cispo' },
    aggregation: 'token-mean',
    numbers: { clipLow: 1, clipHigh: 0.2 },
  },
  /** Williams 1992: the mean over sequences of A log p(sequence). */
  reinforce: { spec: { ...plain, estimator: 'reinforce' }, aggregation: 'seq-mean-token-sum', numbers: {} },
};
