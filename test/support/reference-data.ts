import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Reference vectors live in a folder beside the checkout and are not part of it. */
const folder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'shared');

/** Path of a reference file, or null, with a line that says so, where this machine does not have it. */
export function referenceFile(...parts: readonly string[]): string | null {
  const path = join(folder, ...parts);
  if (existsSync(path)) return path;
  process.stderr.write(`reference data absent, its tests are left out: ${path}\n`);
  return null;
}

/** Rows of a JSONL reference file; none where the file is absent (say so with `referenceFile`). */
export function jsonRows<T>(path: string | null): T[] {
  if (path === null) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  // The rows' shapes are those of the published vectors; a wrong one fails the assertions that read it.
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as T);
}
