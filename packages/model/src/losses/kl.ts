import type { KlEstimator } from '@residency/algorithms';
import { ops, type Tensor } from '@residency/tensor';
import { boundLogRatio, clamp } from './token-terms.js';

/** exp(-x) - 1 + x */
export const unclampedK3 = (x: Tensor): Tensor => ops.add(ops.sub(ops.exp(ops.neg(x)), 1), x);

/**
 * KL(policy || reference) of every token from x = logprob - reference; `klPenalties` of @residency/algorithms
 * is the definition of each. The gradient of `abs` at 0 is 1.
 */
export const KL_PROGRAMS: { readonly [E in KlEstimator]: (x: Tensor) => Tensor } = {
  k1: (x) => x,
  abs: (x) => ops.max(x, ops.neg(x)),
  k2: (x) => ops.mul(ops.mul(x, x), 0.5),
  k3: (x) => clamp(unclampedK3(boundLogRatio(x)), -10, 10),
};
