import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponent, median, medianRatio, slope } from '../../bench/support/statistics.js';

describe('median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 10])).toBe(9);
    expect(median([4, 1, 10, 2])).toBe(3);
    expect(median([7])).toBe(7);
    expect(() => median([])).toThrow(RangeError);
  });

  it('has as many values below as above, whatever their order', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (given) => {
        const middle = median(given);
        const half = given.length / 2;
        return (
          given.filter((v) => v < middle).length <= half && given.filter((v) => v > middle).length <= half
        );
      }),
    );
  });
});

describe('slope and exponent', () => {
  it('finds a line', () => {
    const points = [1, 2, 5, 9].map((x) => ({ x, y: 3 - 2 * x }));
    expect(slope(points)).toBeCloseTo(-2, 12);
  });

  it('agrees with normal equations worked by hand', () => {
    // Means 2 and 4; sum of dx dy = 2, of dx dx = 2.
    const points = [
      { x: 1, y: 3 },
      { x: 2, y: 4 },
      { x: 3, y: 5 },
    ];
    expect(slope(points)).toBeCloseTo(1, 12);
    // Sum of dx dy = 3 about means 2 and 13/3.
    expect(slope([...points.slice(0, 2), { x: 3, y: 6 }])).toBeCloseTo(1.5, 12);
  });

  it('finds the exponent of a power law', () => {
    for (const b of [-1, 0, 0.5, 1.7, 2])
      expect(exponent([2, 3, 8, 100].map((x) => ({ x, y: 7 * x ** b })))).toBeCloseTo(b, 12);
  });

  it('refuses points that determine no line', () => {
    expect(() => slope([{ x: 2, y: 1 }])).toThrow(RangeError);
    expect(() =>
      exponent([
        { x: 2, y: 1 },
        { x: 2, y: 5 },
      ]),
    ).toThrow(RangeError);
  });
});

describe('medianRatio', () => {
  it('compares runs of one round and takes the middle of the rounds', () => {
    // The second round met a busy machine, which slowed both sides tenfold.
    const ours = [10, 110, 14].map((ms) => ({ ms, peakRssMb: 300 }));
    const other = [20, 200, 20].map((ms, i) => ({ ms, peakRssMb: [600, 400, 300][i] ?? 0 }));

    const ratio = medianRatio(ours, other);

    expect(ratio.time).toBeCloseTo(0.55, 12);
    expect(ratio.memory).toBeCloseTo(0.75, 12);
    expect(() => medianRatio(ours, other.slice(1))).toThrow(RangeError);
  });
});
