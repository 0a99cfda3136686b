import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeAdapter, initAdapter, parseSafetensors } from '@residency/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../support/run-command.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.js';
import { configOf, TINY_QWEN2, writeTinyModel } from '../../support/tiny-model.js';

let folder: TemporaryFolder;
let base: { dir: string; remove: () => Promise<void> };
let adapter: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  base = await writeTinyModel(TINY_QWEN2, 'F16');
  adapter = join(folder.path, 'adapter.safetensors');
  await writeFile(adapter, encodeAdapter(initAdapter(configOf(TINY_QWEN2), { seed: 1, rank: 2, alpha: 4 })));
});
afterAll(async () => {
  await base.remove();
  await folder[Symbol.asyncDispose]();
});

const exported = (...args: readonly string[]) => runCommand('export', args);

describe('residency export', () => {
  test('writes an adapter for PEFT, from a file or from such a folder', async () => {
    const [one, two] = [join(folder.path, 'one'), join(folder.path, 'two')];
    const first = await exported('--base', base.dir, '--adapter', adapter, '--out', one);
    const second = await exported('--base', base.dir, '--adapter', one, '--out', two);

    expect([first.code, second.code]).toEqual([0, 0]);
    expect(first.lines).toEqual([
      `14 LoRA pairs of rank 2: adapter_model.safetensors, adapter_config.json in ${one}`,
    ]);
    for (const dir of [one, two])
      expect(await readFile(join(dir, 'adapter_model.safetensors'))).toEqual(await readFile(adapter));
    const config = JSON.parse(await readFile(join(two, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ base_model_name_or_path: base.dir, r: 2, lora_alpha: 4 });
  });

  test.each([
    [[], 'F32'],
    [['--dtype', 'bf16'], 'BF16'],
  ])('merges, with %j', async (flags, dtype) => {
    const out = join(folder.path, `merged-${dtype}`);
    const { lines } = await exported(
      '--base',
      base.dir,
      '--adapter',
      adapter,
      '--out',
      out,
      '--merged',
      ...flags,
    );
    const { entries } = parseSafetensors(await readFile(join(out, 'model.safetensors')), 'm');

    expect((await readdir(out)).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(entries.get('model.norm.weight')?.dtype).toBe(dtype);
    expect(lines).toEqual([
      expect.stringMatching(/^14 LoRA pairs of rank 2 merged into 26 weights, \d+ bytes: /),
    ]);
  });

  test('says what is wrong', async () => {
    const out = join(folder.path, 'never');
    const used = join(folder.path, 'used');
    await mkdir(used);
    await writeFile(join(used, 'mine'), '');
    const refused = [
      [['--adapter', adapter, '--out', out], 'CLI_USAGE', '--base is missing, want the folder of the model'],
      [
        ['--base', base.dir, '--adapter', adapter, '--out', out, '--dtype', 'f16'],
        'CLI_USAGE',
        '--dtype is for --merged',
      ],
      [['--base', base.dir, '--adapter', '/nowhere', '--out', out], 'CLI_MODEL', '/nowhere: cannot be read'],
      [['--base', base.dir, '--adapter', adapter, '--out', used], 'CLI_MODEL', 'want a new or empty folder'],
      [
        ['--base', folder.path, '--adapter', adapter, '--out', out],
        'CLI_MODEL',
        'config.json: cannot be read',
      ],
    ] as const;

    for (const [args, code, message] of refused) {
      await expect(exported(...args)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    }
    expect(await readdir(folder.path)).not.toContain('never');
  });
});
