import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { DataSource, FormatName, PlacedRow, ReadOptions } from '@residency/data';
import { readQuestions } from '@residency/data';

/** Bytes of a text, in chunks that need not end where lines or characters do. */
export const textSource = (text: string, chunkBytes = 64 * 1024): DataSource =>
  bytesSource(Buffer.from(text), chunkBytes);

export const bytesSource = (bytes: Uint8Array, chunkBytes = 64 * 1024): DataSource => ({
  name: 'rows',
  open: async function* () {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  },
});

/** Rows as JSON lines. */
export const lines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export const fileSource = (path: string): DataSource => ({
  name: basename(path),
  open: () => createReadStream(path),
});

/** All rows of a source. */
export async function readAll(
  source: DataSource,
  format: FormatName,
  options: Omit<ReadOptions, 'format'> = {},
): Promise<PlacedRow[]> {
  const rows: PlacedRow[] = [];
  for await (const row of readQuestions(source, { ...options, format })) rows.push(row);
  return rows;
}
