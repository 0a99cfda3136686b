import type { PolicyEstimator } from '@residency/algorithms';
import { ops, type Tensor } from '@residency/tensor';
import type { ScalarInput } from './loss.js';
import { boundLogRatio, clamp, indicator, type Tokens } from './token-terms.js';

/** All f32[B,S]; what an estimator does not clip it leaves out. */
export interface PolicyTerms {
  readonly losses: Tensor;
  readonly ratios: Tensor;
  readonly clips: {
    readonly clippedLow?: Tensor;
    readonly clippedHigh?: Tensor;
    readonly clippedDual?: Tensor;
  };
}

export interface EstimatorProgram {
  readonly scalars: readonly ScalarInput[];
  terms(tokens: Tokens): PolicyTerms;
}

const difference = (tokens: Tokens): Tensor => ops.sub(tokens.logprobs, tokens.input('oldLogprobs'));
const tokenRatios = (tokens: Tokens): Tensor => ops.exp(boundLogRatio(difference(tokens)));

/**
 * exp(l - sg(l) + mean of sg(l - old)): the value of the sequence's ratio, the gradient of the token's
 * log-probability.
 */
function sequenceRatios(tokens: Tokens): Tensor {
  const { logprobs, isToken } = tokens;
  const lengths = ops.max(tokens.sequenceSum(indicator(isToken)), 1);
  const mean = ops.div(tokens.sequenceSum(difference(tokens)), lengths);
  const own = ops.sub(logprobs, ops.stopGradient(logprobs));
  return ops.exp(ops.min(ops.add(own, ops.stopGradient(mean)), 10));
}

/** max(-A r, -A clip(r)) */
function clippedTerms(tokens: Tokens, ratios: Tensor): PolicyTerms {
  const [low, high] = [tokens.scalar('ratioMin'), tokens.scalar('ratioMax')];
  const losses = ops.neg(tokens.input('advantages'));
  const plain = ops.mul(losses, ratios);
  const clipped = ops.mul(losses, clamp(ratios, low, high));
  const isClipped = indicator(ops.less(plain, clipped));
  return {
    losses: ops.max(plain, clipped),
    ratios,
    clips: {
      clippedLow: ops.mul(isClipped, indicator(ops.less(ratios, low))),
      clippedHigh: ops.mul(isClipped, indicator(ops.less(high, ratios))),
    },
  };
}

/** The clipped loss, at most -A c where A < 0. */
function dualClippedTerms(tokens: Tokens): PolicyTerms {
  const single = clippedTerms(tokens, tokenRatios(tokens));
  const advantages = tokens.input('advantages');
  const most = ops.neg(ops.mul(advantages, tokens.scalar('dualClip')));
  const isNegative = ops.less(advantages, 0);
  return {
    ...single,
    losses: ops.where(isNegative, ops.min(single.losses, most), single.losses),
    clips: {
      ...single.clips,
      clippedDual: ops.mul(indicator(isNegative), indicator(ops.less(most, single.losses))),
    },
  };
}

/** -sg(clip(r)) A l */
function weightedLogprobTerms(tokens: Tokens): PolicyTerms {
  const [low, high] = [tokens.scalar('ratioMin'), tokens.scalar('ratioMax')];
  const ratios = tokenRatios(tokens);
  const weight = ops.stopGradient(clamp(ratios, low, high));
  return {
    losses: ops.neg(ops.mul(ops.mul(weight, tokens.input('advantages')), tokens.logprobs)),
    ratios,
    clips: { clippedLow: indicator(ops.less(ratios, low)), clippedHigh: indicator(ops.less(high, ratios)) },
  };
}

const CLIP: readonly ScalarInput[] = ['ratioMin', 'ratioMax'];

/** The tensor program of every estimator; `policyLosses` of @residency/algorithms is its definition. */
export const ESTIMATOR_PROGRAMS: { readonly [E in PolicyEstimator]: EstimatorProgram } = {
  ppo: { scalars: CLIP, terms: (tokens) => clippedTerms(tokens, tokenRatios(tokens)) },
  ppo_dual_clip: { scalars: [...CLIP, 'dualClip'], terms: dualClippedTerms },
  gspo: { scalars: CLIP, terms: (tokens) => clippedTerms(tokens, sequenceRatios(tokens)) },
  cispo: { scalars: CLIP, terms: weightedLogprobTerms },
  reinforce: {
    scalars: [],
    terms: (tokens) => ({
      losses: ops.neg(ops.mul(tokens.input('advantages'), tokens.logprobs)),
      ratios: tokenRatios(tokens),
      clips: {},
    }),
  },
};
