import { parseSafetensors, readTensor, writeSafetensors } from '@residency/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstOverflow, narrow } from '../../../packages/model/src/weight-dtype.js';

/** What a 16-bit word means, read by the reader of weight files. */
function meanings(dtype: 'F16' | 'BF16'): Float32Array {
  const words = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const entry = { name: 'x', dtype, shape: [words.length], offset: 0, bytes: words.byteLength };
  return readTensor(new Uint8Array(words.buffer), entry);
}

const wordsOf = (values: Float32Array, dtype: 'F16' | 'BF16'): Uint16Array =>
  new Uint16Array(narrow(values, dtype).slice().buffer);

describe.each(['F16', 'BF16'] as const)('narrow to %s', (dtype) => {
  const values = meanings(dtype);

  it('gives back every word from its value', () => {
    const numbers = [...values.entries()].filter(([, value]) => !Number.isNaN(value));
    const back = wordsOf(
      Float32Array.from(numbers, ([, value]) => value),
      dtype,
    );

    expect([...back]).toEqual(numbers.map(([word]) => word));
  });

  it('keeps what is not a number', () => {
    const nan = new Float32Array(Uint32Array.of(0x7fc0_0000, 0x7f80_0001, 0xffff_ffff, 0xff80_0001).buffer);
    for (const word of wordsOf(nan, dtype)) expect(values[word]).toBeNaN();
  });

  it('takes the nearest of two neighbours, the even one of a tie, also at the edges', () => {
    // Positive words rise with their values, so that neighbours differ by one.
    const anyWord = fc.oneof(
      fc.integer({ min: 0, max: dtype === 'F16' ? 0x7bfe : 0x7f7e }),
      fc.constantFrom(0, 1, 0x3fe, 0x3ff, 0x400, dtype === 'F16' ? 0x7bfe : 0x7f7e),
    );
    fc.assert(
      fc.property(anyWord, fc.constantFrom(0, 0.25, 0.5, 0.75), fc.boolean(), (word, part, isNegative) => {
        const [low = 0, high = 0] = [values[word], values[word + 1]];
        const between = Math.fround(low + part * (high - low));
        const want =
          between - low < high - between
            ? word
            : between - low > high - between
              ? word + 1
              : word + (word & 1);
        const [found] = wordsOf(Float32Array.of(isNegative ? -between : between), dtype);

        expect(found).toBe(isNegative ? want | 0x8000 : want);
      }),
      { numRuns: 2_000 },
    );
  });

  it('says which finite value would become infinite', () => {
    const infinite = dtype === 'F16' ? 0x7c00 : 0x7f80;
    const largest = values[infinite - 1] ?? Number.NaN;
    const step = largest - (values[infinite - 2] ?? Number.NaN);
    const [fits, overflows] = [Math.fround(largest + step * 0.49), Math.fround(largest + step * 0.5)];

    expect([...wordsOf(Float32Array.of(fits, overflows), dtype)]).toEqual([infinite - 1, infinite]);
    expect(firstOverflow(Float32Array.of(1, fits, Number.POSITIVE_INFINITY), dtype)).toBeUndefined();
    expect(firstOverflow(Float32Array.of(1, fits, -overflows, overflows), dtype)).toBe(-overflows);
  });
});

it('rounds to half precision as the writer of safetensors files does', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 1, maxLength: 500 }), (bits) => {
      const data = new Float32Array(bits.slice().buffer);
      const file = writeSafetensors([{ name: 'x', shape: [data.length], data }], {}, 'F16');
      const { offset = 0 } = parseSafetensors(file, 'x').entries.get('x') ?? {};

      expect(Buffer.from(narrow(data, 'F16')).equals(file.subarray(offset))).toBe(true);
    }),
  );
});
