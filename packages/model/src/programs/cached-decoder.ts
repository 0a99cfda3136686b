import { type Dim, mulDims, ops, subDims, sym, type Tensor } from '@residency/tensor';
import { attend } from '../attention.js';
import type { DecoderConfig } from '../config.js';
import {
  attentionScale,
  causalMask,
  embed,
  finishLayer,
  headsOf,
  logitsOf,
  normBeforeAttention,
  type Parameters,
  positionsFrom,
  rotaryTable,
} from '../decoder.js';

/** Prompt tokens. */
export const P: Dim = sym('P');
/** Rows of a batch, known on the device only. */
export const B: Dim = sym('B');

/** Keys [KV, d, P] and values [KV, P, d] of the prompt by layer, and what its last token predicts, [1, V]. */
export interface Prompt {
  readonly cache: readonly Tensor[];
  readonly logits: Tensor;
}

/** Computes a prompt once, for all its samples. */
export function prefill(c: DecoderConfig, p: Parameters, promptIds: Tensor): Prompt {
  const { trace: t } = promptIds;
  const [KV, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const table = rotaryTable(c, positionsFrom(t, 0, P));
  const cache: Tensor[] = [];
  let x = embed(p, promptIds);
  for (let layer = 0; layer < c.layers; layer++) {
    const h = normBeforeAttention(c, p, layer, x);
    const isLast = layer === c.layers - 1;
    const [k, v] = headsOf(c, p, layer, ['k_proj', 'v_proj'], h, table);
    if (!k || !v) throw new TypeError('internal: two projections give two results');
    // Every token reads the prompt's keys: they lie as its products want them, [KV, d, P].
    const [turned, values] = [ops.transpose(k, [1, 2, 0]), ops.transpose(v, [1, 0, 2])];
    cache.push(turned, values);
    // Of the last layer only the last token is needed.
    const rows: Dim = isLast ? 1 : P;
    const start = subDims(P, rows);
    const tail = (y: Tensor): Tensor => ops.slice(y, { axis: 0, start, end: P });
    const own = { cos: tail(table.cos), sin: tail(table.sin) };
    const [q] = headsOf(c, p, layer, ['q_proj'], tail(h), own);
    if (!q) throw new TypeError('internal: one projection gives one result');
    const queries = ops.transpose(ops.reshape(q, [rows, KV, R, d]), [1, 2, 0, 3]);
    const mask = causalMask(t, start, rows, P);
    const part = { keys: ops.swapLast(turned), values, rows: [KV, mulDims(R, rows)], mask };
    const mixed = attend(queries, [part], attentionScale(c));
    x = finishLayer(
      c,
      p,
      layer,
      tail(x),
      ops.reshape(ops.transpose(mixed, [2, 0, 1, 3]), [rows, KV * R * d]),
    );
  }
  return { cache, logits: logitsOf(c, p, x) };
}

/** One token i64[B] of every row, all at one position f32[]: attends to [prompt ; own tokens]. */
export function step(
  c: DecoderConfig,
  p: Parameters,
  token: Tensor,
  position: Tensor,
  prompt: Prompt,
  cache: readonly Tensor[],
): { logits: Tensor; cache: Tensor[] } {
  const [KV, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  // One row, repeated: the sine of a vector's last elements is another function of theirs than of its first.
  const one = rotaryTable(c, ops.reshape(position, [1]));
  const zeros = ops.mul(ops.expandDims(ops.cast(token, 'f32'), -1), 0);
  const table = { cos: ops.add(zeros, one.cos), sin: ops.add(zeros, one.sin) };
  const grown: Tensor[] = [];
  let x = embed(p, token);
  for (let layer = 0; layer < c.layers; layer++) {
    const h = normBeforeAttention(c, p, layer, x);
    const [q, k, v] = headsOf(c, p, layer, ['q_proj', 'k_proj', 'v_proj'], h, table);
    const [pastKeys, pastValues] = cache.slice(2 * layer, 2 * layer + 2);
    const [turned, values] = prompt.cache.slice(2 * layer, 2 * layer + 2);
    if (!q || !k || !v || !pastKeys || !pastValues || !turned || !values)
      throw new TypeError('internal: a layer has projections and a cache');
    // [A, KV, d] -> [KV, A, 1, d]
    const asColumn = (y: Tensor): Tensor => ops.expandDims(ops.transpose(y, [1, 0, 2]), 2);
    const ownKeys = ops.concat([pastKeys, asColumn(k)], 2);
    const ownValues = ops.concat([pastValues, asColumn(v)], 2);
    grown.push(ownKeys, ownValues);
    const query = ops.transpose(ops.reshape(q, [B, KV, R, d]), [1, 0, 2, 3]);
    const mixed = attend(
      query,
      [
        { keys: ops.swapLast(turned), values, rows: [KV, mulDims(B, R)], mask: null },
        { keys: ownKeys, values: ownValues, rows: [KV, B, R], mask: null },
      ],
      attentionScale(c),
    );
    x = finishLayer(c, p, layer, x, ops.reshape(ops.transpose(mixed, [1, 0, 2, 3]), [B, KV * R * d]));
  }
  return { logits: logitsOf(c, p, x), cache: grown };
}
