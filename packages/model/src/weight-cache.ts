import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ModelError } from './errors.js';

/** How often who waits for another process looks again. */
const POLL_MS = 200;
/** Silence after which the maker of a file is taken for dead. */
const STALE_MS = 30_000;
const MIB = 2 ** 20;

/**
 * The folder of this user's derived files, made where it is missing; it may be emptied whenever no model is
 * open.
 * @param cacheDir folder to make it in; by default the system's temporary folder
 * @throws ModelError `MODEL_FILE` where it cannot be made or another user could write it: that would be no
 * weights
 */
export async function cacheFolder(cacheDir: string = tmpdir()): Promise<string> {
  const user = process.getuid?.() ?? 0;
  const folder = join(cacheDir, `residency-weights-${user}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ModelError('MODEL_FILE', `${folder}: cannot be made`, { cause });
  }
  const { uid } = await stat(folder);
  if (process.getuid && uid !== user)
    throw new ModelError('MODEL_FILE', `${folder}: belongs to user ${uid}, want ${user}`);
  return folder;
}

/** @throws ModelError `MODEL_FILE` where a folder's disk has less free than a file will take */
export async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  const [free, want] = [bavail * bsize, bytes].map((n) => Math.ceil(n / MIB));
  throw new ModelError('MODEL_FILE', `${folder}: has ${free} MiB free, the weights as f32 need ${want} MiB`);
}

function unwritable(path: string, cause: unknown): ModelError {
  const { message } = cause as Error; // node throws nothing else
  return new ModelError('MODEL_FILE', `${path}: cannot be written (${message})`, { cause });
}

export interface Making<T> {
  readonly path: string;
  /** What the file gives, or null where it is not there or broken. */
  read(): Promise<T | null>;
  /** Writes it to a path beside; calls `beat` at least every few seconds. */
  write(path: string, beat: () => Promise<void>): Promise<void>;
}

/**
 * A file that is written once: beside its place and then renamed, so that nobody sees a part of it. Where
 * several processes want it at once one writes and the others wait; should the writer fall silent, another
 * takes over.
 * @throws ModelError `MODEL_FILE` where it cannot be written
 */
export async function makeOnce<T>(making: Making<T>): Promise<T> {
  const { path, read, write } = making;
  const lock = `${path}.lock`;
  for (;;) {
    const made = await read();
    if (made !== null) return made;
    if (await take(lock)) break;
    await delay(POLL_MS);
  }
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const made = await read();
    if (made !== null) return made;
    await removeOrphans(path);
    await write(temporary, beats(lock));
    await rename(temporary, path);
  } catch (cause) {
    throw cause instanceof ModelError ? cause : unwritable(path, cause);
  } finally {
    await rm(temporary, { force: true });
    await rm(lock, { force: true });
  }
  const made = await read();
  if (made === null) throw new ModelError('MODEL_FILE', `${path}: was written and cannot be read`);
  return made;
}

/**
 * Takes a lock file. A stale one is removed, for the next try. Two processes may both do so: both then write
 * the same.
 */
async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // errors of open have one
    if (code !== 'EEXIST') throw unwritable(lock, error);
    const known = await stat(lock).catch(() => null);
    if (known && Date.now() - known.mtimeMs > STALE_MS) await rm(lock, { force: true });
    return false;
  }
}

/** Shows that the lock's owner lives, at most every STALE_MS / 10. */
function beats(lock: string): () => Promise<void> {
  let last = Date.now();
  return async () => {
    const now = Date.now();
    if (now - last < STALE_MS / 10) return;
    last = now;
    // Where the lock was taken over the work is good all the same.
    await utimes(lock, new Date(now), new Date(now)).catch(() => undefined);
  };
}

/** Parts that writers left behind when they were killed. */
async function removeOrphans(path: string): Promise<void> {
  const begins = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(begins) || !name.endsWith('.tmp')) continue;
    const part = join(dirname(path), name);
    const known = await stat(part).catch(() => null);
    if (known && Date.now() - known.mtimeMs > STALE_MS) await rm(part, { force: true });
  }
}
