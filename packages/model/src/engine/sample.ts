import { uniform } from '@residency/algorithms';
import { type Adapter, decodeAdapter } from '../adapter.js';
import type { Trainable } from '../binding.js';
import type { Sample, SampleRequest } from '../engine-types.js';
import { ModelError } from '../errors.js';
import { generateProgram } from '../programs/generate.js';
import type { OpenModel } from './model.js';

/** Names of the adapter's programs: one per rank and scale. */
export const trainableOf = (adapter: Adapter | null): Trainable =>
  adapter ? { kind: 'lora', rank: adapter.rank, alpha: adapter.alpha } : { kind: 'none' };

export const keyOf = (t: Trainable): string => (t.kind === 'lora' ? `lora:${t.rank}:${t.alpha}` : t.kind);

export const adapterInputs = (adapter: Adapter | null): Record<string, Float32Array> =>
  Object.fromEntries((adapter?.tensors ?? []).map((t) => [t.name, t.data]));

/** Samples a group; the same request gives the same ids on the same kind of machine. @throws ModelError `MODEL_REQUEST`, `MODEL_ADAPTER`, `MODEL_NUMERIC` */
export async function sampleGroup(model: OpenModel, request: SampleRequest): Promise<Sample[]> {
  checkRequest(model, request);
  const { promptIds, temperatures, maxNewTokens, stopIds, key } = request;
  const adapter = request.adapter ? decodeAdapter(request.adapter.bytes, model.config) : null;
  const trainable = trainableOf(adapter);
  const session = await model.session(`generate:${keyOf(trainable)}`, () =>
    generateProgram(model.config, trainable),
  );
  const G = temperatures.length;
  const uniforms = new Float32Array(maxNewTokens * G);
  for (let token = 0; token < maxNewTokens; token++) {
    for (let sample = 0; sample < G; sample++) {
      uniforms[token * G + sample] = uniform([key.seed, key.step, key.prompt, sample, token]);
    }
  }
  const out = await session.run(
    { P: promptIds.length, G, M: maxNewTokens, K: stopIds.length },
    {
      ...adapterInputs(adapter),
      promptIds: BigInt64Array.from(promptIds, BigInt),
      uniforms,
      inverseTemperatures: Float32Array.from(temperatures, (t) => (t === 0 ? 1 : 1 / t)),
      isGreedy: Float32Array.from(temperatures, (t) => (t === 0 ? 1 : 0)),
      stopIds: BigInt64Array.from(stopIds, BigInt),
      maxNewTokens: BigInt64Array.of(BigInt(maxNewTokens)),
    },
  );
  const [ids, logprobs] = [Array.from(out['ids'] ?? [], Number), Array.from(out['logprobs'] ?? [], Number)];
  if (!logprobs.every(Number.isFinite)) {
    throw new ModelError(
      'MODEL_NUMERIC',
      'the model gave probabilities that are not finite: its weights or adapter are broken',
    );
  }
  return temperatures.map((_, g) => cut(column(ids, g, G), column(logprobs, g, G), stopIds));
}

const column = (values: readonly number[], g: number, G: number): number[] =>
  values.filter((_, i) => i % G === g);

/** Ends a sample at its first stop id, which it keeps. */
function cut(ids: readonly number[], logprobs: readonly number[], stopIds: readonly number[]): Sample {
  const end = ids.findIndex((id) => stopIds.includes(id));
  return end < 0
    ? { ids, logprobs, stopReason: 'length' }
    : { ids: ids.slice(0, end + 1), logprobs: logprobs.slice(0, end + 1), stopReason: 'stop' };
}

function checkRequest({ config }: OpenModel, r: SampleRequest): void {
  const bad = (message: string): ModelError => new ModelError('MODEL_REQUEST', message);
  if (r.promptIds.length === 0) throw bad('promptIds: want at least one token');
  const foreign = [...r.promptIds, ...r.stopIds].find(
    (id) => !Number.isInteger(id) || id < 0 || id >= config.vocab,
  );
  if (foreign !== undefined) throw bad(`token id ${foreign}: want 0 to ${config.vocab - 1}`);
  if (r.temperatures.length === 0) throw bad('temperatures: want one per sample');
  const wrong = r.temperatures.find((t) => !(t >= 0 && t <= 100));
  if (wrong !== undefined) throw bad(`temperature ${wrong}: want 0 to 100`);
  if (!Number.isInteger(r.maxNewTokens) || r.maxNewTokens < 1)
    throw bad(`maxNewTokens ${r.maxNewTokens}: want a whole number above 0`);
  const length = r.promptIds.length + r.maxNewTokens;
  if (length > config.maxPositions) {
    throw bad(
      `${r.promptIds.length} prompt tokens and ${r.maxNewTokens} new ones are ${length}: the model has ${config.maxPositions} positions`,
    );
  }
}
