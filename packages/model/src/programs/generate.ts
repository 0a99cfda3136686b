import {
  type Dim,
  loop,
  mulDims,
  ops,
  type Program,
  subDims,
  sumLast,
  sym,
  type Tensor,
  type Tracer,
  trace,
} from '@residency/tensor';
import { attend } from '../attention.js';
import { bindParameters, type Trainable } from '../binding.js';
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
  sizeOf,
} from '../decoder.js';
import { type DrawFilters, draw } from './draw.js';

/** Prompt tokens, samples, most new tokens, stop sequences and the longest of them, candidates of filters. */
const [P, G, M, K, W, F] = ['P', 'G', 'M', 'K', 'W', 'F'].map(sym) as [Dim, Dim, Dim, Dim, Dim, Dim]; // six names
/** Known on the device only: tokens generated so far, rows of the batch, and what compaction leaves of them. */
const [T, A, B] = ['T', 'A', 'B'].map(sym) as [Dim, Dim, Dim]; // three names

/** A batch never has fewer rows: the product with a single row is another kernel, which rounds otherwise. */
export const LEAST_ROWS = 2;
/** The batch is made smaller once this share of it has finished. */
const COMPACTION_SHARE = 1 / 4;

export interface GenerateOptions {
  /** Whether top-k, top-p and min-p are inputs; without them sampling needs no sorting. */
  readonly isFiltered: boolean;
}

/** What the rows of a batch carry from token to token. */
interface Batch {
  /** [A, V]: what the tokens so far predict. */
  readonly logits: Tensor;
  /** bool[A] */
  readonly isDone: Tensor;
  /** f32[A, W]: the latest tokens, -1 before the first. */
  readonly recent: Tensor;
  /** Keys and values of the own tokens by layer, [KV, A, T, d] each. */
  readonly cache: readonly Tensor[];
}

const toList = (b: Batch): Tensor[] => [b.logits, b.isDone, b.recent, ...b.cache];
function toBatch([logits, isDone, recent, ...cache]: readonly Tensor[]): Batch {
  if (!logits || !isDone || !recent)
    throw new TypeError('internal: a batch carries logits, flags and tokens');
  return { logits, isDone, recent, cache };
}

/**
 * Samples G >= 2 completions of one prompt: one prefill, then a loop on the device. Rows that finish leave the batch once they
 * are a quarter of it. A row's result does not depend on the rows around it.
 *
 * Inputs: promptIds i64[P]; uniforms f32[M,G], one draw per token and sample; inverseTemperatures, isGreedy (1 takes the most
 * likely token) and limits (most new tokens) f32[G]; stops f32[K,W], stop sequences aligned right, -1 before them; with
 * filters topK, topP and minP f32[G]; the adapter's tensors.
 * Outputs over the T <= M tokens of the longest sample: ids i64[T,G], logprobs and modelLogprobs f32[T,G], which are those of the
 * sampled distribution and of the model at temperature 1; 0 behind a sample's last token.
 */
export function generateProgram(c: DecoderConfig, trainable: Trainable, options: GenerateOptions): Program {
  return trace('generate', (t) => {
    const inputs = declareInputs(t, options);
    const p = bindParameters(t, c, trainable, true);
    const prompt = prefill(c, p, t.input('promptIds', [P], 'i64'));
    return generate(c, p, inputs, prompt);
  });
}

interface GenerateInputs {
  readonly uniforms: Tensor;
  readonly stops: Tensor;
  /** Settings of each sample, f32[G]. */
  readonly ofSample: Readonly<Record<'inverseTemperatures' | 'isGreedy' | 'limits', Tensor>>;
  readonly filters: Readonly<Record<'topK' | 'topP' | 'minP', Tensor>> | null;
}

function declareInputs(t: Tracer, { isFiltered }: GenerateOptions): GenerateInputs {
  const ofSample = (name: string): Tensor => t.input(name, [G]);
  // Its size is what says how many candidates are looked at.
  if (isFiltered) t.input('candidates', [F]);
  return {
    uniforms: t.input('uniforms', [M, G]),
    stops: t.input('stops', [K, W]),
    ofSample: {
      inverseTemperatures: ofSample('inverseTemperatures'),
      isGreedy: ofSample('isGreedy'),
      limits: ofSample('limits'),
    },
    filters: isFiltered ? { topK: ofSample('topK'), topP: ofSample('topP'), minP: ofSample('minP') } : null,
  };
}

