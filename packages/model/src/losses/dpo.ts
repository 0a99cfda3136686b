import {
  type Dim,
  mulDims,
  ops,
  type Shape,
  showDim,
  sumAll,
  sym,
  type Tensor,
  type Tracer,
} from '@residency/tensor';
import { ModelError } from '../errors.js';
import type { BuiltLoss, LossDefinition, TokenContext } from './loss.js';
import { indicator, readTokens } from './token-terms.js';

export interface DpoLossSpec {
  readonly kind: 'dpo';
}

/** Number of pairs, N: a pair is a group of one prompt and two completions. */
export const PAIRS: Dim = sym('N');
/** Sequences of a batch of pairs, 2N: row 2k is chosen and row 2k+1 rejected. */
export const PAIRED_SEQUENCES: Dim = mulDims(2, PAIRS);

/**
 * log(1 + exp(x)), of any size and with the gradient sigmoid(x). At 0 both maxima give their gradient to x, 1
 * and -1/2, which add up to the 1/2 that is right; an untrained policy is exactly there.
 */
const softplus = (x: Tensor): Tensor =>
  ops.add(ops.max(x, 0), ops.log(ops.add(ops.exp(ops.neg(ops.max(x, ops.neg(x)))), 1)));

const column = (x: Tensor, index: number): Tensor => ops.slice(x, { axis: 1, start: index, end: index + 1 });

function build(t: Tracer, context: TokenContext): BuiltLoss {
  const [sequences] = context.shape;
  if (showDim(sequences) !== showDim(PAIRED_SEQUENCES)) {
    throw new ModelError(
      'MODEL_REQUEST',
      `loss dpo: got ${showDim(sequences)} sequences, want ${showDim(PAIRED_SEQUENCES)}, in pairs`,
    );
  }
  const tokens = readTokens(t, context);
  const perPair: Shape = [PAIRS, 1];
  const weights = ops.reshape(t.input('pairWeights', [PAIRS]), perPair);
  const smoothing = tokens.scalar('labelSmoothing');
  const ratios = tokens.sequenceSum(ops.sub(tokens.logprobs, tokens.input('referenceLogprobs')));
  const rewards = ops.mul(ops.reshape(ratios, [PAIRS, 2]), tokens.scalar('dpoBeta'));
  const [chosen, rejected] = [column(rewards, 0), column(rewards, 1)];
  const margin = ops.sub(chosen, rejected);
  const losses = ops.add(
    ops.mul(softplus(ops.neg(margin)), ops.sub(1, smoothing)),
    ops.mul(softplus(margin), smoothing),
  );
  const total = sumAll(ops.mul(losses, weights));
  return {
    total,
    sums: {
      loss: total,
      logprob: tokens.sum(tokens.logprobs),
      accuracy: sumAll(indicator(ops.less(0, margin))),
      margin: sumAll(margin),
      chosenReward: sumAll(chosen),
      rejectedReward: sumAll(rejected),
    },
  };
}

/**
 * Direct preference optimisation over the mask's tokens: sum over pairs of pair weight · ((1 - e)
 * softplus(-m) + e softplus(m)) with m = beta · (chosen log-ratio - rejected log-ratio); `dpoTerms` of
 * @residency/algorithms is the definition. Token weights are not read: each pair has a weight of its own.
 */
export const dpo: LossDefinition<DpoLossSpec> = {
  check: () => {},
  key: () => 'dpo',
  needsEntropy: () => false,
  inputs: () => ({
    tokens: ['referenceLogprobs'],
    pairs: ['pairWeights'],
    scalars: ['dpoBeta', 'labelSmoothing'],
  }),
  build,
};
