import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const command = join(root, 'test', 'gpu', 'run.ts');

interface Line {
  readonly check?: string;
  readonly bench?: string;
  readonly ok: boolean;
  readonly difference: Readonly<Record<string, unknown>>;
  readonly again?: Readonly<Record<string, unknown>>;
}

it('test/gpu/run checks and measures a device; the processor agrees with itself to the bit', async () => {
  const flags = ['--import', 'tsx', '--conditions=source'];
  const options = ['--device', 'cpu', '--bench', 'tiny', '--iterations', '1', '--no-peer'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, command, ...options], {
    cwd: root,
  });
  const lines = stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);

  expect(lines.filter(({ ok }) => !ok)).toEqual([]);
  expect(stderr).toContain('left out: bf16, for the processor has products in f32 only');
  const count = (name: string): number =>
    lines.filter(({ check, bench }) => (check ?? bench) === name).length;
  expect(count('preflight')).toBe(1);
  expect(count('placement')).toBeGreaterThanOrEqual(8);
  expect(count('engine')).toBe(1);
  expect(count('learner') + count('sampler')).toBe(2);
  const programs = lines.filter(({ check }) => check === 'program');
  expect(programs.length).toBeGreaterThanOrEqual(8);
  for (const { difference } of programs) expect(difference['values']).toBe(0);
  expect(programs.filter(({ difference }) => difference['gradients'] === 0).length).toBeGreaterThanOrEqual(4);
  expect(programs.filter(({ difference }) => difference['idsEqual'] === 1).length).toBeGreaterThanOrEqual(2);
});
