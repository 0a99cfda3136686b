import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { type NamedTensor, parseSafetensors, readTensor } from '../safetensors.js';
import { unreadable } from './json-file.js';
import { readPeftConfig } from './peft-config.js';

/** The adapter of one linear module, y = W x + scale B A x (Hu et al. 2021). */
export interface LoraPair {
  /** Name of the module as Hugging Face names it: `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** `[rank, in]` */
  readonly a: NamedTensor;
  /** `[out, rank]` */
  readonly b: NamedTensor;
}

/** A LoRA adapter of any decoder, as its file says. */
export interface LoraAdapter {
  readonly rank: number;
  readonly alpha: number;
  /** What B A is multiplied by: alpha / rank, or alpha / sqrt(rank) where PEFT's `use_rslora` says so. */
  readonly scale: number;
  /** In the order of the file. */
  readonly pairs: readonly LoraPair[];
}

const NAME = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/;

/**
 * Reads an adapter: a safetensors file with rank and alpha in its metadata, as the engine and its checkpoints
 * write it, or a folder as PEFT saves it.
 * @throws ModelError `MODEL_FILE` (missing, damaged), `MODEL_ADAPTER` (no LoRA adapter, or of a kind that is
 * not supported)
 */
export async function readLoraAdapter(path: string): Promise<LoraAdapter> {
  const isFolder = (await stat(path).catch(unreadable(path))).isDirectory();
  const file = isFolder ? join(path, 'adapter_model.safetensors') : path;
  const bytes = await readFile(file).catch(unreadable(file));
  return isFolder
    ? { ...(await readPeftConfig(path)), pairs: pairsOf(bytes, file) }
    : parseLoraAdapter(bytes, file);
}

/**
 * Reads an adapter from the bytes of a safetensors file with rank and alpha in its metadata.
 * @throws ModelError `MODEL_FILE`, `MODEL_ADAPTER`
 */
export function parseLoraAdapter(bytes: Uint8Array, what: string): LoraAdapter {
  const { metadata } = parseSafetensors(bytes, what);
  const [rank, alpha] = [Number(metadata['lora_rank']), Number(metadata['lora_alpha'])];
  if (!Number.isInteger(rank) || rank < 1 || !(alpha > 0 && alpha < Number.POSITIVE_INFINITY))
    throw new ModelError('MODEL_ADAPTER', `${what}: no LoRA tensors with rank and alpha, want an adapter`);
  const adapter = { rank, alpha, scale: alpha / rank, pairs: pairsOf(bytes, what) };
  const other = adapter.pairs.find(({ a }) => a.shape[0] !== rank);
  if (other)
    throw new ModelError(
      'MODEL_ADAPTER',
      `${what}: ${other.a.name} has rank ${other.a.shape[0]}, want ${rank} as the file's lora_rank`,
    );
  return adapter;
}

function pairsOf(bytes: Uint8Array, what: string): LoraPair[] {
  const bad = (message: string): ModelError => new ModelError('MODEL_ADAPTER', `${what}: ${message}`);
  const { entries, metadata } = parseSafetensors(bytes, what);
  // A checkpoint holds an adapter and its moments.
  const isOwn = (name: string): boolean => !('checkpoint_version' in metadata) || !/^[mv]\./.test(name);
  const halves = new Map<string, { a?: NamedTensor; b?: NamedTensor }>();
  for (const entry of [...entries.values()].filter(({ name }) => isOwn(name))) {
    const [, module, part] = NAME.exec(entry.name) ?? [];
    if (module === undefined || entry.shape.length !== 2)
      throw bad(`${entry.name} is [${entry.shape.join(',')}], want only the matrices of LoRA pairs`);
    const tensor = { name: entry.name, shape: entry.shape, data: readTensor(bytes, entry) };
    halves.set(module, { ...halves.get(module), [part === 'A' ? 'a' : 'b']: tensor });
  }
  if (halves.size === 0) throw bad('no LoRA tensors with rank and alpha, want an adapter');
  return [...halves].map(([module, { a, b }]) => {
    if (!a || !b) throw bad(`${module} has lora_${a ? 'A' : 'B'} alone, want both`);
    if (a.shape[0] !== b.shape[1])
      throw bad(`${module}: lora_A is [${a.shape.join(',')}], lora_B [${b.shape.join(',')}], want one rank`);
    return { module, a, b };
  });
}
