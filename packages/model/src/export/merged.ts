import { copyFile, type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFolderAtomically } from '../atomic-write.js';
import { encodeHeader } from '../safetensors.js';
import { BYTES_PER_VALUE, type WeightDType } from '../weight-dtype.js';
import { type BaseModel, checkFit, readBaseModel } from './base-model.js';
import type { LoraAdapter } from './lora-adapter.js';
import { type MergedWeight, mergedBytes, valuesOf } from './merged-weight.js';
import { checkReplaces, type TrainedWeights } from './trained-weights.js';

export interface MergedExport {
  /** Hugging Face folder of the base model. */
  readonly baseDir: string;
  /** What is merged into the base weights, or what stands in their place. */
  readonly adapter: LoraAdapter | TrainedWeights;
  /** A new or empty folder. */
  readonly outDir: string;
  readonly dtype: WeightDType;
  /** Weights of more bytes are cut into several files. @defaultValue 5e9, as in transformers 4 */
  readonly maxShardBytes?: number;
  readonly signal?: AbortSignal;
}

export interface MergedSummary {
  /** Names of the weight files, in order. */
  readonly files: readonly string[];
  /** Bytes of all weights. */
  readonly bytes: number;
  readonly weights: number;
}

const TORCH_NAMES: Readonly<Record<WeightDType, string>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};

/**
 * Writes a model with an adapter merged into its weights, W + scale B A (Hu et al. 2021, section 4.1), or with trained weights, as a
 * Hugging Face folder: the weights in one type, config.json with that type, tokenizer, generation settings
 * and licence as they are. Holds a few rows of one weight in memory. A tied head stays tied.
 * @throws ModelError `MODEL_FILE`, `MODEL_WEIGHT`; `MODEL_ADAPTER` where the adapter does not fit;
 * `MODEL_NUMERIC` where a value has no place in the type; the signal's reason where it aborts. Then `outDir`
 * is as it was
 */
export async function exportMerged(request: MergedExport): Promise<MergedSummary> {
  const { baseDir, adapter, outDir, dtype, maxShardBytes = 5e9, signal } = request;
  const base = await readBaseModel(baseDir);
  const merged =
    'pairs' in adapter ? mergedWeights(base, adapter, dtype) : replacedWeights(base, adapter, dtype);
  const shards = shardsOf(merged, maxShardBytes);
  const names = shards.map((_, i) => shardName(i, shards.length));
  const bytes = shards.flat().reduce((n, merged) => n + bytesOf(merged), 0);
  await writeFolderAtomically(outDir, async (dir) => {
    await writeFile(join(dir, 'config.json'), withDType(base.configText, dtype));
    for (const name of base.companions) await copyFile(join(baseDir, name), join(dir, name));
    for (const [i, shard] of shards.entries())
      await writeFile(join(dir, names[i] ?? ''), shardBytes(shard, dtype, signal), { flag: 'wx' });
    if (shards.length > 1)
      await writeFile(join(dir, 'model.safetensors.index.json'), indexOf(shards, names, bytes));
  });
  return { files: names, bytes, weights: base.weights.length };
}

/** The base's weights in its order, with the bytes of the trained ones. */
function replacedWeights(base: BaseModel, trained: TrainedWeights, dtype: WeightDType): MergedWeight[] {
  checkReplaces(trained, base);
  return base.weights.map(({ name }) => {
    const weight = trained.weights.get(name);
    if (weight === undefined) throw new TypeError(`internal: ${name} was checked to be there`);
    return { weight, pair: undefined, scale: 1, dtype };
  });
}

function mergedWeights(base: BaseModel, adapter: LoraAdapter, dtype: WeightDType): MergedWeight[] {
  checkFit(adapter, base);
  const { pairs, scale } = adapter;
  const byWeight = new Map(pairs.map((pair) => [`${pair.module}.weight`, pair]));
  return base.weights.map((weight) => ({ weight, pair: byWeight.get(weight.name), scale, dtype }));
}

const bytesOf = ({ weight, dtype }: MergedWeight): number => valuesOf(weight.shape) * BYTES_PER_VALUE[dtype];

/** Weights in their order, each shard as many as its limit allows, and one at least. */
function shardsOf(all: readonly MergedWeight[], maxBytes: number): MergedWeight[][] {
  const shards: MergedWeight[][] = [];
  let room = 0;
  for (const merged of all) {
    const bytes = bytesOf(merged);
    if (shards.length === 0 || bytes > room) {
      shards.push([]);
      room = maxBytes;
    }
    shards.at(-1)?.push(merged);
    room -= bytes;
  }
  return shards;
}

/** As transformers names them. */
function shardName(index: number, count: number): string {
  const five = (n: number): string => `${n}`.padStart(5, '0');
  return count === 1 ? 'model.safetensors' : `model-${five(index + 1)}-of-${five(count)}.safetensors`;
}

/** A safetensors file of weights of one type. */
async function* shardBytes(
  shard: readonly MergedWeight[],
  dtype: WeightDType,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield encodeHeader(
    shard.map(({ weight }) => weight),
    { format: 'pt' },
    dtype,
  );
  const files = new Map<string, FileHandle>();
  try {
    for (const merged of shard) {
      const { path } = merged.weight;
      const file = files.get(path) ?? (await open(path, 'r'));
      files.set(path, file);
      for await (const chunk of mergedBytes(file, merged)) {
        signal?.throwIfAborted();
        yield chunk;
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

function indexOf(shards: readonly MergedWeight[][], names: readonly string[], bytes: number): string {
  const map = shards.flatMap((shard, i) => shard.map(({ weight }) => [weight.name, names[i]]));
  const index = { metadata: { total_size: bytes }, weight_map: Object.fromEntries(map) };
  return `${JSON.stringify(index, null, 2)}\n`;
}

/**
 * A config.json with another type of weights. The text is edited, not written anew: a JavaScript number
 * forgets whether it was spelled 1.0 or 1, and Python does not.
 */
function withDType(text: string, dtype: WeightDType): string {
  const name = `"${TORCH_NAMES[dtype]}"`;
  const known = /("(?:torch_)?dtype"\s*:\s*)(?:"[^"]*"|null)/g;
  return known.test(text)
    ? text.replace(known, `$1${name}`)
    : text.replace(/\{(\s*)(?=")/, `{$1"torch_dtype": ${name},$1`);
}
