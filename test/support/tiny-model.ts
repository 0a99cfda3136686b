import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DecoderConfig,
  type NamedTensor,
  parseConfig,
  weightShapes,
  writeSafetensors,
} from '@residency/model';
import { randomNumbers } from './numbers.js';

export const TINY_QWEN2 = {
  model_type: 'qwen2',
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 4,
  vocab_size: 23,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  tie_word_embeddings: true,
} as const;

export const TINY_LLAMA = {
  ...TINY_QWEN2,
  model_type: 'llama',
  tie_word_embeddings: false,
  num_key_value_heads: 4,
} as const;

/** Random weights, large enough that attention and the MLP matter. */
export function randomWeights(config: DecoderConfig): NamedTensor[] {
  return [...weightShapes(config)].map(([name, shape], i) => {
    const count = shape.reduce((n, d) => n * d, 1);
    const isNorm = name.includes('norm');
    return {
      name,
      shape,
      data: Float32Array.from(randomNumbers(count, i + 3), (v) => (isNorm ? 1 + v / 4 : v / 1.5)),
    };
  });
}

export const configOf = (json: Readonly<Record<string, unknown>>): DecoderConfig =>
  parseConfig(json, 'config.json');

/** A Hugging Face folder with random weights; removed by `remove`. */
export async function writeTinyModel(
  json: Readonly<Record<string, unknown>> = TINY_QWEN2,
  dtype: 'F32' | 'F16' = 'F32',
): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'residency-tiny-'));
  await writeFile(join(dir, 'config.json'), JSON.stringify(json));
  await writeFile(join(dir, 'model.safetensors'), writeSafetensors(randomWeights(configOf(json)), {}, dtype));
  return { dir, remove: () => rm(dir, { recursive: true }) };
}
