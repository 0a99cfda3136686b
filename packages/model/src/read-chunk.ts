import type { FileHandle } from 'node:fs/promises';
import { ModelError } from './errors.js';

/** Fills `bytes` from an offset; returns how many there were before the file ended. */
export async function readInto(file: FileHandle, offset: number, bytes: Uint8Array): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Reads `length` bytes at an offset of the file at `path`. @throws ModelError `MODEL_FILE` where it ends before */
export async function readChunk(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunk = new Uint8Array(length);
  const found = await readInto(file, offset, chunk);
  if (found < length) throw new ModelError('MODEL_FILE', `${path}: ends at byte ${offset + found}`);
  return chunk;
}
