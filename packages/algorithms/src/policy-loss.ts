import { AlgorithmError } from './errors.js';

/** A value per token: one row per sample, rows as long as the sample (padding is masked out). */
export type TokenMatrix = readonly (readonly number[])[];

export interface PolicyLossInput {
  /** Log-probabilities under the policy that learns, in nats, [samples][tokens]. */
  readonly logprobs: TokenMatrix;
  /** Log-probabilities that the sampler recorded, in nats, [samples][tokens]. */
  readonly oldLogprobs: TokenMatrix;
  /** One advantage per sample, given to each of its tokens. */
  readonly advantages: readonly number[];
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
  /** Ratios are clipped to [1 - clipLow, 1 + clipHigh]; clipLow in [0, 1], clipHigh >= 0. */
  readonly clipLow: number;
  readonly clipHigh: number;
}

export interface KlInput {
  /** Log-probabilities under the policy that learns, in nats, [samples][tokens]. */
  readonly logprobs: TokenMatrix;
  /** Log-probabilities under the reference policy, in nats, [samples][tokens]. */
  readonly refLogprobs: TokenMatrix;
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
}

/** Walks the tokens that carry loss, sample by sample; fixes the order of every sum in this file. */
function tokenMean(mask: TokenMatrix, term: (sample: number, token: number) => number): number {
  let sum = 0;
  let count = 0;
  for (const [sample, row] of mask.entries()) {
    for (const [token, weight] of row.entries()) {
      if (weight === 0) continue;
      sum += term(sample, token);
      count++;
    }
  }
  if (count === 0) throw new AlgorithmError('ALGORITHM_MASK_EMPTY', 'mask: no token carries loss, want one');
  return sum / count;
}

function at(name: string, matrix: TokenMatrix, sample: number, token: number): number {
  const value = matrix[sample]?.[token];
  if (value === undefined) {
    throw new AlgorithmError('ALGORITHM_SHAPE', `${name}[${sample}][${token}] is missing, but its mask is 1`);
  }
  return value;
}

function requireClip(input: PolicyLossInput): void {
  const { clipLow, clipHigh } = input;
  if (clipLow >= 0 && clipLow <= 1 && clipHigh >= 0) return;
  throw new AlgorithmError(
    'ALGORITHM_CLIP',
    `clip range is (${clipLow}, ${clipHigh}), want clipLow in [0, 1] and clipHigh >= 0`,
  );
}

/** Unclipped and clipped loss of one token: -A * ratio and -A * clip(ratio). */
function tokenLosses(input: PolicyLossInput, sample: number, token: number): readonly [number, number] {
  const advantage = input.advantages[sample];
  if (advantage === undefined) {
    throw new AlgorithmError('ALGORITHM_SHAPE', `advantages[${sample}] is missing, but its mask is 1`);
  }
  const logprob = at('logprobs', input.logprobs, sample, token);
  const ratio = Math.exp(logprob - at('oldLogprobs', input.oldLogprobs, sample, token));
  const clipped = Math.min(Math.max(ratio, 1 - input.clipLow), 1 + input.clipHigh);
  return [-advantage * ratio, -advantage * clipped];
}

/**
 * Clipped policy-gradient loss of one group, the mean over its tokens of max(-A ratio, -A clip(ratio)) with
 * ratio = exp(new - old) (PPO, arXiv 1707.06347, equation 7; token mean as in CRPO specification 2.5).
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_MASK_EMPTY, ALGORITHM_CLIP
 */
export function clippedPolicyLoss(input: PolicyLossInput): number {
  requireClip(input);
  return tokenMean(input.mask, (sample, token) => Math.max(...tokenLosses(input, sample, token)));
}

/**
 * Share in [0, 1] of tokens whose loss is the clipped one.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_MASK_EMPTY, ALGORITHM_CLIP
 */
export function clipFraction(input: PolicyLossInput): number {
  requireClip(input);
  return tokenMean(input.mask, (sample, token) => {
    const [plain, clipped] = tokenLosses(input, sample, token);
    return clipped > plain ? 1 : 0;
  });
}

/**
 * Mean over tokens of the k3 estimate of KL(policy || reference): exp(d) - d - 1 with d = reference - policy, in
 * nats, never negative (Schulman, "Approximating KL Divergence", 2020; CRPO specification 2.5). Not clamped.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_MASK_EMPTY
 */
export function klK3(input: KlInput): number {
  return tokenMean(input.mask, (sample, token) => {
    const reference = at('refLogprobs', input.refLogprobs, sample, token);
    const difference = reference - at('logprobs', input.logprobs, sample, token);
    return Math.expm1(difference) - difference;
  });
}
