import { describe, expect, test } from 'vitest';
import { fromHalves, toHalf } from '../../../packages/model/src/half.js';

const LARGEST = 0x7bff;
const finite = Uint16Array.from({ length: LARGEST + 1 }, (_, bits) => bits);
const magnitudes = fromHalves(finite, 'F16');

/** The neighbour of a positive f32, `step` representable values away. */
const neighbour = (value: number, step: number): number => {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  return new Float32Array(Uint32Array.of((word[0] ?? 0) + step).buffer)[0] ?? 0;
};

describe('halves', () => {
  test('have the values of IEEE 754 binary16', () => {
    const at = (bits: number) => fromHalves(Uint16Array.of(bits), 'F16')[0];

    expect([0x0001, 0x03ff, 0x0400, 0x3c00, 0x3555, LARGEST].map(at)).toEqual([
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      1,
      0.333251953125,
      65504,
    ]);
    expect([at(0x7c00), at(0xfc00), at(0x7e00), at(0xbc00)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      -1,
    ]);
  });

  test('come back from f32 unchanged, with either sign', () => {
    expect(toHalf(magnitudes)).toEqual(finite);
    expect(toHalf(magnitudes.map((value) => -value))).toEqual(finite.map((bits) => bits | 0x8000));
  });

  test('are rounded to the nearest, and between two to the even one', () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < LARGEST; bits++) {
      const middle = ((magnitudes[bits] ?? 0) + (magnitudes[bits + 1] ?? 0)) / 2;
      const values = Float32Array.of(neighbour(middle, -1), middle, neighbour(middle, 1));
      const [below, tie, above] = toHalf(values);
      const even = bits % 2 === 0 ? bits : bits + 1;
      if (below !== bits || tie !== even || above !== bits + 1) wrong.push(bits);
    }

    expect(wrong).toEqual([]);
  });

  test('are infinite from 65520 on, and nothing for what is nearly nothing', () => {
    const values = [65519, 65520, 1e30, Number.NEGATIVE_INFINITY, Number.NaN, 1e-45, -1e-45, 2 ** -25];

    expect([...toHalf(Float32Array.from(values))]).toEqual([
      ...[0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7e00],
      ...[0, 0x8000, 0],
    ]);
  });
});
