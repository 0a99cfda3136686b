import {
  AlgorithmError,
  multiplyHigh,
  philox4x32,
  randomWords,
  shuffle,
  uniform,
  uniformBelow,
} from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
const word = fc.integer({ min: 0, max: 0xffffffff });

describe('philox4x32', () => {
  const ones = 0xffffffff;
  // Known-answer vectors published with Random123 for philox4x32, 10 rounds.
  const vectors = [
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[ones, ones, ones, ones], [ones, ones], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const;

  test.each(vectors)('counter %j under key %j gives %s', (counter, key, want) => {
    expect(hex(philox4x32(counter, key))).toBe(want);
  });

  test('multiplies 32-bit words like 64-bit integers do', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }),
    );
  });
});

describe('randomWords', () => {
  test('absorbs a key of up to four words in one block under (length, 0)', () => {
    expect(randomWords([7, 8])).toEqual(philox4x32([7, 8, 0, 0], [2, 0]));
  });

  test('chains further blocks under (length, block)', () => {
    const [a, b, c, d] = philox4x32([1, 2, 3, 4], [5, 0]);

    expect(randomWords([1, 2, 3, 4, 5])).toEqual(philox4x32([(a ^ 5) >>> 0, b, c, d], [5, 1]));
  });

  test('tells keys apart that differ only by trailing zeros', () => {
    const seen = new Set(
      [[], [0], [0, 0], [0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0, 0]].map((key) => hex(randomWords(key))),
    );

    expect(seen.size).toBe(6);
  });

  test.each([[-1], [0.5], [2 ** 32], [Number.NaN]])('refuses the entry %d and names its place', (bad) => {
    expect(() => randomWords([3, bad])).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_RANDOM_KEY', message: expect.stringContaining('entry 1') }),
    );
  });
});

describe('uniform', () => {
  test('lies in [0, 1), is exact in float32 and is a multiple of 2^-24', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 9 }), (key) => {
        const value = uniform(key);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
        expect(Math.fround(value)).toBe(value);
        expect(Number.isInteger(value * 2 ** 24)).toBe(true);
      }),
    );
  });

  test('fills 64 equal cells evenly along each part of a key (chi-square, 63 degrees of freedom)', () => {
    for (const part of [0, 1, 2, 3, 4]) {
      const cells = new Array<number>(64).fill(0);
      const draws = 16_384;
      for (let index = 0; index < draws; index++) {
        const key = [11, 22, 33, 44, 55];
        key[part] = index;
        const cell = Math.floor(uniform(key) * 64);
        cells[cell] = (cells[cell] ?? 0) + 1;
      }
      const want = draws / 64;
      const chiSquare = cells.reduce((sum, count) => sum + (count - want) ** 2 / want, 0);

      // 99.99 % quantile of chi-square(63) is 113.3; the draws are fixed, so this never flickers.
      expect(chiSquare).toBeLessThan(113.3);
    }
  });
});

describe('uniformBelow', () => {
  test('rejects exactly the words that would bias the result', () => {
    // For bound 3 * 2^30 a quarter of all words is rejected: every accepted value keeps one preimage.
    const bound = 3 * 2 ** 30;
    for (let seed = 0; seed < 200; seed++) {
      const words = [...randomWords([seed, 0]), ...randomWords([seed, 1]), ...randomWords([seed, 2])];
      const kept = words
        .map((drawn) => BigInt(drawn) * BigInt(bound))
        .find((m) => (m & 0xffffffffn) >= 2n ** 30n);

      expect(uniformBelow(bound, [seed])).toBe(Number((kept ?? -1n) >> 32n));
    }
  });

  test.each([[0], [-3], [1.5], [2 ** 32]])('refuses the bound %d', (bound) => {
    expect(() => uniformBelow(bound, [])).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_RANDOM_BOUND' }),
    );
  });
});

describe('shuffle', () => {
  test('is a permutation that the key alone decides', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), word, (n, seed) => {
        const order = shuffle(n, [seed]);
        expect(order).toEqual(shuffle(n, [seed]));
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, index) => index));
      }),
    );
  });

  test('draws all 24 orders of four about equally often (chi-square, 23 degrees of freedom)', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 4800; seed++) {
      const name = shuffle(4, [seed, 9]).join('');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }

    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);

    expect(counts.size).toBe(24);
    expect(chiSquare).toBeLessThan(57); // 99.99 % quantile
  });

  test('refuses a length that is no length', () => {
    expect(() => shuffle(-1, [])).toThrow(AlgorithmError);
  });
});
