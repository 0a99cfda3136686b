import { importanceWeights } from '@residency/algorithms';
import { describe, expect, test } from 'vitest';

const INPUT = {
  oldLogprobs: [[0, 0, Number.NaN], [0]],
  samplerLogprobs: [[-Math.log(4), Math.log(2)], [Math.log(8)]],
  mask: [[1, 1, 0], [1]],
  cap: 3,
};
const rounded = (rows: readonly (readonly number[])[]): number[][] =>
  rows.map((row) => row.map((v) => Number(v.toFixed(12))));

describe('importanceWeights', () => {
  test('of tokens are cut at the cap', () => {
    const { weights, truncated } = importanceWeights('token', INPUT);
    expect(rounded(weights)).toEqual([[3, 0.5, 0], [0.125]]);
    expect(truncated).toEqual([[1, 0, 0], [0]]);
  });

  test('of sequences are products over their tokens', () => {
    const { weights, truncated } = importanceWeights('sequence', INPUT);
    expect(rounded(weights)).toEqual([[2, 2, 0], [0.125]]);
    expect(truncated).toEqual([[0, 0, 0], [0]]);
    expect(importanceWeights('sequence', { ...INPUT, cap: 1.5 }).truncated).toEqual([[1, 1, 0], [0]]);
  });

  test('stay finite 10,000 nats apart', () => {
    const far = { ...INPUT, oldLogprobs: [[1e4, 1e4], [-1e4]], cap: Number.POSITIVE_INFINITY };
    expect(importanceWeights('sequence', far).weights.flat().every(Number.isFinite)).toBe(true);
  });

  test('refuse a cap that is not above 0 and a token without a value', () => {
    expect(() => importanceWeights('token', { ...INPUT, cap: 0 })).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_LOSS_OPTION' }),
    );
    expect(() => importanceWeights('token', { ...INPUT, samplerLogprobs: [[0, 0]] })).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_SHAPE' }),
    );
  });
});
