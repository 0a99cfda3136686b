import { createHash } from 'node:crypto';
import { readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readHeader } from '@residency/model';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromHalves, toHalf } from '../../../packages/model/src/half.js';
import { storeWeights } from '../../../packages/model/src/stored-weights.js';
import { checkSpace, type Making, makeOnce } from '../../../packages/model/src/weight-cache.js';
import { hashFiles } from '../../../packages/model/src/weight-identity.js';
import { randomNumbers } from '../../support/numbers.js';
import { rawSafetensors } from '../../support/raw-safetensors.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const MIB = 2 ** 20;
const ALL_HALVES = Uint16Array.from({ length: 65_536 }, (_, h) => h);

describe('16-bit floats', () => {
  it('hold the values that IEEE 754 gives them', () => {
    const bits = [0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0xfc00, 0x8000, 0x3555];
    const values = [
      1,
      -2,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      65_504,
      Number.NEGATIVE_INFINITY,
      -0,
      0.333251953125,
    ];

    expect([...fromHalves(Uint16Array.from(bits), 'F16')]).toEqual(values);
    expect([...fromHalves(Uint16Array.of(0x3f80, 0xc049, 0x0001), 'BF16')]).toEqual([
      1,
      -3.140625,
      2 ** -133,
    ]);
  });

  it('come back from f32 as they were, all of them', () => {
    const isNumber = (h: number): boolean => (h & 0x7fff) <= 0x7c00;
    const back = toHalf(fromHalves(ALL_HALVES, 'F16'));

    expect(back.filter(isNumber)).toEqual(ALL_HALVES.filter(isNumber));
    expect(back.filter((_, h) => !isNumber(h)).every((h) => h === 0x7e00)).toBe(true);
  });
});

describe('stored weights', () => {
  it('goes through tensors of several chunks, in the order of the decoder', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'model.safetensors');
    const large = Uint16Array.from(randomNumbers(4_500_001, 3), (v) => Math.floor((v + 1) * 0x3c00));
    const small = Uint16Array.of(0x3c00, 0x4000);
    const raw = (data: Uint16Array) => ({
      dtype: 'F16',
      shape: [data.length],
      bytes: new Uint8Array(data.buffer),
    });
    await writeFile(
      path,
      rawSafetensors(
        new Map([
          ['large', raw(large)],
          ['small', raw(small)],
        ]),
      ),
    );
    const { entries } = await readHeader(path);
    const located = ['small', 'large'].flatMap((name) => {
      const entry = entries.get(name);
      return entry ? [{ path, entry }] : [];
    });
    const widened = await storeWeights(folder.path, { sha256: 'hash', tensors: located, dtype: 'F32' });
    const bytes = await readFile(widened[0]?.path ?? '');
    const values = widened.map(({ entry }) => {
      const own = new Uint8Array(bytes.subarray(entry.offset, entry.offset + entry.bytes));
      return new Float32Array(own.buffer);
    });

    expect(widened.map(({ entry }) => [entry.name, entry.dtype])).toEqual([
      ['small', 'F32'],
      ['large', 'F32'],
    ]);
    expect(values[0]).toEqual(Float32Array.of(1, 2));
    const [own, expected] = [values[1], fromHalves(large, 'F16')];
    expect(own?.length).toBe(expected.length);
    expect(own?.every((v, i) => v === expected[i])).toBe(true);
    // Another base model with tensors of the same names is another file.
    expect(
      (await storeWeights(folder.path, { sha256: 'other', tensors: located, dtype: 'F32' }))[0]?.path,
    ).not.toBe(widened[0]?.path);
  });

  it('says how much a disk lacks', async () => {
    await using folder = await temporaryFolder();

    await checkSpace(folder.path, 1);
    await expect(checkSpace(folder.path, 2 ** 60)).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringMatching(/ MiB free, the weights as f32 need 1099511627776 MiB$/),
    });
  });
});

describe('a file that is made once', () => {
  const makingOf = (path: string, text: string, writes: string[]): Making<string> => ({
    path,
    read: () => readFile(path, 'utf8').catch(() => null),
    write: async (to) => {
      writes.push(text);
      await writeFile(to, text);
    },
  });

  it('is written by one of those who want it at once', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'file');
    const writes: string[] = [];
    const made = await Promise.all(['a', 'b', 'c'].map((text) => makeOnce(makingOf(path, text, writes))));

    expect(writes).toHaveLength(1);
    expect(made).toEqual(new Array(3).fill(writes[0]));
    expect(await readdir(folder.path)).toEqual(['file']);
  });

  it('is made by another where its maker was killed, whose parts are removed', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'file');
    const long = new Date(Date.now() - 3_600_000);
    for (const name of ['file.lock', 'file.0000.tmp', 'file2.0000.tmp']) {
      await writeFile(join(folder.path, name), 'part');
      await utimes(join(folder.path, name), long, long);
    }

    expect(await makeOnce(makingOf(path, 'whole', []))).toBe('whole');
    expect((await readdir(folder.path)).sort()).toEqual(['file', 'file2.0000.tmp']);
  });

  it('is tried again by the next where making failed', async () => {
    await using folder = await temporaryFolder();
    const making = makingOf(join(folder.path, 'file'), 'whole', []);
    const failing = { ...making, write: () => Promise.reject(new Error('no space')) };

    await expect(makeOnce(failing)).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: `${making.path}: cannot be written (no space)`,
    });
    expect(await readdir(folder.path)).toEqual([]);
    expect(await makeOnce(making)).toBe('whole');
  });
});

describe('the hash of large files', () => {
  afterEach(() => vi.useRealTimers());
  const hashOf = async (path: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  const records = async (folder: string): Promise<string[]> =>
    (await readdir(folder)).filter((n) => n.endsWith('.sha256'));

  it('is remembered until a file changes', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'large');
    await writeFile(path, 'weights');
    await truncate(path, 64 * MIB);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
    const first = await hashFiles([path], folder.path);
    const [record = ''] = await records(folder.path);
    await writeFile(join(folder.path, record), '0'.repeat(64));

    expect(first).toBe(await hashOf(path));
    expect(await hashFiles([path], folder.path)).toBe('0'.repeat(64));
    expect(await hashFiles([path], null)).toBe(first);
    await writeFile(path, 'Weights', { flag: 'r+' });
    const second = await hashFiles([path], folder.path);
    expect(second).toBe(await hashOf(path));
    expect(second).not.toBe(first);
  });

  it('is not remembered of files that just changed, nor of small ones', async () => {
    await using folder = await temporaryFolder();
    const [large, small] = [join(folder.path, 'large'), join(folder.path, 'small')];
    await writeFile(large, '');
    await truncate(large, 64 * MIB);
    await writeFile(small, 'small');
    await hashFiles([large], folder.path);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });

    expect(await hashFiles([small, small], folder.path)).toBe(
      createHash('sha256').update('smallsmall').digest('hex'),
    );
    expect(await records(folder.path)).toEqual([]);
  });
});
