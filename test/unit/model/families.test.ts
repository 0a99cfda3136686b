import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensors, readTensor } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../../support/numbers.js';
import { findPython, runPython } from '../../support/python.js';
import { runModel } from '../../support/run-model.js';
import { configOf } from '../../support/tiny-model.js';

interface Case {
  readonly name: string;
  /** As transformers 4 writes config.json; what transformers 5 makes of it is read from the folder. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly dtype?: 'float16' | 'bfloat16';
  readonly shard?: string;
}

interface Reference {
  readonly logprobs: readonly number[][];
  readonly nll: number;
  readonly generated: readonly number[];
}

const PREFIX = [3, 1, 4, 1, 5];
const SUFFIXES = [
  [9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4],
  [33, 8, 3, 27, 9, 5, 0, 28, 8, 40, 1, 9],
];
/** Tokens of the longest sequence. */
const LENGTH = 24;
const COUNT = LENGTH - PREFIX.length;

const COMMON = {
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 41,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  rope_theta: 100,
  tie_word_embeddings: false,
};
const llama = { ...COMMON, model_type: 'llama', head_dim: 16 };
const mistral = { ...COMMON, model_type: 'mistral', sliding_window: null };
const qwen2 = { ...COMMON, model_type: 'qwen2', tie_word_embeddings: true };
const qwen3 = { ...COMMON, model_type: 'qwen3', head_dim: 12 };
const llama3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 16,
};
// The older name of the type, as Qwen2.5 writes it.
const yarn = { type: 'yarn', factor: 4, original_max_position_embeddings: 16 };

const CASES: readonly Case[] = [
  { name: 'Llama 3.1, llama3 scaling', config: { ...llama, rope_scaling: llama3 } },
  {
    name: 'Llama with biases, llama3 scaling, tied',
    config: {
      ...llama,
      rope_scaling: llama3,
      attention_bias: true,
      mlp_bias: true,
      tie_word_embeddings: true,
    },
  },
  {
    name: 'Llama 2, no groups, linear scaling',
    config: { ...llama, num_key_value_heads: 4, rope_scaling: { type: 'linear', factor: 2.5 } },
  },
  {
    name: 'SmolLM2, shards',
    config: { ...llama, head_dim: null, rope_theta: 100_000, tie_word_embeddings: true },
    shard: '20KB',
  },
  { name: 'Llama, yarn', config: { ...llama, rope_scaling: yarn } },
  { name: 'Mistral, no window', config: mistral },
  { name: 'Mistral, a window of the whole length', config: { ...mistral, sliding_window: LENGTH } },
  { name: 'Mistral, shards in float16', config: mistral, dtype: 'float16', shard: '20KB' },
  { name: 'Qwen2, tied', config: qwen2 },
  { name: 'Qwen2.5, yarn, untied', config: { ...qwen2, tie_word_embeddings: false, rope_scaling: yarn } },
  {
    name: 'Qwen2, a window in the second layer',
    config: { ...qwen2, use_sliding_window: true, sliding_window: LENGTH, max_window_layers: 1 },
  },
  { name: 'Qwen2, shards in bfloat16', config: qwen2, dtype: 'bfloat16', shard: '20KB' },
  { name: 'Qwen3', config: qwen3 },
  {
    name: 'Qwen3 with biases, tied, bfloat16',
    config: { ...qwen3, attention_bias: true, tie_word_embeddings: true },
    dtype: 'bfloat16',
  },
];

const python = findPython(['torch', 'transformers', 'safetensors']);
const script = readFileSync(new URL('../../support/reference-models.py', import.meta.url), 'utf8');

describe.runIf(python !== null)('families, as transformers computes them', () => {
  let folder = '';
  let references: Readonly<Record<string, Reference>> = {};
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'residency-families-'));
    const cases = CASES.map((c) => ({ dtype: 'float32', shard: '1GB', ...c }));
    const request = { folder, cases, prefix: PREFIX, suffixes: SUFFIXES, count: COUNT };
    references = (await runPython(script, request)) as typeof references; // what the script prints
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(CASES)('$name', async ({ name, config, shard }) => {
    const dir = join(folder, name);
    const reference = references[name];
    const model = await runModel(dir, { cacheDir: folder });
    const weightFiles = (await readdir(dir)).filter((n) => n.endsWith('.safetensors'));

    expect(weightFiles.length > 1).toBe(shard !== undefined);
    expect(model.config).toEqual(configOf(config));
    const scores = await model.score(PREFIX, SUFFIXES);
    const logprobError = largestDifference(scores.flat(), reference?.logprobs.flat() ?? []);
    expect(logprobError).toBeLessThan(1e-5);

    const { nll, byName } = await model.gradients(PREFIX, SUFFIXES);
    expect(Math.abs(nll - (reference?.nll ?? Number.NaN))).toBeLessThan(1e-3);
    const expected = await readAll(join(folder, `${name}.gradients`));
    expect([...byName.keys()].sort()).toEqual([...expected.keys()].sort());
    let [worst, angle] = [0, 1];
    for (const [weight, gradient] of expected) {
      const own = byName.get(weight) ?? new Float32Array();
      const error = relativeError(own, gradient);
      worst = Math.max(worst, error);
      angle = Math.min(angle, cosine(own, gradient));
      expect(error, weight).toBeLessThan(1e-4);
      expect(cosine(own, gradient), weight).toBeGreaterThan(0.999999);
    }
    expect((await model.generate(PREFIX, COUNT)).ids).toEqual(reference?.generated);
    process.stderr.write(
      `${name}: log-probabilities within ${logprobError.toExponential(1)}, ` +
        `gradients within ${worst.toExponential(1)} of their tensor's largest, ` +
        `cosines 1 - ${(1 - angle).toExponential(1)}\n`,
    );
  });
});

async function readAll(path: string): Promise<Map<string, Float32Array>> {
  const bytes = await readFile(path);
  const { entries } = parseSafetensors(bytes, path);
  return new Map([...entries].map(([name, entry]) => [name, readTensor(bytes, entry)]));
}

/** Largest difference relative to the largest element. */
function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const scale = b.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return a.reduce((m, v, i) => Math.max(m, Math.abs(v - (b[i] ?? Number.NaN))), 0) / scale;
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((n, v, i) => n + v * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
