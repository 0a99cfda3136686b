import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './errors.js';

/** Shape of a decoder of the Llama/Qwen2 family, from its Hugging Face config.json. */
export interface DecoderConfig {
  readonly family: 'llama' | 'qwen2';
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly maxPositions: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly isTied: boolean;
  readonly hasQkvBias: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** @throws ModelError `MODEL_FILE` (missing or not JSON), `MODEL_CONFIG` naming the field, what was found and wanted. */
export async function readConfig(modelDir: string): Promise<DecoderConfig> {
  const path = join(modelDir, 'config.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError('MODEL_FILE', `${path}: is not JSON`, { cause });
  }
  if (typeof json !== 'object' || json === null)
    throw new ModelError('MODEL_FILE', `${path}: want a JSON object`);
  return parseConfig(json as Json, path); // an object, checked above
}

/** Reads the fields of a config.json. @throws ModelError `MODEL_CONFIG` */
export function parseConfig(json: Json, path: string): DecoderConfig {
  const bad = (field: string, want: string): ModelError =>
    new ModelError(
      'MODEL_CONFIG',
      `${path}: ${field} is ${JSON.stringify(json[field]) ?? 'missing'}, want ${want}`,
    );
  const whole = (field: string, fallback?: number): number => {
    const value = json[field] ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw bad(field, 'a whole number above 0');
    return value;
  };
  const real = (field: string, fallback: number): number => {
    const value = json[field] ?? fallback;
    if (typeof value !== 'number' || !(value > 0)) throw bad(field, 'a number above 0');
    return value;
  };
  const family = json['model_type'];
  if (family !== 'llama' && family !== 'qwen2') throw bad('model_type', '"llama" or "qwen2"');
  if ((json['hidden_act'] ?? 'silu') !== 'silu') throw bad('hidden_act', '"silu"');
  const scaling = json['rope_scaling'];
  if (scaling !== undefined && scaling !== null)
    throw bad('rope_scaling', 'null (scaled rotary embeddings are not supported)');
  const rope = json['rope_parameters'] ?? { rope_type: 'default' };
  if (typeof rope !== 'object' || !('rope_type' in rope) || rope.rope_type !== 'default') {
    throw bad('rope_parameters', 'rope_type "default" (scaled rotary embeddings are not supported)');
  }
  const ropeTheta = 'rope_theta' in rope ? rope.rope_theta : (json['rope_theta'] ?? 10_000);
  if (typeof ropeTheta !== 'number' || !(ropeTheta > 0)) throw bad('rope_theta', 'a number above 0');
  if (json['use_sliding_window'] === true) throw bad('use_sliding_window', 'false');
  if (json['mlp_bias'] === true) throw bad('mlp_bias', 'false');
  if (family === 'llama' && json['attention_bias'] === true) throw bad('attention_bias', 'false');
  const hidden = whole('hidden_size');
  const heads = whole('num_attention_heads');
  const kvHeads = whole('num_key_value_heads', heads);
  if (heads % kvHeads !== 0) throw bad('num_key_value_heads', `a divisor of num_attention_heads = ${heads}`);
  const headDim = whole('head_dim', hidden / heads);
  if (headDim % 2 !== 0) throw bad('head_dim', 'an even number');
  return {
    family,
    hidden,
    heads,
    kvHeads,
    headDim,
    layers: whole('num_hidden_layers'),
    ffn: whole('intermediate_size'),
    vocab: whole('vocab_size'),
    maxPositions: whole('max_position_embeddings'),
    normEpsilon: real('rms_norm_eps', 1e-6),
    ropeTheta,
    isTied: json['tie_word_embeddings'] === true,
    hasQkvBias: family === 'qwen2',
  };
}
