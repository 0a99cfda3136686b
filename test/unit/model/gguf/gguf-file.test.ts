import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError, readGguf } from '@residency/model';
import { describe, expect, test } from 'vitest';
import { parseGguf } from '../../../../packages/model/src/gguf/gguf-file.js';
import { encodeGguf, f32s, type GgufContents, text, u32, u64 } from '../../../support/gguf-writer.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { tensor } from '../../../support/tiny-gguf.js';

const parse = (bytes: Uint8Array) => parseGguf(bytes, bytes.length, 'm.gguf');
const empty: GgufContents = { metadata: {}, tensors: [] };

describe('the header of a GGUF file', () => {
  test.each([2, 3])('version %i has metadata of every type', (version) => {
    const long = 'long '.repeat(1000);
    const { metadata } = parse(
      encodeGguf({
        ...empty,
        version,
        metadata: {
          'a.u8': ['u8', 255],
          'a.i8': ['i8', -128],
          'a.u16': ['u16', 65535],
          'a.i16': ['i16', -32768],
          'a.u32': ['u32', 4294967295],
          'a.i32': ['i32', -2147483648],
          'a.f32': ['f32', 0.1],
          'a.true': ['bool', true],
          'a.false': ['bool', false],
          'a.text': ['string', `\ufeffü 😀 ${long}`],
          'a.u64': ['u64', 2n ** 53n],
          'a.i64': ['i64', -5],
          'a.big': ['u64', 2n ** 64n - 1n],
          'a.f64': ['f64', 0.1],
          'a.list': ['array', 'i16', [1, -2, 3]],
          'a.texts': ['array', 'string', ['', 'b']],
          'a.none': ['array', 'u64', []],
        },
      }),
    );

    const found = (name: string) => metadata.get(`a.${name}`);
    expect(['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'f64', 'i64'].map(found)).toEqual([
      ...[255, -128, 65535, -32768, 4294967295, -2147483648],
      ...[Math.fround(0.1), 0.1, -5],
    ]);
    expect(['true', 'false', 'text', 'u64', 'big', 'list', 'texts', 'none'].map(found)).toEqual([
      ...[true, false, `\ufeffü 😀 ${long}`, 2n ** 53n, 2n ** 64n - 1n],
      ...[[1, -2, 3], ['', 'b'], []],
    ]);
  });

  test('has lists of lists', () => {
    const nested = Buffer.concat([u32(9), u32(4), u64(2), u32(7), u32(8)]);
    const list = Buffer.concat([u32(9), u32(9), u64(1), nested.subarray(4)]);
    const bytes = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(1), text('k'), list]);

    expect(parse(bytes).metadata.get('k')).toEqual([[7, 8]]);
  });

  test.each([
    [32, undefined],
    [64, 64],
    [8, 8],
  ])('places tensors at multiples of %i bytes', (alignment, stated) => {
    const bytes = encodeGguf({
      metadata: stated === undefined ? {} : { 'general.alignment': ['u32', stated] },
      alignment,
      tensors: [
        { name: 'a', shape: [3], type: 0, data: f32s([1, 2, 3]) },
        { name: 'b', shape: [2, 32], type: 8, data: new Uint8Array(68).fill(7) },
      ],
    });

    const { tensors } = parse(bytes);

    const [a, b] = [tensors.get('a'), tensors.get('b')];
    expect(a).toMatchObject({ shape: [3], bytes: 12, type: { name: 'F32' } });
    expect(b).toMatchObject({ shape: [2, 32], bytes: 68, type: { name: 'Q8_0' } });
    expect([(a?.offset ?? 1) % alignment, (b?.offset ?? 1) % alignment]).toEqual([0, 0]);
    expect(bytes.readFloatLE((a?.offset ?? 0) + 4)).toBe(2);
    expect([...bytes.subarray(b?.offset, (b?.offset ?? 0) + 68)].every((byte) => byte === 7)).toBe(true);
  });

  test('is read from disk a part at a time, however long it is', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'long.gguf');
    const tokens = Array.from({ length: 40_000 }, (_, i) => `token ${i} `.repeat(6));
    await writeFile(path, encodeGguf({ ...empty, metadata: { tokens: ['array', 'string', tokens] } }));

    const { metadata, bytes } = await readGguf(path);

    expect(metadata.texts('tokens')).toEqual(tokens);
    expect(bytes).toBeGreaterThan(2 ** 21);
  });
});

const info = (name: string, dims: readonly (number | bigint)[], type: number, offset: number) =>
  Buffer.concat([text(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset)]);
const withTensors = (...infos: readonly Buffer[]) =>
  Buffer.concat([Buffer.from('GGUF'), u32(3), u64(infos.length), u64(0), ...infos, Buffer.alloc(256)]);
