import {
  addDims,
  type Dim,
  linear,
  mulDims,
  ops,
  rmsNorm,
  rotate,
  silu,
  type Tensor,
  type Trace,
} from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import {
  EMBEDDING,
  FINAL_NORM,
  HEAD,
  inputNorm,
  keyNorm,
  type Projection,
  postNorm,
  queryNorm,
} from './parameters.js';
import { rotaryFrequencies } from './rope.js';

/** Where a program takes its parameters from: frozen weights, inputs, with or without an adapter. */
export interface Parameters {
  weight(name: string): Tensor;
  /** A projection of rows x [n, in] -> [n, out], bias and adapter included. */
  project(layer: number, projection: Projection, x: Tensor): Tensor;
}

/** Query, key and value of rows, rotated: [n, heads, d], [n, kvHeads, d], [n, kvHeads, d]. */
export interface Qkv {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** cos and sin of the rotary angles of positions f32[n], times the scale of the embedding: [n, d/2] each. */
export function rotaryTable(c: DecoderConfig, positions: Tensor): { cos: Tensor; sin: Tensor } {
  const { frequencies, scale } = rotaryFrequencies(c.rope, c.ropeTheta, c.headDim);
  const row = ops.constant(positions.trace, frequencies, { shape: [1, frequencies.length], dtype: 'f32' });
  const angles = ops.mul(ops.expandDims(positions, -1), row);
  const scaled = (x: Tensor): Tensor => (scale === 1 ? x : ops.mul(x, scale));
  return { cos: scaled(ops.cos(angles)), sin: scaled(ops.sin(angles)) };
}

/** start, start+1, ..., start+count-1 as f32[count]. */
export function positionsFrom(trace: Trace, start: Dim, count: Dim): Tensor {
  const all = ops.iota(trace, addDims(start, count));
  return ops.cast(ops.slice(all, { axis: 0, start, end: addDims(start, count) }), 'f32');
}

export const embed = (p: Parameters, ids: Tensor): Tensor => ops.gather(p.weight(EMBEDDING), ids);

export function queryKeyValue(
  c: DecoderConfig,
  p: Parameters,
  layer: number,
  x: Tensor,
  table: { cos: Tensor; sin: Tensor },
): Qkv {
  const h = rmsNorm(x, p.weight(inputNorm(layer)), c.normEpsilon);
  const rows: Dim = x.shape[0] ?? 0;
  const heads = (projection: Projection, count: number): Tensor =>
    ops.reshape(p.project(layer, projection, h), [rows, count, c.headDim]);
  const normed = (t: Tensor, name: string): Tensor =>
    c.hasQkNorm ? rmsNorm(t, p.weight(name), c.normEpsilon) : t;
  const q = rotate(normed(heads('q_proj', c.heads), queryNorm(layer)), table.cos, table.sin);
  return {
    // Scaling the queries once is cheaper than scaling the scores.
    q: ops.mul(q, 1 / Math.sqrt(c.headDim)),
    k: rotate(normed(heads('k_proj', c.kvHeads), keyNorm(layer)), table.cos, table.sin),
    v: heads('v_proj', c.kvHeads),
  };
}

/** What follows attention in a layer: output projection, residual, and the gated MLP. `mixed` is [n, heads·d]. */
export function finishLayer(
  c: DecoderConfig,
  p: Parameters,
  layer: number,
  x: Tensor,
  mixed: Tensor,
): Tensor {
  const attended = ops.add(x, p.project(layer, 'o_proj', mixed));
  const h = rmsNorm(attended, p.weight(postNorm(layer)), c.normEpsilon);
  const gated = ops.mul(silu(p.project(layer, 'gate_proj', h)), p.project(layer, 'up_proj', h));
  return ops.add(attended, p.project(layer, 'down_proj', gated));
}

/** Final norm and vocabulary projection of rows: [n, D] -> [n, V]. */
export function logitsOf(c: DecoderConfig, p: Parameters, x: Tensor): Tensor {
  const h = rmsNorm(x, p.weight(FINAL_NORM), c.normEpsilon);
  return linear(h, p.weight(c.isTied ? EMBEDDING : HEAD));
}

/** -inf above the diagonal: f32[n, n], added to scores so that a row sees its own and earlier columns. */
export function causalMask(trace: Trace, n: Dim): Tensor {
  const index = ops.iota(trace, n);
  const isLater = ops.less(ops.expandDims(index, -1), ops.expandDims(index, 0));
  const [zero, never] = [0, Number.NEGATIVE_INFINITY].map((v) =>
    ops.constant(trace, [v], { shape: [], dtype: 'f32' }),
  );
  return ops.where(isLater, never ?? 0, zero ?? 0);
}

/**
 * Causal attention of n rows among themselves: query rows q [n, heads, d], keys and values [kvHeads, n, d] -> [n, heads·d].
 * The query heads of a key-value head are folded into its rows, so that keys are not repeated.
 */
export function attendCausally(
  c: DecoderConfig,
  q: Tensor,
  keys: Tensor,
  values: Tensor,
  mask: Tensor,
  n: Dim,
): Tensor {
  const [H, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const rows = mulDims(R, n);
  const folded = ops.reshape(ops.transpose(ops.reshape(q, [n, H, R, d]), [1, 2, 0, 3]), [H, rows, d]);
  const scores = ops.add(ops.reshape(ops.matmul(folded, ops.swapLast(keys)), [H, R, n, n]), mask);
  const mixed = ops.matmul(ops.reshape(ops.softmax(scores), [H, rows, n]), values);
  return ops.reshape(ops.transpose(ops.reshape(mixed, [H, R, n, d]), [2, 0, 1, 3]), [n, H * R * d]);
}
