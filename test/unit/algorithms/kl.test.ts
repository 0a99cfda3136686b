import { KL_ESTIMATORS, type KlEstimator, klPenalties, sumTokens } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PUBLISHED_KL, policyLossRows } from '../../support/policy-loss-vectors.js';

const oneToken = (estimator: KlEstimator, logprob: number, reference: number): number =>
  sumTokens(klPenalties(estimator, { logprobs: [[logprob]], referenceLogprobs: [[reference]], mask: [[1]] }));

describe('klPenalties', () => {
  test('are 0 for equal policies; all but k1 are positive for others', () => {
    const logprob = fc.double({ min: -9, max: 0, noNaN: true });
    fc.assert(
      fc.property(logprob, logprob, (p, q) => {
        for (const estimator of KL_ESTIMATORS) {
          expect(oneToken(estimator, p, p)).toBeCloseTo(0, 15);
          if (estimator !== 'k1') expect(oneToken(estimator, p, q)).toBeGreaterThanOrEqual(0);
        }
        expect(oneToken('k3', p, q)).toBeCloseTo(Math.min(Math.exp(q - p) - (q - p) - 1, 10), 9);
      }),
    );
  });

  test('k1 and k3 are unbiased estimates of the divergence of two known distributions', () => {
    const policy = [0.5, 0.3, 0.2];
    const reference = [0.2, 0.2, 0.6];
    const exact = policy.reduce((sum, p, i) => sum + p * Math.log(p / (reference[i] ?? 0)), 0);
    const expected = (estimator: KlEstimator): number =>
      policy.reduce(
        (sum, p, i) => sum + p * oneToken(estimator, Math.log(p), Math.log(reference[i] ?? 0)),
        0,
      );

    expect(expected('k1')).toBeCloseTo(exact, 12);
    expect(expected('k3')).toBeCloseTo(exact, 12);
  });

  test('stay finite 10,000 nats apart; k3 within 10', () => {
    for (const estimator of KL_ESTIMATORS) {
      for (const logprob of [-1e4, 1e4]) expect(Number.isFinite(oneToken(estimator, logprob, 0))).toBe(true);
    }
    expect(oneToken('k3', -1e4, 0)).toBe(10);
    expect(oneToken('k3', 1e4, 0)).toBe(10);
  });

  test('refuse a token without a value, and read nothing of padding', () => {
    const logprobs = [[-1, Number.NaN]];
    expect(klPenalties('k2', { logprobs, referenceLogprobs: [[-2]], mask: [[1, 0]] })).toEqual([[0.5, 0]]);
    expect(() => klPenalties('k2', { logprobs, referenceLogprobs: [[-2]], mask: [[1, 1]] })).toThrow(
      'referenceLogprobs[0][1] is missing',
    );
  });
});

describe('published divergences', () => {
  for (const row of policyLossRows()) {
    test.each(KL_ESTIMATORS)('%s is the same for every token', (estimator) => {
      const all = row.mask.map((tokens) => tokens.map(() => 1));
      const input = { logprobs: row.log_prob, referenceLogprobs: row.ref_log_prob };

      const got = klPenalties(estimator, { ...input, mask: all });
      row.kl[PUBLISHED_KL[estimator]].forEach((tokens, s) => {
        tokens.forEach((want, t) => {
          expect(got[s]?.[t]).toBeCloseTo(want, 6);
        });
      });
      const masked = sumTokens(klPenalties('k3', { ...input, mask: row.mask })) / sumTokens(row.mask);
      expect(masked).toBeCloseTo(row.kl_loss_low_var_token_mean, 6);
    });
  }
});
