import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../shared');

/** Reference material that lies beside some checkouts: golden data and a real model. Tests that read it say when it is absent. */
export function sharedPath(...parts: string[]): string | null {
  const path = join(root, ...parts);
  if (existsSync(path)) return path;
  console.warn(
    `reference data ${parts.join('/')} is not beside this checkout: the tests that compare with it do not run`,
  );
  return null;
}
