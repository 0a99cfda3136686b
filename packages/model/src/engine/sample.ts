import { uniform } from '@residency/algorithms';
import type { TensorData } from '@residency/tensor';
import { adapterInputs, decodeAdapter, trainableOf } from '../adapter.js';
import type { DecoderConfig } from '../config.js';
import type { Sample, SampleRequest } from '../engine-types.js';
import { ModelError } from '../errors.js';
import { toLanes } from '../layout/lanes.js';
import { batchSize, generateProgram } from '../programs/generate.js';
import { checkSampleRequest } from './check-sample.js';
import { fittingSession, type Job } from './fitting-session.js';
import type { OpenModel } from './model.js';

/**
 * Samples a group. A sample depends on the seed, step, prompt and its own number alone, not on the samples beside it; where
 * samples have prompts of their own, its last bits may depend on those.
 * @throws ModelError `MODEL_REQUEST`, `MODEL_ADAPTER`, `MODEL_NUMERIC`; `MODEL_MEMORY` where it cannot fit
 */
export async function sampleGroup(model: OpenModel, request: SampleRequest): Promise<Sample[]> {
  checkSampleRequest(model, request);
  const adapter = request.adapter ? decodeAdapter(request.adapter.bytes, model.config) : null;
  const trainable = trainableOf(adapter);
  const isFiltered = hasFilters(request);
  const hasOwnPrompts = request.ownPrompts !== undefined;
  const { sizes, feeds } = generateFeeds(request, model.config);
  const program = {
    name: `generate${isFiltered ? ':filtered' : ''}${hasOwnPrompts ? ':prompts' : ''}`,
    trainable,
    build: () => generateProgram(model.config, trainable, { isFiltered, hasOwnPrompts }),
  };
  const session = await fittingSession(model, [program], jobOf(model, sizes));
  const out = await session.run(sizes, { ...adapterInputs(adapter), ...feeds });
  const columns = request.temperatures.map((_, g) => readColumn(out, sizes.G, g));
  const isSound = columns.every((c) => [...c.logprobs, ...c.modelLogprobs].every(Number.isFinite));
  if (!isSound) {
    throw new ModelError(
      'MODEL_NUMERIC',
      `${model.info.dir}: the model gives log-probabilities that are not finite`,
    );
  }
  return columns.map((column, g) => cut(column, request, limitOf(request, g)));
}

/** What the device alone knows is taken to be as large as it may get: all rows go on to the last token. */
function jobOf({ config }: OpenModel, sizes: GenerateSizes): Job {
  const { P, G, M, N = 1 } = sizes;
  return {
    sizes: { ...sizes, A: G, B: G, T: M, tokens: M, rounds: G },
    hostBytes: 0,
    what: `sampling ${G} completions`,
    shape: `${N === 1 ? 'a prompt' : `${N} prompts`} of ${P} tokens, up to ${M} new ones, ${config.layers} layers`,
    remedy: 'allow fewer new tokens, sample smaller groups, or allow more memory',
    releases: true,
  };
}

const hasFilters = (r: SampleRequest): boolean => (r.topK ?? 0) > 0 || (r.topP ?? 1) < 1 || (r.minP ?? 0) > 0;

const limitOf = (r: SampleRequest, sample: number): number => r.limits?.[sample] ?? r.maxNewTokens;

/** A sample that nobody asked for is drawn under its place. */
const numberOf = ({ sampleNumbers }: SampleRequest, sample: number): number =>
  sampleNumbers?.[sample] ?? sample;

type GenerateSizes = Readonly<Record<'P' | 'G' | 'M' | 'K' | 'W' | 'F', number>> & { readonly N?: number };

