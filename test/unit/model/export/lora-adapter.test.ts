import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encodeAdapter,
  encodeCheckpoint,
  exportPeft,
  type NamedTensor,
  parseLoraAdapter,
  readLoraAdapter,
  writeSafetensors,
} from '@residency/model';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../../../support/numbers.js';
import { randomCheckpoint } from '../../../support/random-checkpoint.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const { adapter } = randomCheckpoint(1);
const bytes = encodeAdapter(adapter);
const MODULE = 'base_model.model.model.layers.1.mlp.up_proj';
const tensor = (name: string, shape: readonly number[]): NamedTensor => ({
  name,
  shape,
  data: Float32Array.from(
    randomNumbers(
      shape.reduce((n, d) => n * d, 1),
      name.length,
    ),
  ),
});
const pair = [tensor(`${MODULE}.lora_A.weight`, [2, 5]), tensor(`${MODULE}.lora_B.weight`, [3, 2])];
const scales = { lora_rank: '2', lora_alpha: '3' };

describe('an adapter as PEFT saves it', () => {
  it('has the bytes of the adapter file, and is read back the same', async () => {
    await using folder = await temporaryFolder();
    const outDir = join(folder.path, 'adapter');
    await exportPeft({ adapter: parseLoraAdapter(bytes, 'a'), baseModel: 'models/tiny', outDir });

    expect((await readdir(outDir)).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect((await readFile(join(outDir, 'adapter_model.safetensors'))).equals(bytes)).toBe(true);
    expect(JSON.parse(await readFile(join(outDir, 'adapter_config.json'), 'utf8'))).toMatchObject({
      base_model_name_or_path: 'models/tiny',
      r: 4,
      lora_alpha: 8,
      target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    });
    expect(await readLoraAdapter(outDir)).toEqual(parseLoraAdapter(bytes, 'a'));
  });

  it('is found in a checkpoint, without its moments', () => {
    expect(parseLoraAdapter(encodeCheckpoint(randomCheckpoint(1)), 'c')).toEqual(
      parseLoraAdapter(bytes, 'a'),
    );
  });

  it('may adapt some modules only, scaled by alpha over the root of the rank', async () => {
    await using folder = await temporaryFolder();
    const config = {
      peft_type: 'LORA',
      r: 2,
      lora_alpha: 3,
      use_rslora: true,
      bias: 'none',
      rank_pattern: {},
    };
    await writeFile(join(folder.path, 'adapter_config.json'), JSON.stringify(config));
    await writeFile(join(folder.path, 'adapter_model.safetensors'), writeSafetensors(pair));
    const read = await readLoraAdapter(folder.path);

    expect(read).toMatchObject({ rank: 2, alpha: 3, scale: 3 / Math.sqrt(2) });
    expect(read.pairs).toEqual([{ module: 'model.layers.1.mlp.up_proj', a: pair[0], b: pair[1] }]);
    await expect(
      exportPeft({ adapter: read, baseModel: 'x', outDir: join(folder.path, 'out') }),
    ).rejects.toMatchObject({
      code: 'MODEL_ADAPTER',
      message: expect.stringContaining('alpha / rank = 1.5'),
    });
  });

  it.each([
    [{ peft_type: 'IA3' }, 'peft_type is "IA3", want "LORA"'],
    [{ use_dora: true }, 'use_dora is true, want a LoRA without it'],
    [{ modules_to_save: ['lm_head'] }, 'modules_to_save is ["lm_head"]'],
    [{ rank_pattern: { up_proj: 8 } }, 'rank_pattern is {"up_proj":8}'],
    [{ bias: 'all' }, 'bias is "all"'],
    [{ r: 0 }, 'r is 0, want a whole number above 0'],
    [{ lora_alpha: '8' }, 'lora_alpha is "8", want a number above 0'],
  ])('is refused with %j', async (change, message) => {
    await using folder = await temporaryFolder();
    const config = { peft_type: 'LORA', r: 2, lora_alpha: 3, ...change };
    await writeFile(join(folder.path, 'adapter_config.json'), JSON.stringify(config));
    await writeFile(join(folder.path, 'adapter_model.safetensors'), writeSafetensors(pair));

    await expect(readLoraAdapter(folder.path)).rejects.toMatchObject({
      code: 'MODEL_ADAPTER',
      message: expect.stringContaining(`adapter_config.json: ${message}`),
    });
  });
});

describe('an adapter file', () => {
  it.each([
    ['no rank', [...pair], { lora_alpha: '3' }, 'no LoRA tensors with rank and alpha'],
    ['an infinite alpha', [...pair], { ...scales, lora_alpha: 'Infinity' }, 'no LoRA tensors with rank'],
    ['no tensors', [], scales, 'no LoRA tensors with rank and alpha'],
    ['half a pair', pair.slice(1), scales, 'model.layers.1.mlp.up_proj has lora_B alone, want both'],
    ['other tensors', [...pair, tensor('m.x', [4])], scales, 'm.x is [4], want only the matrices of LoRA'],
    ['another rank', [...pair], { ...scales, lora_rank: '4' }, 'has rank 2, want 4 as the file'],
    [
      'two ranks in a pair',
      [tensor(`${MODULE}.lora_A.weight`, [2, 5]), tensor(`${MODULE}.lora_B.weight`, [3, 4])],
      scales,
      'lora_A is [2,5], lora_B [3,4], want one rank',
    ],
  ])('is refused with %s', (_, tensors, metadata, message) => {
    expect(() => parseLoraAdapter(writeSafetensors(tensors, metadata), 'a')).toThrow(
      expect.objectContaining({ code: 'MODEL_ADAPTER', message: expect.stringContaining(`a: `) }),
    );
    expect(() => parseLoraAdapter(writeSafetensors(tensors, metadata), 'a')).toThrow(message);
  });

  it('is named where it cannot be read', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'empty'));

    await expect(readLoraAdapter('/nowhere')).rejects.toThrow('/nowhere: cannot be read');
    await expect(readLoraAdapter(join(folder.path, 'empty'))).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: `${join(folder.path, 'empty', 'adapter_model.safetensors')}: cannot be read`,
    });
  });
});
