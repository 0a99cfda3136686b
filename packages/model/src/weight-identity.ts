import { createHash, randomUUID } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of together fewer bytes are read anew at every opening: that takes less than a tenth of a second. */
const REMEMBER_BYTES = 64 * 2 ** 20;
/** A file that changed so shortly before it was hashed may change again without a new time stamp. */
const SETTLED_NS = 2_000_000_000n;
const READ_BYTES = 2 ** 20;

/**
 * SHA-256 over files one after the other: the identity of a base model.
 *
 * The hash of large files is remembered in `folder` under what the file system says of them: path, device,
 * inode, size, and the times of last modification and change. Whoever writes to a file changes its change
 * time, which programs cannot set back, so that a remembered hash is that of the bytes as long as the clock
 * is not turned back and the file system keeps such times (network file systems with lazy attributes do not).
 * Without a folder every opening reads everything.
 */
export async function hashFiles(paths: readonly string[], folder: string | null): Promise<string> {
  const before = await stampsOf(paths);
  if (folder === null || before.bytes < REMEMBER_BYTES) return read(paths);
  const record = join(folder, `${before.key}.sha256`);
  const known = await readFile(record, 'utf8').catch(() => '');
  if (/^[0-9a-f]{64}$/.test(known)) return known;
  const sha256 = await read(paths);
  const after = await stampsOf(paths);
  if (after.key === before.key && before.isSettled) await remember(record, sha256);
  return sha256;
}

interface Stamps {
  /** Equal as long as no file has changed. */
  readonly key: string;
  readonly bytes: number;
  readonly isSettled: boolean;
}

async function stampsOf(paths: readonly string[]): Promise<Stamps> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  const spelled = stats.map((s: BigIntStats, i) =>
    [paths[i], s.dev, s.ino, s.size, s.mtimeNs, s.ctimeNs].join('\n'),
  );
  return {
    key: createHash('sha256').update(spelled.join('\n')).digest('hex'),
    bytes: Number(stats.reduce((n, s) => n + s.size, 0n)),
    isSettled: stats.every((s) => now - s.ctimeNs > SETTLED_NS),
  };
}

async function read(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const chunks = createReadStream(path, { highWaterMark: READ_BYTES });
    for await (const chunk of chunks) hash.update(chunk as Uint8Array); // no encoding is set
  }
  return hash.digest('hex');
}

/** Saves the next opening some seconds: where it cannot be written, that one reads the files again. */
async function remember(record: string, sha256: string): Promise<void> {
  const temporary = `${record}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, sha256, { flag: 'wx', mode: 0o600 });
    await rename(temporary, record);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
