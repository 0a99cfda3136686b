import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readChunk } from './read-chunk.js';
import { encodeHeader, readHeader, type TensorEntry } from './safetensors.js';
import { checkSpace, makeOnce } from './weight-cache.js';
import { BYTES_PER_VALUE, isWeightDType, narrow, type WeightDType, widen } from './weight-dtype.js';

/** A tensor and the file that it is in. */
export interface Located {
  readonly path: string;
  readonly entry: TensorEntry;
}

/** Bytes that are read at once. */
const CHUNK_BYTES = 4 * 2 ** 20;
/** Changes when the layout of cached files does. */
const CACHE_FORMAT = 1;

/** Where tensors are from, and the type that they are wanted in. */
export interface WantedWeights {
  /** Identity of the files that they are from. */
  readonly sha256: string;
  readonly tensors: readonly Located[];
  readonly dtype: WeightDType;
}

/**
 * Tensors as one safetensors file of a type in a cache folder, written once for all processes. Memory does not grow with the
 * model. Widening is exact; narrowing rounds to nearest, ties to even.
 * @throws ModelError `MODEL_FILE` where the disk is too small, or a file ends early
 */
export async function storeWeights(folder: string, wanted: WantedWeights): Promise<Located[]> {
  const { sha256, tensors, dtype } = wanted;
  const spelled = tensors.map(({ entry }) => `${entry.name}[${entry.shape.join(',')}]`).join(';');
  const key = createHash('sha256').update(`${CACHE_FORMAT}\n${sha256}\n${spelled}`).digest('hex');
  const path = join(folder, `${key}.${dtype.toLowerCase()}.safetensors`);
  const header = await makeOnce({
    path,
    read: () => readHeader(path).catch(() => null),
    write: async (to, beat) => {
      const bytes = tensors.reduce((n, { entry }) => n + elements(entry) * BYTES_PER_VALUE[dtype], 0);
      await checkSpace(folder, bytes);
      await pipeline(
        storedBytes(wanted, beat),
        createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true }),
      );
    },
  });
  return [...header.entries.values()].map((entry) => ({ path, entry }));
}

const elements = ({ shape }: TensorEntry): number => shape.reduce((n, d) => n * d, 1);

async function* storedBytes(
  { tensors, dtype }: WantedWeights,
  beat: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield encodeHeader(
    tensors.map(({ entry }) => entry),
    {},
    dtype,
  );
  const files = new Map<string, FileHandle>();
  try {
    for (const { path, entry } of tensors) {
      const file = files.get(path) ?? (await open(path, 'r'));
      files.set(path, file);
      for (let at = 0; at < entry.bytes; at += CHUNK_BYTES) {
        await beat();
        const length = Math.min(CHUNK_BYTES, entry.bytes - at);
        const chunk = await readChunk(file, path, entry.offset + at, length);
        yield entry.dtype === dtype ? chunk : narrow(floatsOf(chunk, entry.dtype), dtype);
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

function floatsOf(chunk: Uint8Array<ArrayBuffer>, dtype: TensorEntry['dtype']): Float32Array {
  if (!isWeightDType(dtype)) throw new TypeError(`internal: ${dtype} is no type of weights`);
  return widen(chunk, dtype);
}
