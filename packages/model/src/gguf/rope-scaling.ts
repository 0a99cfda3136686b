import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { type DecoderShape, shortestF32 } from './decoder-shape.js';
import type { GgufFile } from './gguf-file.js';
import type { Metadata } from './metadata.js';
import { dequantizedChunks } from './tensor-data.js';

/** The `rope_scaling` of a config.json; null for plain rotary embeddings. */
export type RopeScaling = Readonly<Record<string, number | string>> | null;

type ReadScaling = (metadata: Metadata, prefix: string) => RopeScaling;

/** Every `rope.scaling.type` that can be translated. */
const SCALINGS: Readonly<Record<string, ReadScaling>> = {
  none: () => null,
  linear: (metadata, prefix) => ({
    rope_type: 'linear',
    factor: factorOf(metadata, `${prefix}.factor`),
  }),
  yarn: readYarn,
};

/** Keys of YaRN and what they are called in a config.json. */
const YARN_OPTIONS: Readonly<Record<string, string>> = {
  yarn_beta_fast: 'beta_fast',
  yarn_beta_slow: 'beta_slow',
};

/** Keys that change YaRN in ways that a config.json does not tell, with the value that changes nothing. */
const YARN_NEUTRAL: Readonly<Record<string, number>> = {
  attn_factor: 1,
  yarn_attn_factor: 1,
  yarn_ext_factor: 1,
  yarn_log_multiplier: 0,
};

function readYarn(metadata: Metadata, prefix: string): RopeScaling {
  for (const [name, neutral] of Object.entries(YARN_NEUTRAL)) {
    const value = metadata.real(`${prefix}.${name}`) ?? neutral;
    if (value !== neutral) throw metadata.error(`${prefix}.${name}`, `${neutral} or none`);
  }
  const original = metadata.whole(`${prefix}.original_context_length`, 1);
  if (original === null)
    throw metadata.error(`${prefix}.original_context_length`, 'a whole number from 1 (YaRN needs it)');
  const scaling: Record<string, number | string> = {
    rope_type: 'yarn',
    factor: factorOf(metadata, `${prefix}.factor`),
    original_max_position_embeddings: original,
  };
  for (const [name, option] of Object.entries(YARN_OPTIONS)) {
    const value = metadata.real(`${prefix}.${name}`);
    if (value !== null) scaling[option] = shortestF32(value);
  }
  return scaling;
}

function factorOf(metadata: Metadata, key: string): number {
  const factor = metadata.real(key);
  if (factor !== null && factor >= 1) return shortestF32(factor);
  throw metadata.error(key, 'a number from 1');
}

/**
 * How rotary embeddings are scaled: metadata for linear scaling and YaRN, the tensor `rope_freqs.weight` for
 * Llama 3.
 * @throws ModelError `MODEL_CONFIG` for a kind of scaling that a config.json cannot say
 */
export async function ropeScaling(
  gguf: GgufFile,
  file: FileHandle,
  shape: DecoderShape,
): Promise<RopeScaling> {
  const { metadata, tensors } = gguf;
  const prefix = `${metadata.text('general.architecture')}.rope.scaling`;
  const name = metadata.text(`${prefix}.type`) ?? 'none';
  const read = Object.hasOwn(SCALINGS, name) ? SCALINGS[name] : undefined;
  if (!read) throw metadata.error(`${prefix}.type`, Object.keys(SCALINGS).join(', '));
  const scaling = read(metadata, prefix);
  const tensor = tensors.get('rope_freqs.weight');
  if (!tensor) return scaling;
  if (tensor.shape.join() !== `${shape.headDim / 2}`) {
    throw new ModelError(
      'MODEL_WEIGHT',
      `${gguf.path}: tensor rope_freqs.weight is [${tensor.shape.join(',')}], want [${shape.headDim / 2}]`,
    );
  }
  if (scaling) throw metadata.error(`${prefix}.type`, 'none beside the tensor rope_freqs.weight');
  const factors: number[] = [];
  for await (const chunk of dequantizedChunks(file, tensor)) factors.push(...chunk);
  return llama3Scaling(factors, shape, gguf.path);
}

/** The band of Llama 3's scaling, which all its releases share (config.json of Llama 3.1, 3.2 and 3.3). */
const LLAMA3 = { low: 1, high: 4, context: 8192 } as const;
/** Factors are f32, computed by their writer from f32 frequencies. */
const TOLERANCE = 1e-4;

/**
 * The scaling that divides frequency i by `factors[i]` [headDim/2]: 1 for wavelengths below context/high,
 * `factor` above context/low, and in between 1 / ((1 - s) / factor + s) with s = (context/wavelength - low) /
 * (high - low) (transformers, modeling_rope_utils.py, `_compute_llama3_parameters`).
 */
function llama3Scaling(
  factors: readonly number[],
  { ropeTheta, headDim }: DecoderShape,
  path: string,
): RopeScaling {
  if (factors.every((value) => value === 1)) return null;
  const factor = Math.max(1, ...factors);
  for (const [i, found] of factors.entries()) {
    const wavelength = 2 * Math.PI * ropeTheta ** ((2 * i) / headDim);
    const share = (LLAMA3.context / wavelength - LLAMA3.low) / (LLAMA3.high - LLAMA3.low);
    const s = Math.min(1, Math.max(0, share));
    const want = 1 / ((1 - s) / factor + s);
    if (Math.abs(found - want) <= TOLERANCE * want) continue;
    throw new ModelError(
      'MODEL_CONFIG',
      `${path}: rope_freqs.weight[${i}] is ${found}, want ${want}, as Llama 3 with factor ${factor} has it ` +
        `(no other scaling by factors is supported)`,
    );
  }
  return {
    rope_type: 'llama3',
    factor: shortestF32(factor),
    low_freq_factor: LLAMA3.low,
    high_freq_factor: LLAMA3.high,
    original_max_position_embeddings: LLAMA3.context,
  };
}
