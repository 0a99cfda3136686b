import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type NamedTensor,
  type TensorSource,
  writeSafetensors,
  writeSafetensorsFile,
} from '@residency/model';
import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../support/numbers.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const tensors: readonly NamedTensor[] = [
  { name: 'a', shape: [3, 5], data: Float32Array.from(randomNumbers(15, 1)) },
  { name: 'b.weight', shape: [7], data: Float32Array.from(randomNumbers(7, 2)) },
  { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
];

/** The values of a tensor, four at a time, in one memory that is used again. */
const source = ({ name, shape, data }: NamedTensor): TensorSource => ({
  name,
  shape,
  async *chunks() {
    const shared = new Float32Array(4);
    for (let at = 0; at < data.length; at += 4) {
      const piece = data.subarray(at, at + 4);
      shared.set(piece);
      yield shared.subarray(0, piece.length);
    }
  },
});

describe('writeSafetensorsFile', () => {
  test.each(['F32', 'F16'] as const)('gives the bytes that writeSafetensors gives (%s)', async (dtype) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'w.safetensors');
    const metadata = { format: 'pt' };

    const bytes = await writeSafetensorsFile(path, tensors.map(source), { metadata, dtype });

    const found = await readFile(path);
    expect(found.equals(writeSafetensors(tensors, metadata, dtype))).toBe(true);
    expect(bytes).toBe(found.length);
  });

  test('refuses a tensor whose values are not as many as its shape says', async () => {
    await using folder = await temporaryFolder();
    const short = {
      ...source(tensors[0] ?? { name: '', shape: [], data: new Float32Array(0) }),
      shape: [4, 5],
    };

    await expect(writeSafetensorsFile(join(folder.path, 'w'), [short])).rejects.toMatchObject({
      code: 'MODEL_WEIGHT',
      message: 'tensor a has 15 values, want [4,5]',
    });
  });

  test('stops where the signal aborts, with its reason', async () => {
    await using folder = await temporaryFolder();
    const abort = new AbortController();
    const stopping: TensorSource = {
      name: 'a',
      shape: [2],
      async *chunks() {
        yield Float32Array.of(1);
        abort.abort(new Error('enough'));
        yield Float32Array.of(2);
      },
    };

    await expect(
      writeSafetensorsFile(join(folder.path, 'w'), [stopping], { signal: abort.signal }),
    ).rejects.toThrow('enough');
  });

  test('overwrites nothing', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'w');
    await writeFile(path, 'mine');

    await expect(writeSafetensorsFile(path, [])).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });
});