/** Sizes and feeds of the generate program for a request. */
export function generateFeeds(
  request: SampleRequest,
  config: DecoderConfig,
): { sizes: GenerateSizes; feeds: Record<string, TensorData> } {
  const { temperatures, maxNewTokens, key } = request;
  const { vocab } = config;
  const samples = temperatures.length;
  // A sample that nobody asked for ends after its first token.
  const G = batchSize(config, samples);
  const perSample = (f: (sample: number) => number, otherwise: number): Float32Array =>
    Float32Array.from({ length: G }, (_, g) => (g < samples ? f(g) : otherwise));
  // The loop on the device runs at least once, for a second token: limits keep it out of samples of one.
  const M = Math.max(maxNewTokens, 2);
  const uniforms = new Float32Array(M * G);
  for (let token = 0; token < M; token++) {
    for (let sample = 0; sample < G; sample++)
      uniforms[token * G + sample] = uniform([
        key.seed,
        key.step,
        key.prompt,
        numberOf(request, sample),
        token,
      ]);
  }
  const topK = (request.topK ?? 0) > 0 ? Math.min(request.topK ?? vocab, vocab) : vocab;
  const stops = stopMatrix(request, vocab);
  const prompts = promptFeeds(request, G);
  return {
    sizes: { ...prompts.sizes, G, M, K: stops.count, W: stops.width, F: topK },
    feeds: {
      ...prompts.feeds,
      uniforms,
      inverseTemperatures: perSample((g) => (temperatures[g] === 0 ? 1 : 1 / (temperatures[g] ?? 1)), 1),
      isGreedy: perSample((g) => (temperatures[g] === 0 ? 1 : 0), 1),
      limits: perSample((g) => limitOf(request, g), 1),
      stops: stops.data,
      ...(hasFilters(request) && {
        topK: new Float32Array(G).fill(topK),
        topP: new Float32Array(G).fill(request.topP ?? 1),
        minP: new Float32Array(G).fill(request.minP ?? 0),
      }),
    },
  };
}

/** What samples begin with: one prompt, or each distinct one once, padded to one length. */
function promptFeeds(
  { promptIds, ownPrompts }: SampleRequest,
  G: number,
): { sizes: { readonly P: number; readonly N?: number }; feeds: Record<string, TensorData> } {
  if (ownPrompts === undefined)
    return { sizes: { P: promptIds.length }, feeds: { promptIds: BigInt64Array.from(promptIds, BigInt) } };
  const places = new Map<string, number>();
  const distinct: (readonly number[])[] = [];
  const owners = new BigInt64Array(G);
  for (const [sample, prompt] of ownPrompts.entries()) {
    const key = prompt.join();
    const place = places.get(key) ?? distinct.push(prompt) - 1;
    places.set(key, place);
    owners[sample] = BigInt(place);
  }
  const P = toLanes(Math.max(...distinct.map((prompt) => prompt.length)));
  const ids = new BigInt64Array(distinct.length * P);
  for (const [place, prompt] of distinct.entries()) ids.set(BigInt64Array.from(prompt, BigInt), place * P);
  return {
    sizes: { P, N: distinct.length },
    feeds: {
      promptIds: ids,
      owners,
      lengths: Float32Array.from(distinct, (prompt) => prompt.length),
      lastRows: BigInt64Array.from(distinct, (prompt, place) => BigInt(place * P + prompt.length - 1)),
    },
  };
}

/** Stop ids and sequences, aligned right; one that no token fits where there are none. */
function stopMatrix(
  { stopIds, stopSequences = [] }: SampleRequest,
  vocab: number,
): { count: number; width: number; data: Float32Array } {
  const given = [...stopIds.map((id) => [id]), ...stopSequences];
  const all = given.length > 0 ? given : [[vocab]];
  const width = Math.max(...all.map((s) => s.length));
  const data = new Float32Array(all.length * width).fill(-1);
  all.forEach((sequence, k) => {
    data.set(sequence, k * width + width - sequence.length);
  });
  return { count: all.length, width, data };
}

interface Column {
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
  readonly modelLogprobs: readonly number[];
}

function readColumn(out: Readonly<Record<string, TensorData>>, width: number, sample: number): Column {
  const column = (name: string): number[] => {
    const all = out[name] ?? [];
    return Array.from({ length: all.length / width }, (_, row) => Number(all[row * width + sample]));
  };
  return { ids: column('ids'), logprobs: column('logprobs'), modelLogprobs: column('modelLogprobs') };
}

/** The sample up to its end: the stop that it ran into, or its limit. */
function cut(column: Column, { stopIds, stopSequences = [] }: SampleRequest, limit: number): Sample {
  const stops = [...stopIds.map((id) => [id]), ...stopSequences];
  const ids = column.ids.slice(0, limit);
  const isStop = (end: number): boolean =>
    stops.some((stop) => stop.length <= end && stop.every((id, i) => ids[end - stop.length + i] === id));
  const end = ids.findIndex((_, i) => isStop(i + 1));
  const length = end < 0 ? ids.length : end + 1;
  return {
    ids: ids.slice(0, length),
    logprobs: column.logprobs.slice(0, length),
    modelLogprobs: column.modelLogprobs.slice(0, length),
    stopReason: end < 0 ? 'length' : 'stop',
  };
}
