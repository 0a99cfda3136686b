import type { Aggregation, KlEstimator, PolicyEstimator, TokenMatrix } from '@residency/algorithms';
import { jsonRows, referenceFile } from './reference-data.js';

interface PublishedLoss {
  readonly pg_loss: number;
  readonly clipfrac: number;
  readonly ppo_kl: number;
  readonly clipfrac_lower: number;
}

/** The published row of policy losses: executed by a reference trainer in single precision. */
export interface PolicyLossRow {
  readonly kind: string;
  readonly log_prob: TokenMatrix;
  readonly old_log_prob: TokenMatrix;
  readonly ref_log_prob: TokenMatrix;
  readonly advantages: TokenMatrix;
  readonly mask: TokenMatrix;
  readonly out: Readonly<
    Record<
      'token-mean' | 'seq-mean-token-sum' | 'seq-mean-token-mean' | 'seq-mean-token-sum-norm' | 'gspo',
      PublishedLoss
    >
  >;
  readonly kl: Readonly<Record<'kl' | 'abs' | 'mse' | 'low_var_kl', TokenMatrix>>;
  readonly kl_loss_low_var_token_mean: number;
}

/** How a published loss is called here. */
export interface PublishedCase {
  readonly name: keyof PolicyLossRow['out'];
  readonly estimator: PolicyEstimator;
  readonly aggregation: Aggregation;
  readonly clipLow: number;
  readonly clipHigh: number;
  /** Ours over theirs: the reference leaves 1 / B out of its fixed-length sum. */
  readonly scale: (sequences: number) => number;
}

const same = (): number => 1;
const ppo = { estimator: 'ppo_dual_clip', clipLow: 0.2, clipHigh: 0.28, scale: same } as const;

/** All losses of the row, with dual clip 3; `fixed-length` has the padded length 4. */
export const PUBLISHED_CASES: readonly PublishedCase[] = [
  { ...ppo, name: 'token-mean', aggregation: 'token-mean' },
  { ...ppo, name: 'seq-mean-token-sum', aggregation: 'seq-mean-token-sum' },
  { ...ppo, name: 'seq-mean-token-mean', aggregation: 'seq-mean-token-mean' },
  { ...ppo, name: 'seq-mean-token-sum-norm', aggregation: 'fixed-length', scale: (n) => 1 / n },
  {
    name: 'gspo',
    estimator: 'gspo',
    aggregation: 'seq-mean-token-mean',
    clipLow: 3e-4,
    clipHigh: 4e-4,
    scale: same,
  },
];

/** Published names of the KL estimators. */
export const PUBLISHED_KL: Readonly<Record<KlEstimator, keyof PolicyLossRow['kl']>> = {
  k1: 'kl',
  abs: 'abs',
  k2: 'mse',
  k3: 'low_var_kl',
};

/** Rows of the published losses, with a line that says so where this machine has none. */
export const policyLossRows = (): PolicyLossRow[] =>
  jsonRows<PolicyLossRow>(referenceFile('golden', 'gigpo.jsonl')).filter((r) => r.kind === 'policy_loss');
