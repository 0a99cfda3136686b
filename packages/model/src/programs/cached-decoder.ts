import { type Dim, mulDims, ops, type Shape, subDims, sym, type Tensor } from '@residency/tensor';
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
  type RotaryTable,
  rotaryTable,
} from '../decoder.js';

/** Prompt tokens. */
export const P: Dim = sym('P');
/** Prompts, where there are several. */
export const N: Dim = sym('N');
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

/**
 * Computes prompts i64[N, P], padded behind their ends, each once for all its samples: keys [KV, N, d, P] and values [KV, N, P, d]
 * by layer, and what the last tokens predict, [N, V].
 * @param lastRows i64[N]: places of the last tokens among the N * P rows
 */
export function prefillMany(c: DecoderConfig, p: Parameters, promptIds: Tensor, lastRows: Tensor): Prompt {
  const { trace: t } = promptIds;
  const [KV, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const [rows, batch] = [mulDims(N, P), mulDims(KV, N)];
  // The places of every prompt, one behind the other.
  const places = ops.expand(ops.expandDims(positionsFrom(t, 0, P), 0), [N, P]);
  const table = rotaryTable(c, ops.reshape(places, [rows]));
  const mask = causalMask(t, 0, P, P);
  const cache: Tensor[] = [];
  let x = embed(p, ops.reshape(promptIds, [rows]));
  for (let layer = 0; layer < c.layers; layer++) {
    const h = normBeforeAttention(c, p, layer, x);
    const [q, k, v] = headsOf(c, p, layer, ['q_proj', 'k_proj', 'v_proj'], h, table);
    if (!q || !k || !v) throw new TypeError('internal: three projections give three results');
    const ofPrompts = (y: Tensor): Tensor => ops.reshape(y, [N, P, KV, d]);
    const [turned, values] = [
      ops.transpose(ofPrompts(k), [2, 0, 3, 1]),
      ops.transpose(ofPrompts(v), [2, 0, 1, 3]),
    ];
    cache.push(turned, values);
    const queries = ops.transpose(ops.reshape(q, [N, P, KV, R, d]), [2, 0, 3, 1, 4]);
    const part = {
      keys: ops.swapLast(ops.reshape(turned, [batch, d, P])),
      values: ops.reshape(values, [batch, P, d]),
      rows: [batch, mulDims(R, P)],
      mask,
    };
    const mixed = attend(ops.reshape(queries, [batch, R, P, d]), [part], attentionScale(c));
    const turnedBack = ops.transpose(ops.reshape(mixed, [KV, N, R, P, d]), [1, 3, 0, 2, 4]);
    const flat = ops.reshape(turnedBack, [rows, KV * R * d]);
    // Of the last layer only the last tokens are needed.
    const isLast = layer === c.layers - 1;
    const kept = (y: Tensor): Tensor => (isLast ? ops.gather(y, lastRows) : y);
    x = finishLayer(c, p, layer, kept(x), kept(flat));
  }
  return { cache, logits: logitsOf(c, p, x) };
}

/** What the rows of a batch began with, as their tokens read it. */
export interface Beginning {
  /** By layer: [KV, d, P] and [KV, P, d] of one prompt for all rows, or [KV, B, d, P] and [KV, B, P, d] of each its own. */
  readonly cache: readonly Tensor[];
  /** How it sees the query rows [KV, B, R]. */
  readonly rows: Shape;
  /** Hides from a row what lies behind its prompt's end; null where nothing does. */
  readonly mask: Tensor | null;
  /** Angles of the rows' next tokens, of which the latest is number `place` f32[] of its row. */
  angles(place: Tensor): RotaryTable;
}

/** One prompt, of so many tokens f32[], that all rows share. */
export function sharedBeginning(c: DecoderConfig, prompt: Prompt, length: Tensor): Beginning {
  return {
    cache: prompt.cache,
    rows: [c.kvHeads, mulDims(B, c.heads / c.kvHeads)],
    mask: null,
    // One row, repeated: the sine of a vector's last elements is another function of theirs than of its first.
    angles: (place) => rotaryTable(c, ops.reshape(ops.add(ops.sub(length, 1), place), [1])),
  };
}

/** The prompt i64[B] of each row; lengths f32[N], and a mask f32[N, P] that is -inf behind a prompt's end. */
export function ownBeginnings(
  c: DecoderConfig,
  prompts: Prompt,
  owners: Tensor,
  { lengths, mask }: { readonly lengths: Tensor; readonly mask: Tensor },
): Beginning {
  const before = ops.sub(ops.gather(lengths, owners), 1);
  return {
    cache: prompts.cache.map((x) => ops.gather(x, owners, 1)),
    rows: [c.kvHeads, B, c.heads / c.kvHeads],
    mask: ops.expandDims(ops.gather(mask, owners), 1),
    angles: (place) => rotaryTable(c, ops.add(before, place)),
  };
}

/** One token i64[B] of every row, number `place` f32[] of its own: attends to [prompt ; own tokens]. */
export function step(
  c: DecoderConfig,
  p: Parameters,
  token: Tensor,
  place: Tensor,
  beginning: Beginning,
  cache: readonly Tensor[],
): { logits: Tensor; cache: Tensor[] } {
  const [KV, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const angles = beginning.angles(place);
  const zeros = ops.mul(ops.expandDims(ops.cast(token, 'f32'), -1), 0);
  const table = { cos: ops.add(zeros, angles.cos), sin: ops.add(zeros, angles.sin) };
  const grown: Tensor[] = [];
  let x = embed(p, token);
  for (let layer = 0; layer < c.layers; layer++) {
    const h = normBeforeAttention(c, p, layer, x);
    const [q, k, v] = headsOf(c, p, layer, ['q_proj', 'k_proj', 'v_proj'], h, table);
    const [pastKeys, pastValues] = cache.slice(2 * layer, 2 * layer + 2);
    const [turned, values] = beginning.cache.slice(2 * layer, 2 * layer + 2);
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
        { keys: ops.swapLast(turned), values, rows: beginning.rows, mask: beginning.mask },
        { keys: ownKeys, values: ownValues, rows: [KV, B, R], mask: null },
      ],
      attentionScale(c),
    );
    x = finishLayer(c, p, layer, x, ops.reshape(ops.transpose(mixed, [1, 0, 2, 3]), [B, KV * R * d]));
  }
  return { logits: logitsOf(c, p, x), cache: grown };
}
