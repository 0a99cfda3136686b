import {
  addDims,
  type Dim,
  mulDims,
  ops,
  type Shape,
  type SymbolicDim,
  sym,
  type Tensor,
  type Trace,
  type Tracer,
  takeRows,
} from '@residency/tensor';
import { attend, type KeyPart } from './attention.js';
import type { DecoderConfig } from './config.js';
import { attentionScale, causalMask, visibilityMask } from './decoder.js';
import type { PackedRows } from './forward.js';
import { PREFIX_BLOCKS } from './layout/group-rows.js';

const [N, R, K, Q, S] = ['N', 'R', 'K', 'Q', 'S'].map(sym) as [SymbolicDim, Dim, Dim, Dim, Dim]; // five names
/** Places of a padded prefix. */
const P = mulDims(PREFIX_BLOCKS, Q);

/** Groups of a run. */
export const GROUPS: SymbolicDim = sym('N');
/** Completions of a group. */
export const SAMPLES: Dim = sym('G');
const ROWS: Dim = mulDims(N, R);
/** Rows that predict tokens. */
export const KEPT_ROWS: Dim = mulDims(N, K);

/**
 * Attention of packed groups; layout/group.ts makes the feeds of the inputs that this declares.
 * @param samples completions of a group, where a program knows how many there are
 */
export function groupRows(t: Tracer, c: DecoderConfig, samples: Dim = SAMPLES): PackedRows {
  const order = (name: string, rows: Dim, heads: number, places: Dim): Order => ({
    index: t.input(`${name}Index`, [mulDims(N, mulDims(heads, places))], 'i64'),
    inverse: t.input(`${name}Inverse`, [mulDims(rows, heads)], 'i64'),
    heads,
    rows,
  });
  const own = mulDims(samples, S);
  const query = order('query', ROWS, c.heads, addDims(P, own));
  const key = order('key', ROWS, c.kvHeads, addDims(P, own));
  const lastQuery = order('lastQuery', KEPT_ROWS, c.heads, addDims(2, own));
  const blocks = new Blocks(c, samples, t.input('prefixLengths', [N]));
  return {
    ids: t.input('ids', [ROWS], 'i64'),
    positions: t.input('positions', [ROWS]),
    keepIndex: t.input('keepIndex', [KEPT_ROWS], 'i64'),
    keepInverse: t.input('keepInverse', [ROWS], 'i64'),
    attendAll: (q, k, v) => {
      const [queries, keys] = [toBlocks(q, query), blocks.keys(toBlocks(k, key), toBlocks(v, key))];
      const size = mulDims(mulDims(N, c.heads), Q);
      const prefix = Array.from({ length: PREFIX_BLOCKS }, (_, i) => {
        const rows = ops.slice(queries, { axis: 0, start: mulDims(i, size), end: mulDims(i + 1, size) });
        return blocks.prefixBlock(rows, keys, i);
      });
      return toRows([...prefix, blocks.suffixes(queries, mulDims(PREFIX_BLOCKS, size), keys)], query);
    },
    attendKept: (q, k, v) => {
      const [queries, keys] = [toBlocks(q, lastQuery), blocks.keys(toBlocks(k, key), toBlocks(v, key))];
      const count = mulDims(mulDims(N, c.heads), 2);
      const lastRows = ops.slice(queries, { axis: 0, start: 0, end: count });
      return toRows([blocks.lastRows(lastRows, keys), blocks.suffixes(queries, count, keys)], lastQuery);
    },
  };
}

interface Order {
  readonly index: Tensor;
  readonly inverse: Tensor;
  readonly heads: number;
  readonly rows: Dim;
}

/** Rows [n, heads, d] in the order of blocks, [places, d]. */
function toBlocks(x: Tensor, { index, inverse, heads, rows }: Order): Tensor {
  const flat = ops.reshape(x, [mulDims(rows, heads), x.shape[2] ?? 1]);
  return takeRows(flat, index, inverse);
}

/** Blocks [..., d] back in the order of rows, [n, heads·d]. */
function toRows(blocks: readonly Tensor[], { index, inverse, heads, rows }: Order): Tensor {
  const d = blocks[0]?.shape.at(-1) ?? 1;
  const flat = blocks.map((x) => ops.reshape(x, [x.shape.slice(0, -1).reduce<Dim>(mulDims, 1), d]));
  return ops.reshape(takeRows(ops.concat(flat, 0), inverse, index), [rows, mulDims(heads, d)]);
}

