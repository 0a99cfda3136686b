import { open, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Precision, WeightFiles, WeightLocation } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import { ModelError } from './errors.js';
import { findWeights, type WeightPaths } from './model-folder.js';
import { EMBEDDING, HEAD, weightShapes } from './parameters.js';
import { readChunk } from './read-chunk.js';
import { readHeader } from './safetensors.js';
import { type Located, storeWeights } from './stored-weights.js';
import { cacheFolder } from './weight-cache.js';
import { isWeightDType, type WeightDType } from './weight-dtype.js';
import { hashFiles } from './weight-identity.js';

/** The weights of a model on disk: every one located, all under one folder. */
export interface ModelWeights {
  readonly files: WeightFiles;
  /** SHA-256 over the weight files in name order: the identity of the base model. */
  readonly sha256: string;
}

export interface WeightOptions {
  /**
   * Folder for what is derived from weights: 16-bit ones as f32, and remembered hashes. By default the
   * system's temporary folder. In it a folder of this user's own is made.
   */
  readonly cacheDir?: string | undefined;
  /** Type that programs read weights in. @defaultValue `f32` */
  readonly precision?: Precision;
}

const STORED: Readonly<Record<Precision, WeightDType>> = { f32: 'F32', f16: 'F16', bf16: 'BF16' };

/**
 * Locates the weights of a Hugging Face folder: model.safetensors, or shards. Files of the precision
 * that is asked for are used in place, links followed, as snapshots of the Hugging Face cache need; others are converted
 * once into a cache folder, named by their hash.
 *
 * Passed over: tensors outside `model.` (value heads and such), rotary `inv_freq` buffers, and the head of a
 * tied model where it equals the embedding. Any other tensor that the decoder does not have is refused, for
 * config.json then describes another model: fewer layers, or no biases.
 * @throws ModelError `MODEL_FILE` (no weight files, a file that is missing, cut short or of another kind),
 * `MODEL_WEIGHT` naming the tensor that is missing, one too many, in two files, or of another shape or type
 */
export async function openWeights(
  modelDir: string,
  config: DecoderConfig,
  options: WeightOptions = {},
): Promise<ModelWeights> {
  const { paths: named, index } = await findWeights(modelDir);
  const paths = await Promise.all(named.map(resolved));
  const found = await locate({ paths, index });
  const shapes = weightShapes(config);
  const needed = [...shapes].map(([name, shape]) => check(name, shape, found.get(name), modelDir, config));
  for (const { path, entry } of found.values()) {
    const { name } = entry;
    const isKnown = shapes.has(name) || !name.startsWith('model.') || name.endsWith('.rotary_emb.inv_freq');
    if (!isKnown)
      throw new ModelError(
        'MODEL_WEIGHT',
        `${path}: tensor ${name} has no place in the ${config.family} decoder that config.json describes`,
      );
  }
  if (config.isTied) await checkTied(found);
  // A folder that cannot be used costs time where weights are used in place, and stops who must widen them.
  const folder = cacheFolder(options.cacheDir);
  const sha256 = await hashFiles(paths, await folder.catch(() => null));
  const { precision = 'f32' } = options;
  const dtype = STORED[precision];
  const isPlain = needed.every((n) => n.entry.dtype === dtype);
  const stored = isPlain ? needed : await storeWeights(await folder, { sha256, tensors: needed, dtype });
  return { files: inPlace(stored, precision), sha256 };
}

const resolved = (path: string): Promise<string> =>
  realpath(path).catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });

async function locate({ paths, index }: WeightPaths): Promise<ReadonlyMap<string, Located>> {
  const found = new Map<string, Located>();
  for (const path of paths) {
    for (const [name, entry] of (await readHeader(path)).entries) {
      const other = found.get(name);
      if (other)
        throw new ModelError('MODEL_WEIGHT', `${path}: tensor ${name} is in ${basename(other.path)} too`);
      found.set(name, { path, entry });
    }
  }
  for (const [name, file] of index ?? []) {
    if (!found.has(name))
      throw new ModelError('MODEL_WEIGHT', `${file}: has no tensor ${name}, which the index puts there`);
  }
  return found;
}

function check(
  name: string,
  shape: readonly number[],
  found: Located | undefined,
  modelDir: string,
  config: DecoderConfig,
): Located {
  const want = `want [${shape.join(',')}]`;
  if (!found) {
    const why = name === HEAD ? ', as tie_word_embeddings is false' : '';
    throw new ModelError('MODEL_WEIGHT', `${modelDir}: tensor ${name} is missing, ${want}${why}`);
  }
  const { entry, path } = found;
  if (entry.shape.length !== shape.length || entry.shape.some((d, i) => d !== shape[i])) {
    const isVocabulary = (name === EMBEDDING || name === HEAD) && entry.shape[0] !== config.vocab;
    const why = isVocabulary ? `, as vocab_size of config.json is ${config.vocab}` : '';
    throw new ModelError(
      'MODEL_WEIGHT',
      `${path}: tensor ${name} is [${entry.shape.join(',')}], ${want}${why}`,
    );
  }
  if (!isWeightDType(entry.dtype)) {
    throw new ModelError(
      'MODEL_WEIGHT',
      `${path}: tensor ${name} has dtype ${entry.dtype}, want F32, F16 or BF16 (not quantized)`,
    );
  }
  return found;
}

/** Bytes of two tensors that are compared at once. */
const COMPARED_BYTES = 4 * 2 ** 20;

/**
 * @throws ModelError `MODEL_WEIGHT` where a tied model has a head all the same, and another than its
 * embedding
 */
async function checkTied(found: ReadonlyMap<string, Located>): Promise<void> {
  const [head, embedding] = [found.get(HEAD), found.get(EMBEDDING)];
  if (!head || !embedding || (await isEqual(head, embedding))) return;
  throw new ModelError(
    'MODEL_WEIGHT',
    `${head.path}: tensor ${HEAD} differs from ${EMBEDDING}: want tie_word_embeddings false in config.json`,
  );
}

async function isEqual(a: Located, b: Located): Promise<boolean> {
  if (a.entry.dtype !== b.entry.dtype || a.entry.bytes !== b.entry.bytes) return false;
  const [left, right] = [await open(a.path, 'r'), await open(b.path, 'r')];
  try {
    for (let at = 0; at < a.entry.bytes; at += COMPARED_BYTES) {
      const length = Math.min(COMPARED_BYTES, a.entry.bytes - at);
      const x = await readChunk(left, a.path, a.entry.offset + at, length);
      const y = await readChunk(right, b.path, b.entry.offset + at, length);
      if (Buffer.compare(x, y) !== 0) return false;
    }
    return true;
  } finally {
    await left.close();
    await right.close();
  }
}

/**
 * Weights where they are, under the deepest folder that holds all: ONNX Runtime refuses paths that leave it.
 */
function inPlace(needed: readonly Located[], dtype: Precision): WeightFiles {
  const folders = needed.map(({ path }) => dirname(path).split(sep));
  const [first = []] = folders;
  let depth = 0;
  while (depth < first.length && folders.every((f) => f[depth] === first[depth])) depth++;
  const folder = join(sep, ...first.slice(0, depth));
  const locations = needed.map(({ path, entry }): [string, WeightLocation] => [
    entry.name,
    { file: relative(folder, path), offset: entry.offset, bytes: entry.bytes, dtype },
  ]);
  return { folder, locations: new Map(locations) };
}
