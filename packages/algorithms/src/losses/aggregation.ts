import { AlgorithmError } from '../errors.js';

/**
 * How token losses become the loss of a step. A token of sequence b, of B sequences with N tokens that carry
 * loss in all and n_b in b, weighs:
 * - `token-mean`: 1 / N (DAPO, arXiv 2503.14476)
 * - `seq-mean-token-sum`: 1 / B
 * - `seq-mean-token-mean`: 1 / (B n_b) (GRPO, arXiv 2402.03300; GSPO, arXiv 2507.18071)
 * - `fixed-length`: 1 / (B L), L a constant such as the longest completion allowed (Dr. GRPO, arXiv
 *   2503.20783)
 */
export type Aggregation = 'token-mean' | 'seq-mean-token-sum' | 'seq-mean-token-mean' | 'fixed-length';

export interface AggregationRequest {
  readonly aggregation: Aggregation;
  /** Tokens that carry loss in every sequence of the step. Empty sequences count among the B. */
  readonly lengths: readonly number[];
  /** L of `fixed-length`, in tokens; others do not read it. */
  readonly fixedLength?: number;
}

interface Step {
  readonly sequences: number;
  readonly tokens: number;
  readonly fixedLength: number;
}

/** Weight of each token of a sequence of a given length, by aggregation. */
const WEIGHTS: { readonly [A in Aggregation]: (length: number, step: Step) => number } = {
  'token-mean': (_, { tokens }) => 1 / tokens,
  'seq-mean-token-sum': (_, { sequences }) => 1 / sequences,
  'seq-mean-token-mean': (length, { sequences }) => 1 / (sequences * length),
  'fixed-length': (_, { sequences, fixedLength }) => 1 / (sequences * fixedLength),
};

/** The names, for those who read them from outside: the keys of a total table. */
export const AGGREGATIONS: readonly Aggregation[] = Object.keys(WEIGHTS) as Aggregation[];

/**
 * Weight of every token of each sequence, [B], for a whole step: the step's loss is the sum over its tokens
 * of weight times token loss, however the step is cut into micro-batches. A sequence without tokens gets 0.
 * The reference trainer takes token means per micro-batch and leaves 1 / B out of its fixed-length sum (GiGPO
 * specification 1.4); here a loss does not depend on the cut.
 * @throws AlgorithmError ALGORITHM_SHAPE for a length that is no count, ALGORITHM_MASK_EMPTY where no
 * sequence has a token, ALGORITHM_LOSS_OPTION for an unknown aggregation or a fixed length that is not
 * positive
 */
export function tokenWeights(request: AggregationRequest): number[] {
  const { aggregation, lengths, fixedLength = Number.NaN } = request;
  if (!Object.hasOwn(WEIGHTS, aggregation)) {
    throw new AlgorithmError(
      'ALGORITHM_LOSS_OPTION',
      `aggregation is '${String(aggregation)}', want one of: ${AGGREGATIONS.join(', ')}`,
    );
  }
  if (aggregation === 'fixed-length' && !(Number.isFinite(fixedLength) && fixedLength > 0)) {
    throw new AlgorithmError(
      'ALGORITHM_LOSS_OPTION',
      `fixedLength is ${request.fixedLength}, want a finite number above 0`,
    );
  }
  for (const [index, length] of lengths.entries()) {
    if (Number.isInteger(length) && length >= 0) continue;
    throw new AlgorithmError('ALGORITHM_SHAPE', `lengths[${index}] is ${length}, want a number of tokens`);
  }
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  if (tokens === 0) {
    throw new AlgorithmError('ALGORITHM_MASK_EMPTY', 'lengths: no token carries loss, want one');
  }
  const step = { sequences: lengths.length, tokens, fixedLength };
  return lengths.map((length) => (length === 0 ? 0 : WEIGHTS[aggregation](length, step)));
}
