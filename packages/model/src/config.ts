import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './errors.js';
import { type Biases, FAMILIES, type Family, isFamily } from './families.js';
import { type Fields, fieldsOf, type Json } from './fields.js';
import { fileKind, KIND_BYTES } from './file-kind.js';
import { whatElse } from './model-folder.js';
import type { RopeSpec } from './rope.js';
import { readRope } from './rope-config.js';

/** Shape of a decoder of a known family, from its Hugging Face config.json. */
export interface DecoderConfig {
  readonly family: Family;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  /**
   * Longest sequence in tokens: `max_position_embeddings`, or the sliding window where it is shorter. Within
   * the window attention to the window is attention to all that came before, which is what the programs
   * compute.
   */
  readonly maxPositions: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly rope: RopeSpec;
  /** Whether the embedding is the vocabulary projection too. */
  readonly isTied: boolean;
  readonly biases: Biases;
  /** RMS norm of each query and key head before rotation (Qwen3). */
  readonly hasQkNorm: boolean;
}

/** Two names of one function, which is also what a config.json without the field means. */
const ACTIVATIONS: readonly unknown[] = ['silu', 'swish', undefined];

/** @throws ModelError `MODEL_FILE` (missing or not JSON), `MODEL_CONFIG` naming the field, what was found and wanted. */
export async function readConfig(modelDir: string): Promise<DecoderConfig> {
  const path = join(modelDir, 'config.json');
  const text = await readFile(path, 'utf8').catch(async (cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read${await whatElse(modelDir)}`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const kind = fileKind(new TextEncoder().encode(text.slice(0, KIND_BYTES)));
    throw new ModelError('MODEL_FILE', `${path}: is ${kind ?? 'not JSON'}`, { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new ModelError('MODEL_FILE', `${path}: want a JSON object`);
  return parseConfig(json as Json, path); // an object, checked above
}

/** Reads the fields of a config.json of transformers 4 or 5. @throws ModelError `MODEL_CONFIG` */
export function parseConfig(json: Json, path: string): DecoderConfig {
  const f = fieldsOf(json, path);
  const family = f.get('model_type');
  if (!isFamily(family)) {
    const names = Object.keys(FAMILIES).map((n) => `"${n}"`);
    throw f.bad('model_type', `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`);
  }
  const rules = FAMILIES[family];
  if (!ACTIVATIONS.includes(f.get('hidden_act'))) throw f.bad('hidden_act', '"silu"');
  if (f.get('quantization_config') !== undefined)
    throw f.bad('quantization_config', 'null (weights in F32, F16 or BF16)');
  const heads = f.whole('num_attention_heads');
  const kvHeads = f.whole(
    'num_key_value_heads',
    f.isNull('num_key_value_heads') ? heads : (rules.kvHeads ?? heads),
  );
  if (heads % kvHeads !== 0)
    throw f.bad('num_key_value_heads', `a divisor of num_attention_heads = ${heads}`);
  const hidden = f.whole('hidden_size');
  const rope = readRope(f);
  const maxPositions = f.whole('max_position_embeddings');
  return {
    family,
    hidden,
    heads,
    kvHeads,
    headDim: headDimOf(f, rules.headDim ?? hidden / heads),
    layers: f.whole('num_hidden_layers'),
    ffn: f.whole('intermediate_size'),
    vocab: f.whole('vocab_size'),
    maxPositions: Math.min(maxPositions, rules.window(f) ?? maxPositions),
    normEpsilon: f.positive('rms_norm_eps', 1e-6),
    ropeTheta: rope.theta,
    rope: rope.spec,
    isTied: f.flag('tie_word_embeddings', false),
    biases: rules.biases(f),
    hasQkNorm: rules.hasQkNorm,
  };
}

function headDimOf(f: Fields, fallback: number): number {
  if (f.get('head_dim') === undefined && fallback % 2 !== 0) {
    const heads = f.whole('num_attention_heads');
    throw f.bad('hidden_size', `an even multiple of num_attention_heads = ${heads}`);
  }
  const headDim = f.whole('head_dim', fallback);
  if (headDim % 2 !== 0) throw f.bad('head_dim', 'an even number');
  return headDim;
}
