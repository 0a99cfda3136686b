import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands } from '@residency/cli';
import { describe, expect, test } from 'vitest';
import { defaultFolder } from '../../../packages/cli/src/import-model.js';
import { encodeGguf } from '../../support/gguf-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { tinyGguf } from '../../support/tiny-gguf.js';

/** Runs the command in a folder, as npm does with scripts. */
async function runImport(here: string, args: readonly string[]) {
  const [lines, statuses]: [string[], string[]] = [[], []];
  const code = await commands.get('import')?.run(args, {
    terminal: {
      isInteractive: true,
      line: (text) => void lines.push(text),
      status: (text) => void statuses.push(text),
    },
    env: { INIT_CWD: here },
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  });
  return { code, lines, statuses };
}

describe('residency import', () => {
  test('writes the folder that is asked for, and says what it holds', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'tiny.gguf'), encodeGguf(tinyGguf()));

    const { code, lines, statuses } = await runImport(folder.path, [
      '--dtype',
      'f16',
      'tiny.gguf',
      '--out=out/tiny',
    ]);

    expect(code).toBe(0);
    expect(await readdir(join(folder.path, 'out', 'tiny'))).toContain('model.safetensors');
    expect(lines).toEqual([
      'name            Tiny llama',
      'architecture    llama',
      'parameters      1,250,048',
      'tensors         F32 x 5, Q4_0 x 3, Q4_1 x 3, Q6_K x 3, Q8_0 x 2, Q4_K x 2, F16 x 2',
      'vocabulary      270 tokens',
      'context         4,096 tokens',
      'rotary scaling  none',
      'chat template   yes',
      'weights         3 MB',
      `written to      ${join(folder.path, 'out', 'tiny')}`,
    ]);
    expect(statuses.at(-1)).toBe('importing tiny.gguf: 20 of 20 tensors');
  });

  test('names the folder after the file, as a name that jobs may use', () => {
    expect(defaultFolder('/x/SmolLM2-135M-Instruct.Q4_1.gguf')).toMatch(
      /[\\/]models[\\/]SmolLM2-135M-Instruct\.Q4_1$/,
    );
    expect(defaultFolder('._my model (1).GGUF')).toMatch(/[\\/]models[\\/]my-model-1-$/);
    expect(defaultFolder('.gguf')).toMatch(/[\\/]models[\\/]imported$/);
  });

  const misunderstood = [
    [[], 'found 0 arguments without --, want a GGUF file'],
    [['a.gguf', 'b.gguf'], 'found 2 arguments without --, want a GGUF file'],
    [['a.gguf', '--dtype', 'q4'], '--dtype is "q4", want f32 or f16'],
    [['a.gguf', '--to', 'x'], 'known: --out, --dtype'],
  ] as const;

  test.each(misunderstood)('does not understand %j', async (args, message) => {
    await expect(runImport('/', args)).rejects.toMatchObject({
      code: 'CLI_USAGE',
      message: expect.stringContaining(message),
    });
  });

  const refused = [
    ['nothing', null, 'cannot be read'],
    [
      'another kind of file',
      Buffer.from('\u007fELF and more'),
      'not a GGUF file: begins with "\u007fELF" (7f454c46)',
    ],
    ['half a file', encodeGguf(tinyGguf()).subarray(0, 100_000), 'truncated: tensor'],
  ] as const;

  test.each(refused)('refuses %s in one line', async (_, bytes, message) => {
    await using folder = await temporaryFolder();
    if (bytes) await writeFile(join(folder.path, 'm.gguf'), bytes);

    const failure = runImport(folder.path, ['m.gguf', '--out', 'out']);

    await expect(failure).rejects.toMatchObject({
      code: 'CLI_IMPORT',
      message: expect.stringMatching(/^[^\n]+$/),
    });
    await expect(failure).rejects.toThrow(message);
    expect((await readdir(folder.path)).filter((name) => name !== 'm.gguf')).toEqual([]);
  });

  test('ends with exit code 1 and nothing but that line', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'm.gguf');
    await writeFile(path, 'text');
    const main = resolve(dirname(fileURLToPath(import.meta.url)), '../../../packages/cli/src/main.ts');
    const node = ['--import', 'tsx', '--conditions=source', main];

    const { status, stdout, stderr } = spawnSync(process.execPath, [...node, 'import', path], {
      encoding: 'utf8',
    });

    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `${path}: not a GGUF file: begins with "text" (74657874), want "GGUF"\n`,
    });
  });
});
