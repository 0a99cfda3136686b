import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { differences, gigpoPath, publishedRows } from '../support/gigpo-vectors.js';

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

/** Starts the command as its user would. */
const start = (...args: readonly string[]) =>
  spawn(process.execPath, ['--import', 'tsx', '--conditions=source', main, 'advantages', ...args], {
    stdio: 'pipe',
  });

/** Gives it input and waits for its end. */
async function piped(input: string, ...args: readonly string[]) {
  const child = start(...args);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk;
  });
  // A command that ends early leaves its input unread.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const gae = '{"rewards":[[0,1]],"values":[[0.5,0.5]],"mask":[[1,1]]}\n';

describe('residency advantages', () => {
  test.runIf(gigpoPath() !== null)('makes every published row again from its inputs', async () => {
    const rows = publishedRows();
    const input = rows.map((row) => `${JSON.stringify(row.input)}\n`).join('');

    const { code, stdout, stderr } = await piped(input, '--estimator', 'all');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(19);
    for (const [i, line] of lines.entries()) {
      expect(differences(JSON.parse(line), rows[i]?.row, 1e-6)).toEqual([]);
    }
  });

  test('says nothing of nothing', async () => {
    expect(await piped('', '--estimator', 'gigpo')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('stops at a bad line, names it, and has written the lines before', async () => {
    const { code, stdout, stderr } = await piped(`${gae}\n{"rewards":[]\n${gae}`, '--estimator', 'gae');

    expect(code).toBe(1);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/^line 3: not JSON: .*\n$/);
  });

  test('does not know other estimators', async () => {
    expect(await piped(gae, '--estimator', 'ppo')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--estimator is "ppo", want one of: gigpo, '),
    });
  });

  test('ends well when its reader goes away', async () => {
    const child = start('--estimator', 'gae');
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write(gae);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    // More than a pipe holds, and its end is never given.
    child.stdin.write(gae.repeat(10_000));

    const [code] = await once(child, 'exit');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
