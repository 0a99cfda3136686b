import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { WeightFiles, WeightLocation } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import { ModelError } from './errors.js';
import { weightShapes } from './parameters.js';
import {
  type NamedTensor,
  readHeader,
  readTensor,
  type TensorEntry,
  writeSafetensors,
} from './safetensors.js';

/** The weights of a model on disk: every one located, all in one folder. */
export interface ModelWeights {
  readonly files: WeightFiles;
  /** SHA-256 over the weight files in name order: the identity of the base model. */
  readonly sha256: string;
}

interface Located {
  readonly path: string;
  readonly entry: TensorEntry;
}

/**
 * Locates the weights of a Hugging Face folder (one model.safetensors or shards). f32 files are used in place; 16-bit
 * files are widened once into a cache folder, named by their hash.
 * @throws ModelError `MODEL_FILE` (no weight files), `MODEL_WEIGHT` naming a tensor that is missing or has another shape
 */
export async function openWeights(modelDir: string, config: DecoderConfig): Promise<ModelWeights> {
  const paths = await weightFiles(modelDir);
  const found = new Map<string, Located>();
  for (const path of paths) {
    for (const [name, entry] of (await readHeader(path)).entries) found.set(name, { path, entry });
  }
  const needed = [...weightShapes(config)].map(([name, shape]) =>
    check(name, shape, found.get(name), modelDir),
  );
  const sha256 = await hashFiles(paths);
  const isPlain = needed.every((n) => n.entry.dtype === 'F32');
  const files = isPlain ? inPlace(modelDir, needed) : await widened(sha256, needed);
  return { files, sha256 };
}

async function weightFiles(modelDir: string): Promise<string[]> {
  const names = await readdir(modelDir).catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${modelDir}: cannot be read`, { cause });
  });
  const paths = names
    .filter((n) => n.endsWith('.safetensors'))
    .sort()
    .map((n) => join(modelDir, n));
  if (paths.length === 0) throw new ModelError('MODEL_FILE', `${modelDir}: has no .safetensors file`);
  return paths;
}

function check(
  name: string,
  shape: readonly number[],
  found: Located | undefined,
  modelDir: string,
): Located {
  if (!found)
    throw new ModelError('MODEL_WEIGHT', `${modelDir}: tensor ${name} is missing, want [${shape.join(',')}]`);
  const { entry, path } = found;
  if (entry.shape.length !== shape.length || entry.shape.some((d, i) => d !== shape[i])) {
    throw new ModelError(
      'MODEL_WEIGHT',
      `${path}: tensor ${name} is [${entry.shape.join(',')}], want [${shape.join(',')}]`,
    );
  }
  return found;
}

function inPlace(folder: string, needed: readonly Located[]): WeightFiles {
  const locations = needed.map(({ path, entry }): [string, WeightLocation] => [
    entry.name,
    { file: basename(path), offset: entry.offset, bytes: entry.bytes },
  ]);
  return { folder, locations: new Map(locations) };
}

async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash: Hash = createHash('sha256');
  for (const path of paths)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array); // no encoding is set
  return hash.digest('hex');
}

/** Changes when the layout of cached files does. */
const CACHE_FORMAT = 1;

async function widened(sha256: string, needed: readonly Located[]): Promise<WeightFiles> {
  const folder = await cacheFolder();
  const tensors = needed.map((n) => `${n.entry.name}[${n.entry.shape.join(',')}]`).join(';');
  const key = createHash('sha256').update(`${CACHE_FORMAT}\n${sha256}\n${tensors}`).digest('hex');
  const path = join(folder, `${key}.f32.safetensors`);
  const cached = await readHeader(path).catch(() => null);
  if (!cached) {
    // Written beside and renamed: several services of one machine may do this at once.
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, writeSafetensors(await readAll(needed)));
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
  const { entries } = cached ?? (await readHeader(path));
  return inPlace(
    folder,
    [...entries.values()].map((entry) => ({ path, entry })),
  );
}

/** A folder of this user's own: what another user could write must not be taken for weights. */
async function cacheFolder(): Promise<string> {
  const user = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `residency-weights-${user}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid } = await stat(folder);
  if (process.getuid && uid !== user)
    throw new ModelError('MODEL_FILE', `${folder}: belongs to user ${uid}, want ${user}`);
  return folder;
}

async function readAll(needed: readonly Located[]): Promise<NamedTensor[]> {
  const contents = new Map<string, Uint8Array>();
  const tensors: NamedTensor[] = [];
  for (const { path, entry } of needed) {
    const bytes = contents.get(path) ?? (await readFile(path));
    contents.set(path, bytes);
    tensors.push({ name: entry.name, shape: entry.shape, data: readTensor(bytes, entry) });
  }
  return tensors;
}
