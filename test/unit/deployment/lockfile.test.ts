import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './manifests.js';

interface LockedPackage {
  readonly version?: string;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Places where npm looks for a dependency of the package at `from`, nearest first. */
function places(from: string, name: string): string[] {
  const parts = from.split('/node_modules/');
  const nested = parts.map(
    (_, index) => `${parts.slice(0, parts.length - index).join('/node_modules/')}/node_modules`,
  );
  return [...nested, 'node_modules'].map((folder) => `${folder}/${name}`);
}

test('package-lock.json holds every dependency, those of other platforms too, as npm ci demands', () => {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockedPackage>> };
  // npm demands nothing of a package that it may leave out itself.
  const demanding = Object.entries(packages).filter(([, { optional }]) => optional !== true);
  const wanted = demanding.flatMap(([from, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).map((name) => ({ from, name })),
  );

  const missing = wanted.filter(
    ({ from, name }) => !places(from, name).some((place) => packages[place] !== undefined),
  );

  expect(wanted.length).toBeGreaterThan(200);
  expect(missing).toEqual([]);
});

test('package-lock.json names no registry', () => {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');

  // Hashes say what is installed; where it comes from is the installer's own setting.
  expect(text.match(/"resolved": "https?:[^"]*"/g) ?? []).toEqual([]);
});
