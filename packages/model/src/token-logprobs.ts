import { type Dim, mulDims, ops, sumLast, sumListed, sym, type Tensor, type Tracer } from '@residency/tensor';

/** Predicted tokens of the longest sequence. */
export const LENGTH: Dim = sym('L');
/** Distinct pairs of row and id; tokens of one pair; pairs of one row. */
const PAIRS = sym('E');
const PER_PAIR = sym('M');
const PER_ROW = sym('W');

/** Which value of the logits is which token's; see layout/tokens.ts. */
export interface TokenInputs {
  /** i64[E]: row·V + id of each distinct pair. */
  readonly pairIndex: Tensor;
  /** i64[E]: the row of each pair. */
  readonly pairRow: Tensor;
  /** i64[U,W]: the pairs of each row; E stands for none. */
  readonly rowPairs: Tensor;
  /** i64[B·L]: the pair of each token; E on padding, whose log-probability is 0. */
  readonly tokenPair: Tensor;
  /** i64[E,M]: the tokens of each pair; B·L stands for none. */
  readonly pairTokens: Tensor;
}

export const tokenInputs = (t: Tracer, keptRows: Dim, sequences: Dim): TokenInputs => ({
  pairIndex: t.input('pairIndex', [PAIRS], 'i64'),
  pairRow: t.input('pairRow', [PAIRS], 'i64'),
  rowPairs: t.input('rowPairs', [keptRows, PER_ROW], 'i64'),
  tokenPair: t.input('tokenPair', [mulDims(sequences, LENGTH)], 'i64'),
  pairTokens: t.input('pairTokens', [PAIRS, PER_PAIR], 'i64'),
});

export interface TokenValues {
  /** f32[B,L] */
  readonly logprobs: Tensor;
  /** Entropy of the distribution that each token was drawn from, in nats: f32[B,L]; null unless asked for. */
  readonly entropy: Tensor | null;
}

/**
 * Log-probabilities of tokens from logits [U, V]. Several tokens may read one row (the first tokens of a group) and even one
 * value (equal first tokens), so distinct pairs of row and id are read once, and gradients of equal pairs are summed in the
 * order of their tokens before one write each: no scatter with duplicates, whose order a GPU does not fix.
 */
export function tokenLogprobs(
  logits: Tensor,
  inputs: TokenInputs,
  sequences: Dim,
  wantsEntropy: boolean,
): TokenValues {
  const logprobs = ops.logSoftmax(logits);
  const pairs = readPairs(logits, logprobs, inputs);
  const shape = [sequences, LENGTH];
  return {
    logprobs: ops.reshape(pairsToTokens(pairs, inputs), shape),
    entropy: wantsEntropy ? ops.reshape(entropies(logprobs, inputs), shape) : null,
  };
}

/** [E]; d logits = scattered ct - softmax · (sum of the row's ct). */
function readPairs(logits: Tensor, logprobs: Tensor, { pairIndex, rowPairs }: TokenInputs): Tensor {
  const flat = [productOf(logits)];
  const value = ops.gather(ops.reshape(logprobs, flat), pairIndex);
  return ops.define('readPairs', value, [logits], (ct) => {
    const perRow = ops.expandDims(sumListed(ct, rowPairs), -1);
    const spread = ops.reshape(ops.mul(ops.exp(logprobs), ops.neg(perRow)), flat);
    const own = ops.add(ops.gather(spread, pairIndex), ct);
    return [ops.reshape(ops.put(spread, pairIndex, own), logits.shape)];
  });
}

const productOf = (x: Tensor): Dim => x.shape.reduce<Dim>(mulDims, 1);

/** [E] -> [B·L], 0 on padding. */
function pairsToTokens(pairs: Tensor, { tokenPair, pairTokens }: TokenInputs): Tensor {
  const zero = ops.constant(pairs.trace, [0], { shape: [1], dtype: 'f32' });
  const value = ops.gather(ops.concat([pairs, zero], 0), tokenPair);
  return ops.define('pairsToTokens', value, [pairs], (ct) => [sumListed(ct, pairTokens)]);
}

/** Entropy of each token's row, [B·L]; 0 on padding. */
function entropies(logprobs: Tensor, inputs: TokenInputs): Tensor {
  const ofRows = ops.neg(sumLast(ops.mul(ops.exp(logprobs), logprobs)));
  const value = ops.gather(ofRows, inputs.pairRow);
  const pairs = ops.define('entropies', value, [ofRows], (ct) => [sumListed(ct, inputs.rowPairs)]);
  return pairsToTokens(pairs, inputs);
}
