import { type Dim, mulDims, ops, sym, type Tensor, type Tracer, takeRows } from '@residency/tensor';
import { attend } from './attention.js';
import type { DecoderConfig } from './config.js';
import { attentionScale, visibilityMask } from './decoder.js';
import type { PackedRows } from './forward.js';

const [N, R, K, J, Q, O, X, Y] = ['N', 'R', 'K', 'J', 'Q', 'O', 'X', 'Y'].map(sym) as [
  ...[Dim, Dim, Dim, Dim],
  ...[Dim, Dim, Dim, Dim],
]; // eight names
const ROWS = mulDims(N, R);
const KEPT = mulDims(N, K);

/**
 * Attention of tries: every unit's own rows ask along the unit's path, whose keys are gathered for it. Layout/trie.ts makes the
 * feeds of the inputs that this declares.
 */
export function trieRows(t: Tracer, c: DecoderConfig): PackedRows {
  const [H, KV, d] = [c.heads, c.kvHeads, c.headDim];
  const keyIndex = t.input('keyIndex', [mulDims(mulDims(J, KV), X)], 'i64');
  const keyPlaces = t.input('keyPlaces', [mulDims(ROWS, KV), Y], 'i64');
  const toPaths = (x: Tensor): Tensor =>
    ops.reshape(gatherAll(ops.reshape(x, [mulDims(ROWS, KV), d]), keyIndex, keyPlaces), [J, KV, X, d]);
  const asking = (name: string, rows: Dim, width: Dim): Asking => {
    const places = t.input(`${name}Places`, [J, width]);
    const path = ops.reshape(ops.cast(ops.iota(t.trace, X), 'f32'), [1, 1, X]);
    const isVisible = ops.not(ops.less(ops.expandDims(places, -1), path));
    return {
      rows,
      width,
      index: t.input(`${name}Index`, [mulDims(mulDims(J, H), width)], 'i64'),
      inverse: t.input(`${name}Inverse`, [mulDims(rows, H)], 'i64'),
      mask: ops.reshape(visibilityMask(isVisible), [J, 1, 1, width, X]),
    };
  };
  const all = asking('query', ROWS, Q);
  const kept = asking('lastQuery', KEPT, O);
  const attendWith = (
    q: Tensor,
    k: Tensor,
    v: Tensor,
    { rows, width, index, inverse, mask }: Asking,
  ): Tensor => {
    const perKey = H / KV;
    const blocks = takeRows(ops.reshape(q, [mulDims(rows, H), d]), index, inverse);
    const queries = ops.reshape(blocks, [J, KV, perKey, width, d]);
    const part = { keys: toPaths(k), values: toPaths(v), rows: [J, KV, mulDims(perKey, width)], mask };
    const mixed = attend(queries, [part], attentionScale(c));
    const flat = ops.reshape(mixed, [mulDims(mulDims(J, H), width), d]);
    return ops.reshape(takeRows(flat, inverse, index), [rows, H * d]);
  };
  return {
    ids: t.input('ids', [ROWS], 'i64'),
    positions: t.input('positions', [ROWS]),
    keepIndex: t.input('keepIndex', [KEPT], 'i64'),
    keepInverse: t.input('keepInverse', [ROWS], 'i64'),
    attendAll: (q, k, v) => attendWith(q, k, v, all),
    attendKept: (q, k, v) => attendWith(q, k, v, kept),
  };
}

/** Which rows ask, and what each of them sees. */
interface Asking {
  readonly rows: Dim;
  readonly width: Dim;
  readonly index: Tensor;
  readonly inverse: Tensor;
  readonly mask: Tensor;
}

/**
 * Rows of x [m, d] at index i64[n], where a row may be named by several places: its derivative sums over `places` i64[m, k] in
 * their order, of which those that stand for none name a place whose cotangent is zero.
 */
function gatherAll(x: Tensor, index: Tensor, places: Tensor): Tensor {
  return ops.define('gatherAll', ops.gather(x, index), [x], (ct) => [
    ops.reshape(ops.reduceSum(ops.gather(ct, places), [1]), x.shape),
  ]);
}
