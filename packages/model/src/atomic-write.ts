import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ModelError } from './errors.js';

const unwritable = (path: string, cause: unknown): ModelError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ModelError('MODEL_FILE', `${path}: cannot be written: ${reason}`, { cause });
};

/** For `catch`: what the file system refused, with the path. */
const failed =
  (path: string) =>
  (cause: unknown): never => {
    throw unwritable(path, cause);
  };

/** True of what a call of the operating system was refused with, a full disk for instance. */
const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

/** Beside its target, so that both lie on one file system; of its own, so that writers do not meet. */
const temporaryOf = (path: string): string => `${path}.${randomUUID()}.tmp`;

/**
 * Writes a file so that its path holds the old contents or the new ones, whole, whenever the process or the
 * machine stops: written beside it, flushed to the disk and renamed. A process that is killed leaves a file
 * `<path>.<random>.tmp` behind.
 * @param chunks the contents, in order; what they throw is thrown, and the path is left as it was
 * @throws ModelError `MODEL_FILE`
 */
export async function writeFileAtomically(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = temporaryOf(path);
  const file = await open(temporary, 'wx').catch(failed(path));
  try {
    try {
      for await (const chunk of chunks) await writeAll(file, chunk).catch(failed(path));
      await file.sync().catch(failed(path));
    } finally {
      await file.close();
    }
    await rename(temporary, path).catch(failed(path));
    await syncPath(dirname(path)).catch(failed(path));
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Writes a folder so that its path holds all of its files or does not exist: filled beside it, flushed and
 * renamed.
 * @param fill writes the files into the folder that it is given; what it throws is thrown, and nothing is
 * left
 * @throws ModelError `MODEL_FILE`, also where the folder exists and is not empty, or `fill` meets a full disk
 */
export async function writeFolderAtomically(
  dir: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = resolve(dir);
  const present = await readdir(target).catch(() => []);
  if (present.length > 0)
    throw new ModelError('MODEL_FILE', `${dir}: holds ${present.length} files, want a new or empty folder`);
  const temporary = temporaryOf(target);
  await mkdir(temporary, { recursive: true }).catch(failed(dir));
  try {
    await fill(temporary).catch((error: unknown) => {
      throw isSystemError(error) ? unwritable(dir, error) : error;
    });
    const entries = await readdir(temporary, { recursive: true, withFileTypes: true });
    for (const entry of entries) await syncPath(join(entry.parentPath, entry.name)).catch(failed(dir));
    await syncPath(temporary).catch(failed(dir));
    await rename(temporary, target).catch(failed(dir));
    await syncPath(dirname(target)).catch(failed(dir));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** One write call may take only a part. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

/** A rename is durable once the folder that holds it is. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