const withValue = (...value: readonly Buffer[]) =>
  Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(1), text('key'), ...value]);

describe('a malformed file', () => {
  const nested = Buffer.concat(Array.from({ length: 64 }, () => Buffer.concat([u32(9), u64(1)])));
  const good = encodeGguf({ metadata: {}, tensors: [tensor('t', [4, 32], 'Q4_0', 1)] });
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    ['an empty file', Buffer.alloc(0), 'not a GGUF file: begins with "" (no bytes), want "GGUF"'],
    [
      'another kind of file',
      Buffer.from('PK\u0003\u0004 and so on'),
      'begins with "PK\\u0003\\u0004" (504b0304)',
    ],
    ['an old version', Buffer.concat([Buffer.from('GGUF'), u32(1), u64(0)]), 'GGUF version 1, want 2 or 3'],
    ['big-endian', Buffer.concat([Buffer.from('GGUF'), Buffer.of(0, 0, 0, 3)]), 'is a big-endian GGUF file'],
    ['only a magic', Buffer.from('GGUF'), 'truncated: the version needs bytes 4 to 8 of a file of 4'],
    [
      'more metadata than a file can hold',
      Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(2n ** 60n)]),
      'the number of metadata is 1152921504606846976, more than the 0 bytes that follow can hold',
    ],
    [
      'a string longer than the file',
      withValue(u32(8), u64(2n ** 62n)),
      'the length of key is 4611686018427387904',
    ],
    [
      'a list longer than the file',
      withValue(u32(9), u32(0), u64(2n ** 40n)),
      'the length of key is 1099511627776',
    ],
    ['lists without end', withValue(u32(9), nested), 'key nests lists deeper than 4'],
    ['a value of no type', withValue(u32(13)), 'the type of key is 13, want a value type from 0 to 12'],
    ['a boolean of 2', withValue(u32(7), Buffer.of(2)), 'key is a boolean with byte 2'],
    ['text that is not UTF-8', withValue(u32(8), u64(1), Buffer.of(0xff)), 'key is not UTF-8'],
    ['no dimension', withTensors(info('t', [], 0, 0)), 'tensor t has 0 dimensions, want 1 to 4'],
    ['five dimensions', withTensors(info('t', [1, 1, 1, 1, 1], 0, 0)), 'tensor t has 5 dimensions'],
    ['a size of 0', withTensors(info('t', [0], 0, 0)), 'tensor t has dimension 0 of 0'],
    [
      'a size beyond all files',
      withTensors(info('t', [2n ** 40n, 2n ** 40n], 0, 0)),
      'tensor t has dimension 1',
    ],
    [
      'an unknown type',
      withTensors(info('t', [32], 99, 0)),
      'tensor t has type 99, which is no known ggml type',
    ],
    ['half a block', withTensors(info('t', [48], 2, 0)), 'rows of 48 values, want a multiple of 32 (Q4_0)'],
    ['data off the grid', withTensors(info('t', [1], 0, 4)), 'tensor t has offset 4, want a multiple of 32'],
    ['data behind the end', withTensors(info('t', [1000], 0, 0)), 'truncated: tensor t F32[1000] has bytes'],
    ['twins', withTensors(info('t', [1], 0, 0), info('t', [1], 0, 32)), 'tensor t is there twice'],
    [
      'overlapping data',
      withTensors(info('t', [16], 0, 0), info('u', [1], 0, 32)),
      'tensors t and u overlap',
    ],
    ['a file cut short', good.subarray(0, good.length - 64), 'truncated: tensor t Q4_0[4,32]'],
    [
      'an odd alignment',
      encodeGguf({ ...empty, metadata: { 'general.alignment': ['u32', 24] } }),
      'general.alignment is 24, want a power of two',
    ],
    [
      'a part of a model',
      encodeGguf({ ...empty, metadata: { 'split.count': ['u16', 3] } }),
      'split.count is 3, want a model in one file',
    ],
  ];

  test.each(bad)('is refused: %s', (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(
      expect.objectContaining({ name: 'ModelError', message: expect.stringContaining(message) }),
    );
  });

  test('of a gigabyte is not read into memory for the sake of one string', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'hole.gguf');
    await writeFile(path, withValue(u32(8), u64(2 ** 29)));
    await truncate(path, 2 ** 30);

    await expect(readGguf(path)).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringContaining('or more, want at most 268435456'),
    });
  });

  test('that is a folder, or not there, is refused', async () => {
    await using folder = await temporaryFolder();

    await expect(readGguf(folder.path)).rejects.toMatchObject({ code: 'MODEL_FILE' });
    await expect(readGguf(join(folder.path, 'none.gguf'))).rejects.toThrow(ModelError);
  });
});
