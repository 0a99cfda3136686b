import { boundLogRatio, clamp, mapTokens, type TokenMatrix, tokenAt } from './token-matrix.js';

/**
 * Estimates of KL(policy || reference) from a token drawn from the policy, with x = logprob - reference
 * (Schulman, "Approximating KL Divergence", 2020; GiGPO specification 1.4):
 * - `k1`: x; unbiased, of high variance, negative for half the tokens. As a loss its gradient is that of the
 *   log-probability alone, whose mean is 0: it restrains nothing.
 * - `abs`: |x|
 * - `k2`: x² / 2; biased, but its gradient has the mean of the divergence's gradient
 * - `k3`: exp(-x) - 1 + x, never negative, unbiased; x is moved into ±20, the estimate into ±10, beyond which
 *   it has no gradient
 */
export type KlEstimator = 'k1' | 'abs' | 'k2' | 'k3';

const ESTIMATES: { readonly [E in KlEstimator]: (x: number) => number } = {
  k1: (x) => x,
  abs: Math.abs,
  k2: (x) => (x * x) / 2,
  k3: (x) => clamp(unclampedK3(boundLogRatio(x)), -10, 10),
};

/** The names, for those who read them from outside: the keys of a total table. */
export const KL_ESTIMATORS: readonly KlEstimator[] = Object.keys(ESTIMATES) as KlEstimator[];

/**
 * exp(-x) - 1 + x, of a difference x = log p - log q at a token drawn from p: the unbiased, non-negative
 * estimate of KL(p || q).
 */
export const unclampedK3 = (x: number): number => Math.expm1(-x) + x;

export interface KlInput {
  /** Log-probabilities under the policy that learns, in nats, [samples][tokens]. */
  readonly logprobs: TokenMatrix;
  /** Log-probabilities under the reference policy, in nats, [samples][tokens]. */
  readonly referenceLogprobs: TokenMatrix;
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
}

/**
 * The estimate of every token in nats, of the mask's shape, 0 on padding.
 * @throws AlgorithmError ALGORITHM_SHAPE where a token that carries loss lacks a value
 */
export function klPenalties(estimator: KlEstimator, input: KlInput): number[][] {
  return mapTokens(input.mask, (s, t) => {
    const logprob = tokenAt('logprobs', input.logprobs, s, t);
    return ESTIMATES[estimator](logprob - tokenAt('referenceLogprobs', input.referenceLogprobs, s, t));
  });
}