/** Keys and values of prefixes [N, KV, P, d] and of completions [N, KV, G, S, d]. */
interface Keys {
  readonly prefix: { readonly keys: Tensor; readonly values: Tensor };
  readonly own: { readonly keys: Tensor; readonly values: Tensor };
}

class Blocks {
  readonly #c: DecoderConfig;
  readonly #samples: Dim;
  readonly #trace: Trace;
  /** Query heads of one key-value head. */
  readonly #perKey: number;
  /** [N, 1, 1, 1, P]: hides the padding of each prefix. */
  readonly #prefixMask: Tensor;

  constructor(c: DecoderConfig, samples: Dim, prefixLengths: Tensor) {
    const { trace } = prefixLengths;
    this.#c = c;
    this.#samples = samples;
    this.#trace = trace;
    this.#perKey = c.heads / c.kvHeads;
    const places = ops.cast(ops.iota(trace, P), 'f32');
    const isToken = ops.less(ops.expandDims(places, 0), ops.expandDims(prefixLengths, -1));
    this.#prefixMask = ops.reshape(visibilityMask(isToken), [N, 1, 1, 1, P]);
  }

  keys(keys: Tensor, values: Tensor): Keys {
    const { kvHeads, headDim: d } = this.#c;
    const count = mulDims(mulDims(N, kvHeads), P);
    const end = addDims(count, mulDims(mulDims(N, kvHeads), mulDims(this.#samples, S)));
    const prefix = (x: Tensor): Tensor =>
      ops.reshape(ops.slice(x, { axis: 0, start: 0, end: count }), [N, kvHeads, P, d]);
    const own = (x: Tensor): Tensor =>
      ops.reshape(ops.slice(x, { axis: 0, start: count, end }), [N, kvHeads, this.#samples, S, d]);
    return {
      prefix: { keys: prefix(keys), values: prefix(values) },
      own: { keys: own(keys), values: own(values) },
    };
  }

  /** Prefix rows i·Q to (i+1)·Q see the keys before (i+1)·Q: [N, KV, H/KV, Q, d]. */
  prefixBlock(queries: Tensor, { prefix }: Keys, i: number): Tensor {
    const visible = mulDims(i + 1, Q);
    const cut = (x: Tensor): Tensor => ops.slice(x, { axis: 2, start: 0, end: visible });
    const { kvHeads, headDim: d } = this.#c;
    return this.#attend(ops.reshape(queries, [N, kvHeads, this.#perKey, Q, d]), [
      {
        keys: cut(prefix.keys),
        values: cut(prefix.values),
        rows: [N, kvHeads, mulDims(this.#perKey, Q)],
        mask: causalMask(this.#trace, mulDims(i, Q), Q, visible),
      },
    ]);
  }

  /** Two rows per group that see the whole prefix: [N, KV, H/KV, 2, d]. */
  lastRows(queries: Tensor, { prefix }: Keys): Tensor {
    const { kvHeads, headDim: d } = this.#c;
    return this.#attend(ops.reshape(queries, [N, kvHeads, this.#perKey, 2, d]), [
      { ...prefix, rows: [N, kvHeads, 2 * this.#perKey], mask: this.#prefixMask },
    ]);
  }

  /** Completions see the prefix and themselves: queries from `start` on -> [N, KV, G, H/KV, S, d]. */
  suffixes(queries: Tensor, start: Dim, { prefix, own }: Keys): Tensor {
    const { kvHeads, headDim: d } = this.#c;
    const samples = this.#samples;
    const shape: Shape = [N, kvHeads, samples, this.#perKey, S, d];
    const end = addDims(start, shape.slice(0, -1).reduce<Dim>(mulDims, 1));
    const rows = mulDims(this.#perKey, S);
    return this.#attend(ops.reshape(ops.slice(queries, { axis: 0, start, end }), shape), [
      {
        ...prefix,
        rows: [N, kvHeads, mulDims(samples, rows)],
        mask: ops.reshape(this.#prefixMask, [N, 1, 1, 1, 1, P]),
      },
      { ...own, rows: [N, kvHeads, samples, rows], mask: causalMask(this.#trace, 0, S, S) },
    ]);
  }

  #attend(queries: Tensor, parts: readonly KeyPart[]): Tensor {
    return attend(queries, parts, attentionScale(this.#c));
  }
}
