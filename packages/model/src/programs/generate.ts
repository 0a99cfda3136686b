import {
  type Dim,
  loop,
  ops,
  type Program,
  subDims,
  sumLast,
  sym,
  type Tensor,
  type Tracer,
  trace,
} from '@residency/tensor';
import { bindParameters, type Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import { type Parameters, positionsFrom, sizeOf, visibilityMask } from '../decoder.js';
import {
  B,
  type Beginning,
  N,
  ownBeginnings,
  P,
  prefill,
  prefillMany,
  sharedBeginning,
  step,
} from './cached-decoder.js';
import { type DrawFilters, type DrawSettings, draw } from './draw.js';

/** Samples, most new tokens, stop sequences and the longest of them, candidates of filters. */
const [G, M, K, W, F] = ['G', 'M', 'K', 'W', 'F'].map(sym) as [Dim, Dim, Dim, Dim, Dim]; // five names
/** Known on the device only: tokens generated so far, and rows of the batch before it is made smaller. */
const [T, A] = ['T', 'A'].map(sym) as [Dim, Dim]; // two names

/** A batch never has fewer rows: the product with a single row is another kernel, which rounds otherwise. */
const LEAST_ROWS = 2;
/** Functions such as the SiLU are computed by so many elements at a time, and the last few of all by another code. */
const VECTOR = 16;

/**
 * Sizes that a batch may have: a multiple of this number. Then no row of a batch stands where functions are rounded
 * otherwise: a row gives the same bits whatever the rows beside it. It is 1 or 2 for every model of a usual width.
 */
export function batchMultiple(c: DecoderConfig): number {
  let multiple = 1;
  while ((multiple * c.ffn) % VECTOR !== 0) multiple *= 2;
  return multiple;
}

/** Samples that a batch of at least `samples` has. */
export function batchSize(c: DecoderConfig, samples: number): number {
  const multiple = batchMultiple(c);
  return Math.ceil(Math.max(samples, LEAST_ROWS) / multiple) * multiple;
}

/** The batch is made smaller once this share of it has finished. */
const COMPACTION_SHARE = 1 / 4;

export interface GenerateOptions {
  /** Whether top-k, top-p and min-p are inputs; without them sampling needs no sorting. */
  readonly isFiltered: boolean;
  /** Whether samples have prompts of their own. @defaultValue false */
  readonly hasOwnPrompts?: boolean;
}

/** What the rows of a batch carry from token to token. */
interface Batch {
  /** bool[A] */
  readonly isDone: Tensor;
  /** f32[A, W]: the latest tokens, -1 before the first. */
  readonly recent: Tensor;
  /** Keys and values of the own tokens but the latest by layer, [KV, A, T, d] each. */
  readonly cache: readonly Tensor[];
}

const toList = (b: Batch): Tensor[] => [b.isDone, b.recent, ...b.cache];
function toBatch([isDone, recent, ...cache]: readonly Tensor[]): Batch {
  if (!isDone || !recent) throw new TypeError('internal: a batch carries flags and tokens');
  return { isDone, recent, cache };
}

/**
 * Samples G >= 2 completions of one prompt: one prefill, then a loop on the device. Rows that finish leave the batch once they
 * are a quarter of it. A row's result does not depend on the rows around it.
 *
 * Inputs: promptIds i64[P]; uniforms f32[M,G], one draw per token and sample; inverseTemperatures, isGreedy (1 takes the most
 * likely token) and limits (most new tokens) f32[G]; stops f32[K,W], stop sequences aligned right, -1 before them; with
 * filters topK, topP and minP f32[G]; the adapter's tensors.
 * With prompts of their own: promptIds i64[N,P], padded behind their ends; owners i64[G], the prompt of each sample; lengths f32[N]
 * and lastRows i64[N], the place of each prompt's last token among the N * P; then rows read prompts of one padded length, and the
 * last bits of one may depend on those beside it.
 * Outputs over the T <= M tokens of the longest sample: ids i64[T,G], logprobs and modelLogprobs f32[T,G], which are those of the
 * sampled distribution and of the model at temperature 1; 0 behind a sample's last token.
 */
export function generateProgram(c: DecoderConfig, trainable: Trainable, options: GenerateOptions): Program {
  return trace(
    'generate',
    (t) => {
      const inputs = declareInputs(t, options);
      const p = bindParameters(t, c, trainable);
      const start = (options.hasOwnPrompts ? ownStart : sharedStart)(t, c, p);
      return generate(c, p, inputs, start);
    },
    { packsWeights: true },
  );
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

/** What samples begin with: what comes first after their prompts, [G, V], and what the rows of a batch i64[B] read. */
interface Start {
  readonly logits: Tensor;
  of(samples: Tensor): Beginning;
}

function sharedStart(t: Tracer, c: DecoderConfig, p: Parameters): Start {
  const prompt = prefill(c, p, t.input('promptIds', [P], 'i64'));
  return {
    logits: ops.expand(prompt.logits, [G, c.vocab]),
    of: () => sharedBeginning(c, prompt, ops.cast(sizeOf(prompt.logits.trace, P), 'f32')),
  };
}

function ownStart(t: Tracer, c: DecoderConfig, p: Parameters): Start {
  const promptIds = t.input('promptIds', [N, P], 'i64');
  const owners = t.input('owners', [G], 'i64');
  const lengths = t.input('lengths', [N]);
  const prompts = prefillMany(c, p, promptIds, t.input('lastRows', [N], 'i64'));
  const places = ops.expandDims(positionsFrom(promptIds.trace, 0, P), 0);
  const mask = visibilityMask(ops.less(places, ops.expandDims(lengths, -1)));
  return {
    logits: ops.gather(prompts.logits, owners),
    of: (samples) => ownBeginnings(c, prompts, ops.gather(owners, samples), { lengths, mask }),
  };
}

/** Carried from round to round beside the batch. */
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
  begin: Start,
): Record<string, Tensor> {
  const { trace: t } = inputs.uniforms;
  const scalar = (value: number, dtype: 'f32' | 'i64'): Tensor =>
    ops.constant(t, [value], { shape: [], dtype });
  const samples = ops.iota(t, G);
  const most = sizeOf(t, M);
  const first = advance(
    begin.logits,
    { isDone: ops.less(inputs.ofSample.limits, 1), recent: ops.expand(scalar(-1, 'f32'), [G, W]) },
    scalar(0, 'i64'),
    rowInputs(inputs, samples),
  );
  const noCache = ops.slice(ops.expand(scalar(0, 'f32'), [c.kvHeads, G, 1, c.headDim]), {
    axis: 2,
    start: 0,
    end: 0,
  });
  const caches = 2 * c.layers;
  const { carried } = loop({
    // Each round lets at least one sample finish.
    tripCount: sizeOf(t, G),
    initial: [
      samples,
      scalar(1, 'i64'),
      ...first.written.map((x) => ops.expandDims(x, 0)),
      first.isDone,
      first.recent,
      ...new Array<Tensor>(caches).fill(noCache),
    ],
    carriedShapes: [
      [A],
      [],
      ...new Array<Dim[]>(first.written.length).fill([T, G]),
      [A],
      [A, W],
      ...new Array<Dim[]>(caches).fill([c.kvHeads, A, T, c.headDim]),
    ],
    iterations: sym('rounds'),
    body: (_, carriedIn) => {
      const [rowSamples, length, ids, logprobs, modelLogprobs, ...batch] = carriedIn;
      if (!rowSamples || !length || !ids || !logprobs || !modelLogprobs)
        throw new TypeError('internal: a round carries progress');
      const progress = { samples: rowSamples, length, written: [ids, logprobs, modelLogprobs] };
      const next = round(c, p, inputs, begin, progress, toBatch(batch), most);
      return {
        carried: [
          next.progress.samples,
          next.progress.length,
          ...next.progress.written,
          ...toList(next.batch),
        ],
        proceed: ops.less(0, countOf(ops.not(next.batch.isDone))),
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

/** What is given of the samples that the rows of a batch are. */
interface RowInputs {
  /** i64[B] */
  readonly samples: Tensor;
  readonly uniforms: Tensor;
  readonly stops: Tensor;
  readonly limits: Tensor;
  readonly settings: DrawSettings;
  readonly filters: DrawFilters | null;
}

function rowInputs({ uniforms, stops, ofSample, filters }: GenerateInputs, samples: Tensor): RowInputs {
  const ofRows = (x: Tensor): Tensor => ops.gather(x, samples);
  return {
    samples,
    uniforms,
    stops,
    limits: ofRows(ofSample.limits),
    settings: {
      inverseTemperature: ofRows(ofSample.inverseTemperatures),
      isGreedy: ofRows(ofSample.isGreedy),
    },
    filters: filters && {
      topK: ofRows(filters.topK),
      topP: ofRows(filters.topP),
      minP: ofRows(filters.minP),
      candidates: F,
    },
  };
}

/** Draws the token of a place i64[] for every row from what its tokens so far predict, [B, V]. */
function advance(
  logits: Tensor,
  now: Pick<Batch, 'isDone' | 'recent'>,
  place: Tensor,
  rows: RowInputs,
): Pick<Batch, 'isDone' | 'recent'> & { readonly written: readonly Tensor[] } {
  const u = ops.gather(ops.gather(rows.uniforms, place), rows.samples);
  const drawn = draw(logits, u, rows.settings, rows.filters);
  const token = ops.where(now.isDone, 0, drawn.token);
  const ofModel = ops.pick(ops.logSoftmax(logits), token);
  const latest = ops.expandDims(ops.cast(token, 'f32'), -1);
  const recent = ops.concat([ops.slice(now.recent, { axis: 1, start: 1, end: W }), latest], 1);
  const isFull = ops.not(ops.less(ops.cast(ops.add(place, 1), 'f32'), rows.limits));
  const isDone = ops.or(ops.or(now.isDone, isFull), endsWith(recent, rows.stops));
  const masked = (x: Tensor): Tensor => ops.where(now.isDone, 0, x);
  return {
    isDone,
    recent,
    written: [masked(ops.cast(token, 'f32')), masked(drawn.logprob), masked(ofModel)],
  };
}

/** Makes the batch as small as it can be, and generates until it could be smaller by its share again. */
function round(
  c: DecoderConfig,
  p: Parameters,
  inputs: GenerateInputs,
  begin: Start,
  progress: Progress,
  batch: Batch,
  most: Tensor,
): { progress: Progress; batch: Batch } {
  const chosen = ops.choose(ops.not(batch.isDone), {
    atLeast: LEAST_ROWS,
    multipleOf: batchMultiple(c),
    size: B,
  });
  const samples = ops.gather(progress.samples, chosen);
  const start: Batch = {
    isDone: ops.gather(batch.isDone, chosen),
    recent: ops.gather(batch.recent, chosen),
    cache: batch.cache.map((x) => ops.gather(x, chosen, 1)),
  };
  const rows = rowInputs(inputs, samples);
  const rowCount = countOf(ops.or(start.isDone, ops.not(start.isDone)));
  const doneBefore = countOf(start.isDone);
  const beginning = begin.of(samples);
  const { carried, scans } = loop({
    tripCount: ops.sub(most, progress.length),
    initial: [progress.length, ...toList(start)],
    carriedShapes: [[], [B], [B, W], ...new Array<Dim[]>(2 * c.layers).fill([c.kvHeads, B, T, c.headDim])],
    iterations: sym('tokens'),
    body: (_, [place, ...carriedIn]) => {
      const now = toBatch(carriedIn);
      if (!place) throw new TypeError('internal: the loop carries its place');
      const latest = ops.slice(now.recent, { axis: 1, start: subDims(W, 1), end: W });
      const token = ops.cast(ops.reshape(latest, [B]), 'i64');
      const { logits, cache } = step(c, p, token, ops.cast(place, 'f32'), beginning, now.cache);
      const { isDone, recent, written } = advance(logits, now, place, rows);
      const finished = ops.sub(countOf(isDone), doneBefore);
      return {
        carried: [ops.add(place, 1), ...toList({ isDone, recent, cache })],
        proceed: ops.less(finished, ops.max(ops.mul(rowCount, COMPACTION_SHARE), 1)),
        scans: written,
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
