import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs scripts/run.mjs as npm would, and gives its exit code and its lines. */
const run = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stderr: output.stderr, lastLine: output.stdout.trimEnd().split('\n').pop() };
};

describe('scripts/run.mjs', () => {
  test('says how it is used', async () => {
    expect(await run('train')).toMatchObject({ code: 1, stderr: expect.stringContaining('usage: ') });
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining('demo|start|import') });
  });

  test('names the benchmarks that there are', async () => {
    expect(await run('bench', 'no-such-benchmark')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no-such-benchmark is not a benchmark'),
    });
  });

  test('ends a test run with its counts', async () => {
    const { code, lastLine } = await run('test', '--project', 'unit', 'test/unit/cli/arguments.test.ts');

    expect({ code, lastLine }).toEqual({ code: 0, lastLine: '16 passed, 0 failed' });
  });

  test('fails where no test was found', async () => {
    const { code, lastLine } = await run('test', '--project', 'unit', 'test/unit/no-such-folder');

    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 0 failed' });
  });
});
