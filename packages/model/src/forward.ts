import { ops, type Tensor, takeRows } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import { embed, finishLayer, headsOf, normBeforeAttention, type Parameters, rotaryTable } from './decoder.js';

/** Rows of a packed run and where attention finds them. T rows in all, of which the last layer keeps U. */
export interface PackedRows {
  /** i64[T] */
  readonly ids: Tensor;
  /** Places within the sequences, f32[T]. */
  readonly positions: Tensor;
  /** i64[U]: the rows that predict tokens; and its inverse i64[T] (see takeRows). */
  readonly keepIndex: Tensor;
  readonly keepInverse: Tensor;
  /** Attention of all rows: q [T,H,d], k and v [T,KV,d] -> [T,H·d]. */
  attendAll(q: Tensor, k: Tensor, v: Tensor): Tensor;
  /** Attention of the kept rows to all: q [U,H,d] -> [U,H·d]. */
  attendKept(q: Tensor, k: Tensor, v: Tensor): Tensor;
}

/** Applies a layer, rows [T,D] -> [T,D]. */
export type WrapLayer = (layer: number, x: Tensor, fn: (x: Tensor) => Tensor) => Tensor;

/**
 * Hidden states of the rows that predict tokens, [U, D]. The last layer computes keys and values of all rows and everything
 * else of the kept ones alone: no token is computed further than something needs it.
 * @param wrap computes one layer but the last; the place for recomputation
 */
export function hiddenStates(
  c: DecoderConfig,
  p: Parameters,
  rows: PackedRows,
  wrap: WrapLayer = (_, x, fn) => fn(x),
): Tensor {
  const table = rotaryTable(c, rows.positions);
  let x = embed(p, rows.ids);
  const last = c.layers - 1;
  for (let layer = 0; layer < last; layer++) {
    x = wrap(layer, x, (given) => {
      const h = normBeforeAttention(c, p, layer, given);
      const [q, k, v] = headsOf(c, p, layer, ['q_proj', 'k_proj', 'v_proj'], h, table);
      if (!q || !k || !v) throw new TypeError('internal: three projections give three results');
      return finishLayer(c, p, layer, given, rows.attendAll(q, k, v));
    });
  }
  const [k, v] = headsOf(c, p, last, ['k_proj', 'v_proj'], normBeforeAttention(c, p, last, x), table);
  const kept = takeRows(x, rows.keepIndex, rows.keepInverse);
  const keptTable = {
    cos: ops.gather(table.cos, rows.keepIndex),
    sin: ops.gather(table.sin, rows.keepIndex),
  };
  const [q] = headsOf(c, p, last, ['q_proj'], normBeforeAttention(c, p, last, kept), keptTable);
  if (!q || !k || !v) throw new TypeError('internal: projections give results');
  return finishLayer(c, p, last, kept, rows.attendKept(q, k, v));
}
