import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ModelError } from './errors.js';
import { fromHalves } from './half.js';
import { encodeHeader, readHeader, type TensorEntry } from './safetensors.js';
import { checkSpace, makeOnce } from './weight-cache.js';

/** A tensor and the file that it is in. */
export interface Located {
  readonly path: string;
  readonly entry: TensorEntry;
}

/** Bytes that are read at once. */
const CHUNK_BYTES = 4 * 2 ** 20;
/** Changes when the layout of cached files does. */
const CACHE_FORMAT = 1;

/**
 * Tensors as one f32 safetensors file in a cache folder, written once for all processes. Memory does not grow
 * with the model.
 * @param sha256 identity of the files that they are from
 * @throws ModelError `MODEL_FILE` where the disk is too small, or a file ends early
 */
export async function widen(folder: string, sha256: string, tensors: readonly Located[]): Promise<Located[]> {
  const spelled = tensors.map(({ entry }) => `${entry.name}[${entry.shape.join(',')}]`).join(';');
  const key = createHash('sha256').update(`${CACHE_FORMAT}\n${sha256}\n${spelled}`).digest('hex');
  const path = join(folder, `${key}.f32.safetensors`);
  const header = await makeOnce({
    path,
    read: () => readHeader(path).catch(() => null),
    write: async (to, beat) => {
      const bytes = tensors.reduce((n, { entry }) => n + elements(entry) * 4, 0);
      await checkSpace(folder, bytes);
      await pipeline(
        widenedBytes(tensors, beat),
        createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true }),
      );
    },
  });
  return [...header.entries.values()].map((entry) => ({ path, entry }));
}

const elements = ({ shape }: TensorEntry): number => shape.reduce((n, d) => n * d, 1);

async function* widenedBytes(
  tensors: readonly Located[],
  beat: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield encodeHeader(
    tensors.map(({ entry }) => entry),
    {},
    'F32',
  );
  const files = new Map<string, FileHandle>();
  try {
    for (const { path, entry } of tensors) {
      const file = files.get(path) ?? (await open(path, 'r'));
      files.set(path, file);
      for (let at = 0; at < entry.bytes; at += CHUNK_BYTES) {
        await beat();
        const length = Math.min(CHUNK_BYTES, entry.bytes - at);
        yield asFloats(await readChunk(file, path, entry.offset + at, length), entry.dtype);
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

async function readChunk(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunk = new Uint8Array(length);
  for (let have = 0; have < length; ) {
    const { bytesRead } = await file.read(chunk, have, length - have, offset + have);
    if (bytesRead === 0) throw new ModelError('MODEL_FILE', `${path}: ends at byte ${offset + have}`);
    have += bytesRead;
  }
  return chunk;
}

function asFloats(chunk: Uint8Array<ArrayBuffer>, dtype: TensorEntry['dtype']): Uint8Array {
  if (dtype === 'F32') return chunk;
  if (dtype !== 'F16' && dtype !== 'BF16') throw new TypeError(`internal: ${dtype} is not widened`);
  const floats = fromHalves(new Uint16Array(chunk.buffer), dtype);
  return new Uint8Array(floats.buffer);
}