/** Keys [KV, d, P] and values [KV, P, d] of the prompt by layer, and what its last token predicts, [1, V]. */
interface Prompt {
  readonly cache: readonly Tensor[];
  readonly logits: Tensor;
}

function prefill(c: DecoderConfig, p: Parameters, promptIds: Tensor): Prompt {
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

/** Carried from compaction to compaction beside the batch. */
interface Progress {
  /** i64[A]: the sample of each row. */
  readonly samples: Tensor;
  /** i64[]: tokens generated so far. */
  readonly length: Tensor;
  /** f32[T, G] each: ids, log-probabilities of the sampled distribution and of the model. */
  readonly written: readonly Tensor[];
}

function generate(
  c: DecoderConfig,
  p: Parameters,
  inputs: GenerateInputs,
  prompt: Prompt,
): Record<string, Tensor> {
  const { trace: t } = inputs.uniforms;
  const scalar = (value: number, dtype: 'f32' | 'i64'): Tensor =>
    ops.constant(t, [value], { shape: [], dtype });
  const empty = (shape: readonly Dim[], axis: number): Tensor =>
    ops.slice(ops.expand(scalar(0, 'f32'), shape), { axis, start: 0, end: 0 });
  const most = sizeOf(t, M);
  const samples = ops.iota(t, G);
  const cacheShape: Dim[] = [c.kvHeads, A, T, c.headDim];
  const caches = 2 * c.layers;
  const isDone = ops.less(inputs.ofSample.limits, 1);
  const { carried } = loop({
    // Each round lets at least one sample finish.
    tripCount: sizeOf(t, G),
    initial: [
      samples,
      scalar(0, 'i64'),
      ...new Array<Tensor>(3).fill(empty([1, G], 0)),
      ops.expand(prompt.logits, [G, c.vocab]),
      isDone,
      ops.expand(scalar(-1, 'f32'), [G, W]),
      ...new Array<Tensor>(caches).fill(empty([c.kvHeads, G, 1, c.headDim], 2)),
    ],
    carriedShapes: [
      [A],
      [],
      ...new Array<Dim[]>(3).fill([T, G]),
      [A, c.vocab],
      [A],
      [A, W],
      ...new Array<Dim[]>(caches).fill(cacheShape),
    ],
    iterations: sym('rounds'),
    body: (_, carriedIn) => {
      const [rowSamples, length, ids, logprobs, modelLogprobs, ...batch] = carriedIn;
      if (!rowSamples || !length || !ids || !logprobs || !modelLogprobs)
        throw new TypeError('internal: a round carries progress');
      const progress = { samples: rowSamples, length, written: [ids, logprobs, modelLogprobs] };
      const next = round(c, p, inputs, prompt, progress, toBatch(batch), most);
      const anyLeft = ops.less(0, countOf(ops.not(next.batch.isDone)));
      return {
        carried: [
          next.progress.samples,
          next.progress.length,
          ...next.progress.written,
          ...toList(next.batch),
        ],
        proceed: anyLeft,
        scans: [],
      };
    },
  });
  const [, , ids, logprobs, modelLogprobs] = carried;
  if (!ids || !logprobs || !modelLogprobs) throw new TypeError('internal: the loop carries its results');
  return { ids: ops.cast(ids, 'i64'), logprobs, modelLogprobs };
}

/** How many flags are set, f32[]. */
const countOf = (flags: Tensor): Tensor => ops.reshape(ops.reduceSum(ops.cast(flags, 'f32'), [0]), []);

/** Makes the batch as small as it can be, and generates until it could be smaller by its share again. */
function round(
  c: DecoderConfig,
  p: Parameters,
  inputs: GenerateInputs,
  prompt: Prompt,
  progress: Progress,
  batch: Batch,
  most: Tensor,
): { progress: Progress; batch: Batch } {
  const rows = ops.choose(ops.not(batch.isDone), { atLeast: LEAST_ROWS, size: B });
  const samples = ops.gather(progress.samples, rows);
  const start: Batch = {
    logits: ops.gather(batch.logits, rows),
    isDone: ops.gather(batch.isDone, rows),
    recent: ops.gather(batch.recent, rows),
    cache: batch.cache.map((x) => ops.gather(x, rows, 1)),
  };
  const ofRows = (x: Tensor): Tensor => ops.gather(x, samples);
  const settings = {
    inverseTemperature: ofRows(inputs.ofSample.inverseTemperatures),
    isGreedy: ofRows(inputs.ofSample.isGreedy),
  };
  const limits = ofRows(inputs.ofSample.limits);
  const filters: DrawFilters | null = inputs.filters && {
    topK: ofRows(inputs.filters.topK),
    topP: ofRows(inputs.filters.topP),
    minP: ofRows(inputs.filters.minP),
    candidates: F,
  };
  const rowCount = countOf(ops.or(start.isDone, ops.not(start.isDone)));
  const doneBefore = countOf(start.isDone);
  const promptLength = ops.cast(sizeOf(most.trace, P), 'f32');
  const { carried, scans } = loop({
    tripCount: ops.sub(most, progress.length),
    initial: [progress.length, ...toList(start)],
    carriedShapes: [
      [],
      [B, c.vocab],
      [B],
      [B, W],
      ...new Array<Dim[]>(2 * c.layers).fill([c.kvHeads, B, T, c.headDim]),
    ],
    iterations: sym('tokens'),
    body: (_, [place, ...carriedIn]) => {
      const now = toBatch(carriedIn);
      if (!place) throw new TypeError('internal: the loop carries its place');
      const u = ops.gather(ops.gather(inputs.uniforms, place), samples);
      const drawn = draw(now.logits, u, settings, filters);
      const token = ops.where(now.isDone, 0, drawn.token);
      const ofModel = ops.pick(ops.logSoftmax(now.logits), token);
      const latest = ops.expandDims(ops.cast(token, 'f32'), -1);
      const recent = ops.concat([ops.slice(now.recent, { axis: 1, start: 1, end: W }), latest], 1);
      const next = ops.add(place, 1);
      const isFull = ops.not(ops.less(ops.cast(next, 'f32'), limits));
      const isDone = ops.or(ops.or(now.isDone, isFull), endsWith(recent, inputs.stops));
      const position = ops.add(promptLength, ops.cast(place, 'f32'));
      const { logits, cache } = step(c, p, token, position, prompt, now.cache);
      const finished = ops.sub(countOf(isDone), doneBefore);
      const masked = (x: Tensor): Tensor => ops.where(now.isDone, 0, x);
      return {
        carried: [next, ...toList({ logits, isDone, recent, cache })],
        proceed: ops.less(finished, ops.max(ops.mul(rowCount, COMPACTION_SHARE), 1)),
        scans: [masked(ops.cast(token, 'f32')), masked(drawn.logprob), masked(ofModel)],
      };
    },
  });
  const [length, ...batchAfter] = carried;
  if (!length) throw new TypeError('internal: the loop carries its place');
  // Ids are exact in f32, and a product with ones and zeros moves columns to their samples exactly.
  const columns = ops.oneHot(samples, G);
  const added = scans.map((x) => ops.matmul(x, columns, { isFull: true }));
  const written = progress.written.map((x, i) => ops.concat([x, ...added.slice(i, i + 1)], 0));
  return { progress: { samples, length, written }, batch: toBatch(batchAfter) };
}

/** Whether the latest tokens f32[A, W] end with one of the sequences f32[K, W], whose places below 0 fit anything. */
function endsWith(recent: Tensor, stops: Tensor): Tensor {
  const isSame = ops.equal(ops.expandDims(recent, 1), ops.expandDims(stops, 0));
  const differs = ops.not(ops.or(isSame, ops.less(ops.expandDims(stops, 0), 0)));
  const fits = ops.less(sumLast(ops.cast(differs, 'f32')), 1);
  return ops.less(0, sumLast(ops.cast(fits, 'f32')));
}

/** One token of every row, all at one position: attends to [prompt ; own tokens]. */
function step(
  c: DecoderConfig,
  p: Parameters,
  token: Tensor,
  position: Tensor,
  prompt: Prompt,
  cache: readonly Tensor[],
): { logits: Tensor; cache: Tensor[] } {
  const [KV, R, d] = [c.kvHeads, c.heads / c.kvHeads, c.headDim];
  const positions = ops.add(ops.mul(ops.cast(token, 'f32'), 0), position);
  const table = rotaryTable(c, positions);
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
