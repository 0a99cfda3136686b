import { ops, sumAll, type Tensor, type Tracer } from '@residency/tensor';
import type { ScalarInput, TokenContext, TokenInput } from './loss.js';

/** The token context with zeros on padding, and what losses read tokens through. */
export interface Tokens {
  readonly logprobs: Tensor;
  readonly entropy: Tensor | null;
  /** bool[B,S] */
  readonly isToken: Tensor;
  /** A declared f32[B,S] input, zero on padding. */
  input(name: TokenInput): Tensor;
  scalar(name: ScalarInput): Tensor;
  /** Sum over tokens of weight times value, f32[]. */
  weighted(x: Tensor): Tensor;
  /** Sum over tokens, f32[]. */
  sum(x: Tensor): Tensor;
  /** Sum over the tokens of each sequence, f32[B,1]. */
  sequenceSum(x: Tensor): Tensor;
}

/**
 * Reads a token context. Padding is cut off by selection, not by multiplication: whatever it holds, no
 * infinity and no NaN of it survives, and its gradient is exactly zero.
 */
export function readTokens(t: Tracer, { logprobs, entropy, mask, weights, shape }: TokenContext): Tokens {
  const isToken = ops.less(0, mask);
  const kept = (x: Tensor): Tensor => ops.where(isToken, x, 0);
  const tokenWeights = kept(weights);
  return {
    logprobs: kept(logprobs),
    entropy: entropy && kept(entropy),
    isToken,
    input: (name) => kept(t.input(name, shape)),
    scalar: (name) => t.input(name, []),
    weighted: (x) => sumAll(ops.mul(x, tokenWeights)),
    sum: (x) => sumAll(kept(x)),
    sequenceSum: (x) => ops.reduceSum(kept(x), [1]),
  };
}

export const clamp = (x: Tensor, low: Tensor | number, high: Tensor | number): Tensor =>
  ops.min(ops.max(x, low), high);

/** Within ±20: beyond it exp overflows, and the gradient of one token would spoil the step's. */
export const boundLogRatio = (x: Tensor): Tensor => clamp(x, -20, 20);

/** 1 where the condition holds, else 0. */
export const indicator = (condition: Tensor): Tensor => ops.cast(condition, 'f32');
