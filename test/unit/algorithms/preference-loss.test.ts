import { dpoTerms, negativeLogLikelihood, type PreferencePair } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** A pair whose log-ratios to the reference are `chosen` and `rejected`. */
const pair = (chosen: number, rejected: number): PreferencePair => ({
  chosen: { logprob: -7 + chosen, referenceLogprob: -7 },
  rejected: { logprob: -9 + rejected, referenceLogprob: -9 },
});

describe('dpoTerms', () => {
  const closedForms = [
    // The loss of an untrained policy is one bit.
    [0, 0, 0.5, 0, Math.LN2],
    [2, 0, 0.5, 0, Math.log(1 + Math.exp(-1))],
    [0, 2, 0.5, 0, Math.log(1 + Math.exp(1))],
    [2, 1, 2, 0.1, 0.9 * Math.log(1 + Math.exp(-2)) + 0.1 * Math.log(1 + Math.exp(2))],
  ] as const;

  test.each(closedForms)(
    'log-ratios %d, %d, beta %d, smoothing %d cost %d',
    (c, r, beta, labelSmoothing, want) => {
      const terms = dpoTerms(pair(c, r), { beta, labelSmoothing });
      expect(terms.loss).toBeCloseTo(want, 12);
      expect([terms.chosenReward, terms.rejectedReward, terms.margin]).toEqual([
        beta * c,
        beta * r,
        beta * (c - r),
      ]);
    },
  );

  test('the losses of a pair and of the pair turned round differ by the margin', () => {
    const ratio = fc.double({ min: -30, max: 30, noNaN: true });
    fc.assert(
      fc.property(ratio, ratio, (c, r) => {
        const options = { beta: 0.3, labelSmoothing: 0 };
        const { loss, margin } = dpoTerms(pair(c, r), options);
        expect(dpoTerms(pair(r, c), options).loss - loss).toBeCloseTo(margin, 9);
      }),
    );
  });

  test('stays finite for sequences 10,000 nats apart', () => {
    expect(dpoTerms(pair(-1e4, 1e4), { beta: 1, labelSmoothing: 0 }).loss).toBe(2e4);
    expect(dpoTerms(pair(1e4, -1e4), { beta: 1, labelSmoothing: 0 }).loss).toBe(0);
  });

  test.each([
    { beta: 0, labelSmoothing: 0 },
    { beta: 1, labelSmoothing: 0.5 },
    { beta: 1, labelSmoothing: -0.1 },
  ])('refuses %j', (options) => {
    expect(() => dpoTerms(pair(0, 0), options)).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_LOSS_OPTION' }),
    );
  });
});

describe('negativeLogLikelihood', () => {
  test('weighs tokens and does not read those that weigh nothing', () => {
    expect(negativeLogLikelihood([[-1, -2, Number.NaN], []], [[0.5, 2, 0], [0]])).toBe(4.5);
    expect(() => negativeLogLikelihood([[-1]], [[1, 1]])).toThrow('logprobs[0][1] is missing');
  });
});
