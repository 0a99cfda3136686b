import { AGGREGATIONS, type Aggregation, tokenWeights } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('tokenWeights', () => {
  const lengths = [3, 4, 0, 1];
  const closedForms: readonly [Aggregation, readonly number[]][] = [
    ['token-mean', [1 / 8, 1 / 8, 0, 1 / 8]],
    ['seq-mean-token-sum', [1 / 4, 1 / 4, 0, 1 / 4]],
    ['seq-mean-token-mean', [1 / 12, 1 / 16, 0, 1 / 4]],
    ['fixed-length', [1 / 40, 1 / 40, 0, 1 / 40]],
  ];

  test.each(closedForms)('%s', (aggregation, want) => {
    expect(tokenWeights({ aggregation, lengths, fixedLength: 10 })).toEqual(want);
  });

  test('has a closed form for every aggregation', () => {
    expect(closedForms.map(([name]) => name).sort()).toEqual([...AGGREGATIONS].sort());
  });

  test('means of a constant token loss are that constant', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 }), (all) => {
        const total = (aggregation: Aggregation): number =>
          tokenWeights({ aggregation, lengths: all }).reduce((sum, w, i) => sum + w * (all[i] ?? 0), 0);
        const mean = all.reduce((a, b) => a + b, 0) / all.length;

        expect(total('token-mean')).toBeCloseTo(1, 12);
        expect(total('seq-mean-token-mean')).toBeCloseTo(1, 12);
        expect(total('seq-mean-token-sum')).toBeCloseTo(mean, 9);
      }),
    );
  });

  const bad = [
    ['ALGORITHM_MASK_EMPTY', { lengths: [0, 0] }],
    ['ALGORITHM_MASK_EMPTY', { lengths: [] }],
    ['ALGORITHM_SHAPE', { lengths: [1.5] }],
    ['ALGORITHM_SHAPE', { lengths: [-1, 4] }],
    ['ALGORITHM_LOSS_OPTION', { aggregation: 'fixed-length' }],
    ['ALGORITHM_LOSS_OPTION', { aggregation: 'fixed-length', fixedLength: 0 }],
    ['ALGORITHM_LOSS_OPTION', { aggregation: 'median' as Aggregation }],
  ] as const;

  test.each(bad)('answers %s for %j', (code, change) => {
    expect(() => tokenWeights({ aggregation: 'token-mean', lengths: [1], ...change })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
