import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError, messageOf } from '../errors.js';

/** Bytes that are collected before they are written. */
const BLOCK_BYTES = 256 * 1024;

/** Takes lines, without their line feeds. */
export type WriteLine = (line: string) => Promise<void>;

interface OpenFile {
  readonly path: string;
  readonly temporary: string;
  readonly handle: FileHandle;
  waiting: string[];
  bytes: number;
}

async function flush(file: OpenFile): Promise<void> {
  if (file.waiting.length === 0) return;
  const block = file.waiting.join('');
  file.waiting = [];
  file.bytes = 0;
  // One call of `write` may take only a part; this one takes all.
  await file.handle.appendFile(block);
}

/** Beside its target, so that both lie on one file system; of its own, so that writers do not meet. */
async function openTemporary(path: string): Promise<OpenFile> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const handle = await open(temporary, 'wx').catch((cause: unknown) => {
    throw new CliError('CLI_DATA', `${path}: cannot be written: ${messageOf(cause)}`, { cause });
  });
  return { path, temporary, handle, waiting: [], bytes: 0 };
}

/** A rename is durable once the folder that holds it is. */
async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes files of lines so that each path holds the old file or the new one, whole: written beside it, flushed to the
 * disk, and renamed once all of them are complete. Where anything fails before that, all paths are as they were.
 * @param fill gets one writer for each path, in their order
 * @throws CliError CLI_DATA where a file cannot be made; what `fill` throws
 */
export async function writeLines(
  paths: readonly string[],
  fill: (writers: readonly WriteLine[]) => Promise<void>,
): Promise<void> {
  const files: OpenFile[] = [];
  try {
    try {
      for (const path of paths) files.push(await openTemporary(path));
      const writers = files.map(
        (file): WriteLine =>
          async (line) => {
            file.waiting.push(`${line}\n`);
            file.bytes += line.length;
            if (file.bytes >= BLOCK_BYTES) await flush(file);
          },
      );
      await fill(writers);
      for (const file of files) {
        await flush(file);
        await file.handle.sync();
      }
    } finally {
      for (const { handle } of files) await handle.close();
    }
    for (const { temporary, path } of files) await rename(temporary, path);
    for (const dir of new Set(paths.map(dirname))) await syncFolder(dir);
  } finally {
    for (const { temporary } of files) await rm(temporary, { force: true });
  }
}
