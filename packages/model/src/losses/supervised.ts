import { ops } from '@residency/tensor';
import type { LossDefinition } from './loss.js';
import { readTokens } from './token-terms.js';

export interface SupervisedLossSpec {
  readonly kind: 'supervised';
}

/**
 * Negative log-likelihood, minus the sum over tokens of weight · logprob; `negativeLogLikelihood` is the
 * definition.
 */
export const supervised: LossDefinition<SupervisedLossSpec> = {
  check: () => {},
  key: () => 'supervised',
  needsEntropy: () => false,
  inputs: () => ({ tokens: [], pairs: [], scalars: [] }),
  build: (t, context) => {
    const tokens = readTokens(t, context);
    const nll = ops.neg(tokens.weighted(tokens.logprobs));
    return { total: nll, sums: { loss: nll, nll, logprob: tokens.sum(tokens.logprobs) } };
  },
};
