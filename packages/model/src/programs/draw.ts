import { type Dim, ops, subDims, type Tensor } from '@residency/tensor';

/** How each row of a batch draws its next token; all f32[A]. */
export interface DrawSettings {
  readonly inverseTemperature: Tensor;
  /** 1 takes the most likely token. */
  readonly isGreedy: Tensor;
}

/** Limits of the sampled distribution; all f32[A]. */
export interface DrawFilters {
  /** Most likely tokens that may be drawn. */
  readonly topK: Tensor;
  /** Smallest share of the probability that the drawn-from tokens hold. */
  readonly topP: Tensor;
  /** Smallest probability that may be drawn, as a share of the largest. */
  readonly minP: Tensor;
  /** Candidates that are looked at, V or the largest topK. */
  readonly candidates: Dim;
}

export interface Drawn {
  /** i64[A] */
  readonly token: Tensor;
  /** Log-probability of each token in the distribution it was drawn from, f32[A]; of the tempered one for greedy rows. */
  readonly logprob: Tensor;
}

/**
 * Draws a token for each row of logits [A, V] by inverse CDF of uniforms u f32[A]: the first token whose cumulative
 * probability exceeds u times the total. Without filters candidates stand in the order of their ids; with filters in falling
 * order of probability, and temperature, top-k, top-p and min-p apply in this order, each to what the one before left.
 */
export function draw(logits: Tensor, u: Tensor, settings: DrawSettings, filters: DrawFilters | null): Drawn {
  const tempered = ops.mul(logits, ops.expandDims(settings.inverseTemperature, -1));
  const isGreedy = ops.less(0, settings.isGreedy);
  if (!filters) {
    const token = ops.where(isGreedy, ops.argMax(logits), firstBeyond(ops.softmax(tempered), u));
    return { token, logprob: ops.pick(ops.logSoftmax(tempered), token) };
  }
  const order = ops.topK(tempered, filters.candidates);
  const kept = filtered(ops.takeAlong(tempered, order), filters);
  const rank = ops.where(isGreedy, 0, firstBeyond(ops.softmax(kept), u));
  const token = ops.pick(order, rank);
  const ofGreedy = ops.pick(ops.logSoftmax(tempered), token);
  return { token, logprob: ops.where(isGreedy, ofGreedy, ops.pick(ops.logSoftmax(kept), rank)) };
}

/** Values of candidates in falling order, [A, F], -inf where a filter leaves one out; never the first. */
function filtered(values: Tensor, { topK, topP, minP, candidates }: DrawFilters): Tensor {
  const column = (t: Tensor): Tensor => ops.expandDims(t, -1);
  const rank = ops.expandDims(ops.cast(ops.iota(values.trace, candidates), 'f32'), 0);
  const isAmongTop = ops.less(rank, column(topK));
  const never = ops.constant(values.trace, [Number.NEGATIVE_INFINITY], { shape: [], dtype: 'f32' });
  const p = ops.softmax(ops.where(isAmongTop, values, never));
  const before = ops.sub(ops.cumSum(p), p);
  const isBeyondShare = ops.not(ops.less(before, column(topP)));
  const largest = ops.slice(p, { axis: 1, start: 0, end: 1 });
  const isTooSmall = ops.less(p, ops.mul(largest, column(minP)));
  const isLeftOut = ops.or(ops.not(isAmongTop), ops.or(isBeyondShare, isTooSmall));
  return ops.where(ops.or(ops.less(rank, 1), ops.not(isLeftOut)), values, never);
}

/** Just below 1 in f32: u times a total may round up to the total, which no running sum exceeds. */
const BELOW_ONE = 1 - 2 ** -23;

/** The first place of each row whose running sum exceeds u times the row's total: p [A, F], u [A] -> i64[A]. */
function firstBeyond(p: Tensor, u: Tensor): Tensor {
  const count = p.shape[1] ?? 1;
  const sums = ops.cumSum(p);
  const total = ops.slice(sums, { axis: 1, start: lastOf(count), end: count });
  const target = ops.mul(ops.min(ops.expandDims(u, -1), BELOW_ONE), total);
  return ops.argMax(ops.cast(ops.less(target, sums), 'f32'));
}

const lastOf = (count: Dim): Dim => subDims(count, 1);
