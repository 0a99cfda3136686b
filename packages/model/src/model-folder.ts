import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ModelError } from './errors.js';
import { fileKind } from './file-kind.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const SHARD = /^model-\d{5}-of-(\d{5})\.safetensors$/;

/** The weight files of a model folder. */
export interface WeightPaths {
  /** In name order. */
  readonly paths: readonly string[];
  /** File of each tensor as the index says; null without an index. */
  readonly index: ReadonlyMap<string, string> | null;
}

const GGUF = { name: /\.gguf$/i, advice: 'a GGUF file, of which `residency import` makes a model folder' };

/** What folders that are no Hugging Face model have, and what to do about each. */
const OTHERS: readonly { readonly name: RegExp; readonly advice: string }[] = [
  GGUF,
  { name: /^adapter_model\./, advice: 'an adapter: want the model that it was trained on' },
  {
    name: /\.(bin|pth?|ckpt)$/,
    advice: "PyTorch weights: save the model as safetensors with transformers' save_pretrained",
  },
  { name: /\.safetensors$/, advice: `weights under another name: want ${SINGLE}, or all shards` },
];

/** `; has x.gguf, a GGUF file, ...` of a path that is no model folder; empty where nothing known is there. */
export async function whatElse(modelDir: string): Promise<string> {
  const names = await readdir(modelDir).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOTDIR' ? null : [],
  );
  if (names === null) {
    const isGguf = GGUF.name.test(modelDir);
    return `; ${modelDir} is ${isGguf ? GGUF.advice : 'a file, want a model folder'}`;
  }
  for (const { name, advice } of OTHERS) {
    const found = names.filter((n) => name.test(n)).sort();
    if (found[0] !== undefined) return `; has ${found[0]}, ${advice}`;
  }
  return '';
}

/**
 * Finds the weight files of a folder: model.safetensors, the shards of model.safetensors.index.json, or a
 * full set of numbered shards without an index. Other files (consolidated.safetensors, adapters) are passed
 * over.
 * @throws ModelError `MODEL_FILE` naming the file that is missing, broken or one too many
 */
export async function findWeights(modelDir: string): Promise<WeightPaths> {
  const names = await readdir(modelDir).catch(async (cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${modelDir}: cannot be read${await whatElse(modelDir)}`, { cause });
  });
  const have = new Set(names);
  if (!have.has(INDEX)) {
    const files = have.has(SINGLE) ? [SINGLE] : shardsOf(names);
    if (files.length > 0) return { paths: files.map((n) => join(modelDir, n)), index: null };
    throw new ModelError('MODEL_FILE', `${modelDir}: has no ${SINGLE}${await whatElse(modelDir)}`);
  }
  const index = await readIndex(join(modelDir, INDEX));
  const files = [...new Set(index.values())].sort();
  const missing = files.find((n) => !have.has(n));
  if (missing !== undefined)
    throw new ModelError('MODEL_FILE', `${join(modelDir, missing)}: is missing, ${INDEX} names it`);
  if (have.has(SINGLE) && !files.includes(SINGLE)) {
    throw new ModelError(
      'MODEL_FILE',
      `${modelDir}: has both ${SINGLE} and an ${INDEX} that does not name it: remove the one that is old`,
    );
  }
  return { paths: files.map((n) => join(modelDir, n)), index };
}

/** Numbered shards, when all that their names promise are there; none otherwise. */
function shardsOf(names: readonly string[]): string[] {
  const shards = names.filter((n) => SHARD.test(n)).sort();
  const count = Number(SHARD.exec(shards[0] ?? '')?.[1] ?? 0);
  return shards.length === count ? shards : [];
}

async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ModelError('MODEL_FILE', `${path}: is ${fileKind(bytes) ?? 'not JSON'}`, { cause });
  }
  const map = Object.entries(Object(Object(json).weight_map)); // empty unless both are objects
  const index = new Map<string, string>();
  for (const [name, file] of map) {
    // A file elsewhere would be read with this service's rights and be none of this model.
    if (typeof file !== 'string' || basename(file) !== file || !file.endsWith('.safetensors'))
      throw new ModelError(
        'MODEL_FILE',
        `${path}: weight_map puts ${name} into ${JSON.stringify(file)}, want a .safetensors file beside it`,
      );
    index.set(name, file);
  }
  if (index.size === 0) throw new ModelError('MODEL_FILE', `${path}: want a weight_map of tensors to files`);
  return index;
}
