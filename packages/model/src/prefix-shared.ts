import { addDims, type Dim, mulDims, ops, subDims, type Tensor, type Trace } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import {
  attendCausally,
  causalMask,
  embed,
  finishLayer,
  logitsOf,
  type Parameters,
  positionsFrom,
  type Qkv,
  queryKeyValue,
  rotaryTable,
} from './decoder.js';

/** Sizes of a group: one prefix of P tokens and G suffixes, right-padded to S. */
export interface GroupSizes {
  readonly prefix: Dim;
  readonly suffix: Dim;
  readonly samples: Dim;
}

/**
 * Log-probabilities of the suffix tokens of a group, the prefix computed once (Prefix Grouper, arXiv 2506.05433).
 * Rows are laid out [prefix P | suffix 1 (S) | ... | suffix G (S)]; positions restart at P in every suffix. The row that
 * predicts a suffix's first token is the prefix's last row, shared by all G. Padding follows the tokens, so that causal
 * masks alone keep it from them.
 * @param ids i64[P+G*S]
 * @param inverseTemperature f32[] that multiplies the logits
 * @returns f32[G,S]; entries of padding are meaningless
 */
export function groupLogprobs(
  c: DecoderConfig,
  p: Parameters,
  trace: Trace,
  sizes: GroupSizes,
  ids: Tensor,
  inverseTemperature: Tensor,
): Tensor {
  const { prefix, suffix, samples } = sizes;
  const rows = addDims(prefix, mulDims(samples, suffix));
  const own = positionsFrom(trace, prefix, suffix);
  const repeated = ops.reshape(ops.expand(ops.expandDims(own, 0), [samples, suffix]), [
    mulDims(samples, suffix),
  ]);
  const table = rotaryTable(c, ops.concat([positionsFrom(trace, 0, prefix), repeated], 0));
  const masks = { prefix: causalMask(trace, prefix), suffix: causalMask(trace, suffix) };
  let x = embed(p, ids);
  for (let layer = 0; layer < c.layers; layer++) {
    const qkv = queryKeyValue(c, p, layer, x, table);
    x = finishLayer(c, p, layer, x, attend(c, qkv, sizes, masks));
  }
  const predicting = ops.slice(x, { axis: 0, start: subDims(prefix, 1), end: rows });
  const logprobs = ops.logSoftmax(ops.mul(logitsOf(c, p, predicting), inverseTemperature));
  return pickSuffix(c, logprobs, ids, sizes);
}

/** Log-probabilities [1+G*S, V], predicted by the prefix's last row and the suffix rows, at the suffix ids: [G,S]. */
function pickSuffix(c: DecoderConfig, logprobs: Tensor, ids: Tensor, sizes: GroupSizes): Tensor {
  const { prefix, suffix, samples } = sizes;
  const count = mulDims(samples, suffix);
  const suffixIds = ops.reshape(ops.slice(ids, { axis: 0, start: prefix, end: addDims(prefix, count) }), [
    samples,
    suffix,
  ]);
  const firstIds = ops.slice(suffixIds, { axis: 1, start: 0, end: 1 });
  const sharedRow = ops.reshape(ops.slice(logprobs, { axis: 0, start: 0, end: 1 }), [c.vocab, 1]);
  const first = ops.reshape(ops.gather(sharedRow, firstIds), [samples, 1]);
  // Row s of a suffix predicts token s+1; what the last row predicts is cut off again.
  const next = ops.concat([ops.slice(suffixIds, { axis: 1, start: 1, end: suffix }), firstIds], 1);
  const own = ops.slice(logprobs, { axis: 0, start: 1, end: addDims(count, 1) });
  const picked = ops.reshape(ops.pick(own, ops.reshape(next, [count])), [samples, suffix]);
  return ops.concat([first, ops.slice(picked, { axis: 1, start: 0, end: subDims(suffix, 1) })], 1);
}

/**
 * Attention of a group: prefix on prefix, and suffix on [prefix ; own suffix] as two products joined by one softmax.
 * Key-value heads are the outermost axis, so that the prefix keys serve all G·R query rows of a head in place.
 * @returns [P+G*S, heads·d]
 */
function attend(
  c: DecoderConfig,
  qkv: Qkv,
  sizes: GroupSizes,
  masks: { prefix: Tensor; suffix: Tensor },
): Tensor {
  const { prefix: P, suffix: S, samples: G } = sizes;
  const [H, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const end = addDims(P, mulDims(G, S));
  const prefixRows = (t: Tensor): Tensor => ops.slice(t, { axis: 0, start: 0, end: P });
  const suffixRows = (t: Tensor): Tensor => ops.slice(t, { axis: 0, start: P, end });
  // [n, H, d] -> [H, n, d]
  const heads = (t: Tensor): Tensor => ops.transpose(t, [1, 0, 2]);
  const keys = heads(prefixRows(qkv.k));
  const values = heads(prefixRows(qkv.v));

  const prefixOut = attendCausally(c, prefixRows(qkv.q), keys, values, masks.prefix, P);

  const RS = mulDims(R, S);
  const GRS = mulDims(G, RS);
  const qs = ops.transpose(ops.reshape(suffixRows(qkv.q), [G, S, H, R, d]), [2, 0, 3, 1, 4]);
  const perSuffix = (t: Tensor): Tensor =>
    ops.transpose(ops.reshape(suffixRows(t), [G, S, H, d]), [2, 0, 1, 3]);
  const [ks, vs] = [perSuffix(qkv.k), perSuffix(qkv.v)];
  const onPrefix = ops.reshape(ops.matmul(ops.reshape(qs, [H, GRS, d]), ops.swapLast(keys)), [H, G, R, S, P]);
  const onOwn = ops.reshape(ops.matmul(ops.reshape(qs, [H, G, RS, d]), ops.swapLast(ks)), [H, G, R, S, S]);
  const weights = ops.softmax(ops.concat([onPrefix, ops.add(onOwn, masks.suffix)], 4));
  const toPrefix = ops.reshape(ops.slice(weights, { axis: 4, start: 0, end: P }), [H, GRS, P]);
  const toOwn = ops.reshape(ops.slice(weights, { axis: 4, start: P, end: addDims(P, S) }), [H, G, RS, S]);
  const mixed = ops.add(
    ops.reshape(ops.matmul(toPrefix, values), [H, G, R, S, d]),
    ops.reshape(ops.matmul(toOwn, vs), [H, G, R, S, d]),
  );
  const suffixOut = ops.reshape(ops.transpose(mixed, [1, 3, 0, 2, 4]), [mulDims(G, S), H * R * d]);
  return ops.concat([prefixOut, suffixOut], 0);
}
