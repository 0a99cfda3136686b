import {
  type Aggregation,
  advantageRules,
  type KlEstimator,
  klPenalties,
  maskLengths,
  type PolicyEstimator,
  policyLosses,
  similarityRatio,
  sumTokens,
  tokenWeights,
} from '@residency/algorithms';
import {
  type Field,
  itemsOf,
  maskOf,
  matrixOf,
  numberOf,
  objectOf,
  optional,
  type RowOptions,
  required,
  textOf,
} from './row-fields.js';

type Result = Readonly<Record<string, unknown>>;

/** `advantages` and `returns` of a row of `rewards`, `values` and `mask`; `gamma` and `lambda` are 1 where absent. */
export function gaeTokens(row: Field, { isCorrected }: RowOptions): Result {
  const mask = maskOf(required(row, 'mask'));
  const rewards = matrixOf(required(row, 'rewards'), mask);
  const values = matrixOf(required(row, 'values'), mask);
  const share = (name: string): number => {
    const field = optional(row, name);
    return field === null ? 1 : numberOf(field);
  };
  const padding = isCorrected ? 'skipped' : 'counted';
  const settings = { gamma: share('gamma'), lambda: share('lambda'), padding } as const;
  const { advantages, returns } = advantageRules.gae({ rewards, values, mask }, settings);
  return { advantages, returns };
}

/** `advantages` of a row of `rewards`, `mask` and `baselines`, the rewards of greedy completions. */
export function remaxTokens(row: Field): Result {
  const mask = maskOf(required(row, 'mask'));
  const rewards = matrixOf(required(row, 'rewards'), mask);
  const baselines = itemsOf(required(row, 'baselines'), numberOf, mask.length);
  return { advantages: advantageRules.remax({ rewards, mask, baselines }) };
}

/** `cases` of a row of pairs of texts, with the two similarities of each. */
export function similarityCases(row: Field): Result {
  const cases = itemsOf(required(row, 'cases'), (pair) => {
    const [a, b] = [textOf(required(pair, 'a')), textOf(required(pair, 'b'))];
    return {
      ...objectOf(pair),
      ratio: similarityRatio(a, b),
      ratio_no_autojunk: similarityRatio(a, b, false),
    };
  });
  return { cases };
}

interface PublishedLoss {
  readonly estimator: PolicyEstimator;
  readonly aggregation: Aggregation;
  readonly clipLow: number;
  readonly clipHigh: number;
}

const ppo = { estimator: 'ppo_dual_clip', clipLow: 0.2, clipHigh: 0.28 } as const;

/** The losses of the published rows by their names there (GiGPO specification 1.4 and 2.1). */
const LOSSES: Readonly<Record<string, PublishedLoss>> = {
  'token-mean': { ...ppo, aggregation: 'token-mean' },
  'seq-mean-token-sum': { ...ppo, aggregation: 'seq-mean-token-sum' },
  'seq-mean-token-mean': { ...ppo, aggregation: 'seq-mean-token-mean' },
  'seq-mean-token-sum-norm': { ...ppo, aggregation: 'fixed-length' },
  gspo: { estimator: 'gspo', aggregation: 'seq-mean-token-mean', clipLow: 3e-4, clipHigh: 4e-4 },
};

const KL_NAMES: { readonly [K in KlEstimator]: string } = {
  k1: 'kl',
  abs: 'abs',
  k2: 'mse',
  k3: 'low_var_kl',
};

/** `out`, `kl` and `kl_loss_low_var_token_mean` of a row of log-probabilities, advantages and mask. */
export function policyLossTokens(row: Field): Result {
  const mask = maskOf(required(row, 'mask'));
  const matrix = (name: string): number[][] => matrixOf(required(row, name), mask);
  const logprobs = matrix('log_prob');
  const oldLogprobs = matrix('old_log_prob');
  const referenceLogprobs = matrix('ref_log_prob');
  const input = { logprobs, oldLogprobs, advantages: matrix('advantages'), mask, dualClip: 3 };
  const lengths = maskLengths(mask);
  const fixedLength = mask.reduce((longest, bits) => Math.max(longest, bits.length), 1);
  const means = tokenWeights({ aggregation: 'token-mean', lengths });
  const drift = klPenalties('k1', { logprobs: oldLogprobs, referenceLogprobs: logprobs, mask });
  const out = Object.entries(LOSSES).map(([name, { estimator, aggregation, clipLow, clipHigh }]) => {
    const terms = policyLosses(estimator, { ...input, clipLow, clipHigh });
    const loss = sumTokens(terms.losses, tokenWeights({ aggregation, lengths, fixedLength }));
    return [
      name,
      {
        // The reference leaves 1 / B out of its fixed-length sum.
        pg_loss: aggregation === 'fixed-length' ? loss * lengths.length : loss,
        clipfrac: sumTokens(terms.clippedLow, means) + sumTokens(terms.clippedHigh, means),
        ppo_kl: sumTokens(drift, means),
        clipfrac_lower: sumTokens(terms.clippedDual, means),
      },
    ];
  });
  // The published estimates have values on padding too.
  const everywhere = mask.map((bits) => bits.map(() => 1));
  const kl = Object.entries(KL_NAMES).map(([estimator, name]) => [
    name,
    // The names of a total table are the estimators.
    klPenalties(estimator as KlEstimator, { logprobs, referenceLogprobs, mask: everywhere }),
  ]);
  return {
    out: Object.fromEntries(out),
    kl: Object.fromEntries(kl),
    kl_loss_low_var_token_mean: sumTokens(klPenalties('k3', { logprobs, referenceLogprobs, mask }), means),
  };
}
