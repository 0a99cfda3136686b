import { uniform } from '@residency/algorithms';
import { loraShapes, type Trainable } from './binding.js';
import type { DecoderConfig } from './config.js';
import type { LoraOptions } from './engine-types.js';
import { ModelError } from './errors.js';
import { weightShapes } from './parameters.js';
import { type NamedTensor, parseSafetensors, readTensor, writeSafetensors } from './safetensors.js';

/** A LoRA adapter: its tensors in a fixed order, and what scales them. */
export interface LoraTensors {
  readonly kind: 'lora';
  readonly rank: number;
  readonly alpha: number;
  readonly tensors: readonly NamedTensor[];
}

/** All weights of a model, in the place of its base weights. */
export interface FullWeights {
  readonly kind: 'full';
  readonly tensors: readonly NamedTensor[];
}

/** What a policy has of its own: an adapter beside the base weights, or weights in their place. */
export type Adapter = LoraTensors | FullWeights;

/** What a program trains or takes of a policy's own: one program serves all of a rank and scale. */
export function trainableOf(adapter: Adapter | null): Trainable {
  if (adapter === null) return { kind: 'none' };
  if (adapter.kind === 'full') return { kind: 'full' };
  return { kind: 'lora', rank: adapter.rank, alpha: adapter.alpha };
}

export const adapterInputs = (adapter: Adapter | null): Record<string, Float32Array> =>
  Object.fromEntries((adapter?.tensors ?? []).map((t) => [t.name, t.data]));

/** First entry of the random keys of an adapter's initial values, apart from those of sampling. */
const INIT_STREAM = 0x4c6f5241;

/**
 * The adapter that training starts from: A uniform in ±1/sqrt(in), B zero, so that the first policy is the base model
 * exactly (Hu et al. 2021).
 * @throws ModelError `MODEL_REQUEST` on a rank or alpha out of range
 */
export function initAdapter(c: DecoderConfig, { seed, rank, alpha }: LoraOptions): LoraTensors {
  if (!Number.isInteger(rank) || rank < 1 || rank > 512)
    throw new ModelError('MODEL_REQUEST', `lora rank is ${rank}, want a whole number from 1 to 512`);
  if (!(alpha > 0)) throw new ModelError('MODEL_REQUEST', `lora alpha is ${alpha}, want a number above 0`);
  const tensors = [...loraShapes(c, rank)].map(([name, shape], index): NamedTensor => {
    const [rows = 0, columns = 0] = shape;
    const data = new Float32Array(rows * columns);
    if (name.includes('.lora_A.')) {
      const bound = 1 / Math.sqrt(columns);
      for (let i = 0; i < data.length; i++)
        data[i] = (2 * uniform([INIT_STREAM, seed, index, i]) - 1) * bound;
    }
    return { name, shape, data };
  });
  return { kind: 'lora', rank, alpha, tensors };
}

/** Says in a file's metadata that it holds all weights of a model. */
export const FULL_WEIGHTS = { trained: 'full' } as const;

/** An adapter as PEFT's adapter_model.safetensors, all weights as model.safetensors; equal ones give equal bytes. */
export const encodeAdapter = (a: Adapter): Uint8Array =>
  writeSafetensors(a.tensors, {
    format: 'pt',
    ...(a.kind === 'full' ? FULL_WEIGHTS : { lora_rank: `${a.rank}`, lora_alpha: `${a.alpha}` }),
  });

/** @throws ModelError `MODEL_ADAPTER` naming the tensor that is missing or does not fit the model */
export function decodeAdapter(bytes: Uint8Array, c: DecoderConfig): Adapter {
  const { entries, metadata } = parseSafetensors(bytes, 'adapter');
  const tensorsOf = (shapes: ReadonlyMap<string, readonly number[]>): NamedTensor[] =>
    [...shapes].map(([name, shape]) => {
      const entry = entries.get(name);
      if (entry && entry.shape.join() === shape.join())
        return { name, shape, data: readTensor(bytes, entry) };
      throw new ModelError(
        'MODEL_ADAPTER',
        `adapter: ${name} is ${entry ? `[${entry.shape.join(',')}]` : 'missing'}, want [${shape.join(',')}]`,
      );
    });
  if (metadata['trained'] === FULL_WEIGHTS.trained)
    return { kind: 'full', tensors: tensorsOf(weightShapes(c)) };
  const [rank, alpha] = [Number(metadata['lora_rank']), Number(metadata['lora_alpha'])];
  if (!Number.isInteger(rank) || rank < 1 || !(alpha > 0))
    throw new ModelError('MODEL_ADAPTER', 'adapter: has no lora_rank and lora_alpha');
  return { kind: 'lora', rank, alpha, tensors: tensorsOf(loraShapes(c, rank)) };
}
