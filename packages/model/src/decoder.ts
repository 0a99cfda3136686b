import { addDims, type Dim, linear, ops, type Tensor, type Trace } from '@residency/tensor';
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
  /** Projections of the same rows x, [n, in] -> [n, out] each; bias and adapter included. */
  project(layer: number, projections: readonly Projection[], x: Tensor): readonly Tensor[];
  /** base + the projection of x: a residual connection costs no pass of its own. */
  projectOnto(layer: number, projection: Projection, x: Tensor, base: Tensor): Tensor;
}

/** cos and sin of the rotary angles of rows: [n, d/2] each. */
export interface RotaryTable {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** cos and sin of the rotary angles of positions f32[n], times the scale of the embedding: [n, d/2] each. */
export function rotaryTable(c: DecoderConfig, positions: Tensor): RotaryTable {
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

/** A size as i64[]. */
export function sizeOf(trace: Trace, size: Dim): Tensor {
  const counted = ops.iota(trace, addDims(size, 1));
  return ops.reshape(ops.slice(counted, { axis: 0, start: size, end: addDims(size, 1) }), []);
}

export const embed = (p: Parameters, ids: Tensor): Tensor => ops.gather(p.weight(EMBEDDING), ids);

/** What attention scores are multiplied by: they are divided by sqrt(d). */
export const attentionScale = (c: DecoderConfig): number => 1 / Math.sqrt(c.headDim);

/** What becomes of the heads of a projection. */
interface HeadKind {
  readonly count: 'heads' | 'kvHeads';
  /** Its norm's weight, in families that have one. */
  readonly norm: ((layer: number) => string) | null;
}
const HEADS: Readonly<Record<'q_proj' | 'k_proj' | 'v_proj', HeadKind>> = {
  q_proj: { count: 'heads', norm: queryNorm },
  k_proj: { count: 'kvHeads', norm: keyNorm },
  v_proj: { count: 'kvHeads', norm: null },
};

/** Heads of normed rows h [n, D]: [n, count, d] for each projection, queries and keys normed where the family does, and rotated. */
export function headsOf(
  c: DecoderConfig,
  p: Parameters,
  layer: number,
  projections: readonly (keyof typeof HEADS)[],
  h: Tensor,
  table: RotaryTable,
): readonly Tensor[] {
  const rows: Dim = h.shape[0] ?? 0;
  return p.project(layer, projections, h).map((x, i) => {
    const { count, norm } = HEADS[projections[i] ?? 'v_proj'];
    const heads = ops.reshape(x, [rows, c[count], c.headDim]);
    if (!norm) return heads;
    const normed = c.hasQkNorm ? ops.rmsNorm(heads, p.weight(norm(layer)), c.normEpsilon) : heads;
    return ops.rotary(normed, table.cos, table.sin);
  });
}

export const normBeforeAttention = (c: DecoderConfig, p: Parameters, layer: number, x: Tensor): Tensor =>
  ops.rmsNorm(x, p.weight(inputNorm(layer)), c.normEpsilon);

/** What follows attention in a layer: output projection, residual, and the gated MLP. `mixed` is [n, heads·d]. */
export function finishLayer(
  c: DecoderConfig,
  p: Parameters,
  layer: number,
  x: Tensor,
  mixed: Tensor,
): Tensor {
  const attended = p.projectOnto(layer, 'o_proj', mixed, x);
  const h = ops.rmsNorm(attended, p.weight(postNorm(layer)), c.normEpsilon);
  const [gate, up] = p.project(layer, ['gate_proj', 'up_proj'], h);
  if (!gate || !up) throw new TypeError('internal: two projections give two results');
  return p.projectOnto(layer, 'down_proj', ops.mul(ops.silu(gate), up), attended);
}

/** Final norm and vocabulary projection of rows, multiplied by `scale` f32[] or f32[n,1]: [n, D] -> [n, V]. */
export function logitsOf(c: DecoderConfig, p: Parameters, x: Tensor, scale: Tensor | null = null): Tensor {
  const h = ops.rmsNorm(x, p.weight(FINAL_NORM), c.normEpsilon);
  // Scaling the rows is cheaper than scaling the logits, of which there are V per row.
  return linear(scale ? ops.mul(h, scale) : h, p.weight(c.isTied ? EMBEDDING : HEAD));
}

/** 0 where `isVisible`, else -inf: added to attention scores. */
export function visibilityMask(isVisible: Tensor): Tensor {
  const [zero, never] = [0, Number.NEGATIVE_INFINITY].map((v) =>
    ops.constant(isVisible.trace, [v], { shape: [], dtype: 'f32' }),
  );
  return ops.where(isVisible, zero ?? 0, never ?? 0);
}

/** f32[rows, columns] that hides from row i, which stands at first + i, the columns after its place. */
export function causalMask(trace: Trace, first: Dim, rows: Dim, columns: Dim): Tensor {
  const places = ops.slice(ops.iota(trace, addDims(first, rows)), {
    axis: 0,
    start: first,
    end: addDims(first, rows),
  });
  return visibilityMask(
    ops.not(ops.less(ops.expandDims(places, -1), ops.expandDims(ops.iota(trace, columns), 0))),
  );
}
