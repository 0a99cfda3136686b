import type { ImportanceLevel } from '@residency/algorithms';
import { ops, type Tensor } from '@residency/tensor';
import { boundLogRatio, indicator, type Tokens } from './token-terms.js';

const LOG_RATIOS: { readonly [L in ImportanceLevel]: (tokens: Tokens, differences: Tensor) => Tensor } = {
  token: (_, differences) => differences,
  sequence: (tokens, differences) => tokens.sequenceSum(differences),
};

export interface ImportanceTerms {
  /** f32[B,S], or f32[B,1] for whole sequences. */
  readonly weights: Tensor;
  /** 1 where the cap cut the weight; likewise. */
  readonly truncated: Tensor;
}

/**
 * Truncated importance weights; `importanceWeights` of @residency/algorithms is the definition. Made of
 * inputs: no gradient.
 */
export function importanceTerms(level: ImportanceLevel, tokens: Tokens): ImportanceTerms {
  const differences = ops.sub(tokens.input('oldLogprobs'), tokens.input('samplerLogprobs'));
  const ratios = ops.exp(boundLogRatio(LOG_RATIOS[level](tokens, differences)));
  const cap = tokens.scalar('importanceCap');
  return { weights: ops.min(ratios, cap), truncated: indicator(ops.less(cap, ratios)) };
}
