import { pointsOf, responseTo, VITAL_SIGNS, vitalSigns } from '@residency/environments';
import { describe, expect, test } from 'vitest';

describe('NEWS2', () => {
  // The chart of the Royal College of Physicians, 2017, read at both sides of every limit.
  const chart = [
    ['respiratory rate', [8, 9, 11, 12, 20, 21, 24, 25], [3, 1, 1, 0, 0, 2, 2, 3]],
    ['oxygen saturation', [91, 92, 93, 94, 95, 96], [3, 2, 2, 1, 1, 0]],
    ['oxygen supply', [0, 1], [0, 2]],
    ['blood pressure', [90, 91, 100, 101, 110, 111, 219, 220], [3, 2, 2, 1, 1, 0, 0, 3]],
    ['pulse', [40, 41, 50, 51, 90, 91, 110, 111, 130, 131], [3, 1, 1, 0, 0, 1, 1, 2, 2, 3]],
    ['consciousness', [0, 1, 2, 3], [0, 3, 3, 3]],
    ['temperature', [350, 351, 360, 361, 380, 381, 390, 391], [3, 1, 1, 0, 0, 1, 1, 2]],
  ] as const;

  test.each(chart)('gives %s its points', (sign, values, points) => {
    expect(values.map((value) => pointsOf(sign, value))).toEqual(points);
  });

  test('covers every measurement of the chart', () => {
    expect(chart.map(([sign]) => sign)).toEqual(VITAL_SIGNS);
  });

  test.each(VITAL_SIGNS)('has bands of %s that leave no gap', (sign) => {
    const { bands } = vitalSigns[sign];

    for (const [index, { least, greatest }] of bands.entries()) {
      expect(greatest).toBeGreaterThanOrEqual(least);
      const next = bands[index + 1];
      if (next !== undefined) expect(next.least).toBe(greatest + 1);
    }
  });

  const responses = [
    [[0, 0, 0, 0, 0, 0, 0], 'routine'],
    [[2, 2, 0, 0, 0, 0, 0], 'routine'],
    [[0, 0, 0, 3, 0, 0, 0], 'urgent'],
    [[2, 2, 0, 0, 1, 0, 0], 'urgent'],
    [[3, 3, 0, 0, 0, 0, 0], 'urgent'],
    [[2, 2, 2, 0, 1, 0, 0], 'emergency'],
    [[3, 3, 2, 3, 3, 3, 2], 'emergency'],
  ] as const;

  test.each(responses)('answers %j with %s', (points, response) => {
    expect(responseTo(points)).toBe(response);
  });
});
