import { open } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { readInto } from '../read-chunk.js';
import { Cursor, NeedMoreBytes } from './cursor.js';
import { Metadata, readPairs } from './metadata.js';
import { readTensorInfos, type TensorInfo } from './tensor-infos.js';

/** What stands before the tensors' data, and where those lie. */
export interface GgufFile {
  readonly path: string;
  readonly version: number;
  readonly metadata: Metadata;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Bytes of the whole file. */
  readonly bytes: number;
}

const MAGIC = 'GGUF';
const VERSIONS: readonly number[] = [2, 3];
const DEFAULT_ALIGNMENT = 32;
const FIRST_WINDOW_BYTES = 1 << 20;
/** Vocabularies of 256,000 tokens with their merges take some 15 MB. */
const MAX_HEADER_BYTES = 1 << 28;
/** Length and bytes of a key, a type, the shortest value. */
const MIN_PAIR_BYTES = 8 + 4 + 1;
/** Length and bytes of a name, the number of dimensions, one dimension, type, offset. */
const MIN_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

/**
 * Reads the header of a GGUF file (version 2 or 3, little-endian; ggml's docs/gguf.md): metadata and tensor
 * infos. The tensors' data are not read.
 * @throws ModelError `MODEL_FILE` naming the file and what is wrong with it
 */
export async function readGguf(path: string): Promise<GgufFile> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ModelError('MODEL_FILE', `${path}: is no file, want a GGUF file`);
    let window = Math.min(FIRST_WINDOW_BYTES, stats.size);
    for (;;) {
      const bytes = new Uint8Array(window);
      if ((await readInto(file, 0, bytes)) < window)
        throw new ModelError('MODEL_FILE', `${path}: became shorter while it was read`);
      try {
        return parseGguf(bytes, stats.size, path);
      } catch (error) {
        if (!(error instanceof NeedMoreBytes)) throw error;
        window = nextWindow(error.end, window, stats.size, path);
      }
    }
  } finally {
    await file.close();
  }
}

function nextWindow(needed: number, window: number, fileBytes: number, path: string): number {
  if (needed > MAX_HEADER_BYTES) {
    throw new ModelError(
      'MODEL_FILE',
      `${path}: the header needs ${needed} bytes or more, want at most ${MAX_HEADER_BYTES}`,
    );
  }
  return Math.min(fileBytes, Math.max(needed, 4 * window));
}

/**
 * Reads the header from the first bytes of a file of `fileBytes` bytes.
 * @throws ModelError `MODEL_FILE`, NeedMoreBytes where the header goes on behind `bytes`
 */
export function parseGguf(bytes: Uint8Array, fileBytes: number, path: string): GgufFile {
  const cursor = new Cursor(bytes, fileBytes, path);
  checkMagic(bytes, cursor);
  cursor.u32('the magic');
  const version = cursor.u32('the version');
  if (!VERSIONS.includes(version)) throw cursor.error(`${badVersion(version)}, want 2 or 3`);
  const tensorCount = cursor.count('the number of tensors', MIN_TENSOR_BYTES);
  const pairCount = cursor.count('the number of metadata', MIN_PAIR_BYTES);
  const metadata = new Metadata(readPairs(cursor, pairCount), path);
  refuseSplit(metadata);
  const tensors = readTensorInfos(cursor, tensorCount, alignmentOf(metadata));
  return { path, version, metadata, tensors, bytes: fileBytes };
}

function checkMagic(bytes: Uint8Array, cursor: Cursor): void {
  const found = bytes.subarray(0, 4);
  const text = String.fromCharCode(...found);
  if (text === MAGIC) return;
  const hex = Buffer.from(found).toString('hex');
  throw cursor.error(
    `not a GGUF file: begins with ${JSON.stringify(text)} (${hex || 'no bytes'}), want "GGUF"`,
  );
}

function badVersion(version: number): string {
  // A big-endian file has its version in the upper half.
  return (version & 0xffff) === 0 && version !== 0 ? 'is a big-endian GGUF file' : `GGUF version ${version}`;
}

function refuseSplit(metadata: Metadata): void {
  const parts = metadata.whole('split.count', 0) ?? 1;
  if (parts > 1) throw metadata.error('split.count', 'a model in one file (merge its parts first)');
}

function alignmentOf(metadata: Metadata): number {
  const alignment = metadata.whole('general.alignment', 1) ?? DEFAULT_ALIGNMENT;
  if (Number.isInteger(Math.log2(alignment))) return alignment;
  throw metadata.error('general.alignment', 'a power of two');
}
