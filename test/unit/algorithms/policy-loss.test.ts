import { clipFraction, clippedPolicyLoss, klK3, type PolicyLossInput } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonRows, referenceFile } from '../../support/reference-data.js';

interface PolicyLossRow {
  readonly kind: string;
  readonly log_prob: readonly (readonly number[])[];
  readonly old_log_prob: readonly (readonly number[])[];
  readonly ref_log_prob: readonly (readonly number[])[];
  readonly advantages: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  readonly out: { readonly 'token-mean': { readonly pg_loss: number; readonly clipfrac: number } };
  readonly kl: { readonly low_var_kl: readonly (readonly number[])[] };
  readonly kl_loss_low_var_token_mean: number;
}

/** One token whose ratio is `ratio`. */
const oneToken = (ratio: number, advantage: number): PolicyLossInput => ({
  logprobs: [[Math.log(ratio) - 1]],
  oldLogprobs: [[-1]],
  advantages: [advantage],
  mask: [[1]],
  clipLow: 0.2,
  clipHigh: 0.28,
});

describe('clippedPolicyLoss', () => {
  const closedForms = [
    [1, 2, -2],
    [1.5, 2, -2.56],
    [0.5, 2, -1],
    [1.5, -2, 3],
    [0.5, -2, 1.6],
    [1.5, 0, 0],
  ] as const;

  test.each(closedForms)('ratio %d with advantage %d costs %d', (ratio, advantage, want) => {
    expect(clippedPolicyLoss(oneToken(ratio, advantage))).toBeCloseTo(want, 12);
  });

  test('averages over tokens, not over samples, and leaves masked tokens out', () => {
    const loss = clippedPolicyLoss({
      logprobs: [[-1], [-1, -1, Number.NaN]],
      oldLogprobs: [[-1], [-1, -1, Number.NaN]],
      advantages: [3, -1],
      mask: [[1], [1, 1, 0]],
      clipLow: 0.2,
      clipHigh: 0.2,
    });

    expect(loss).toBeCloseTo((-3 + 1 + 1) / 3, 12);
  });

  const bad = [
    ['ALGORITHM_MASK_EMPTY', { mask: [[0]] }],
    ['ALGORITHM_SHAPE', { oldLogprobs: [[]] }],
    ['ALGORITHM_SHAPE', { advantages: [] }],
    ['ALGORITHM_CLIP', { clipLow: 1.5 }],
    ['ALGORITHM_CLIP', { clipHigh: -0.1 }],
  ] as const;

  test.each(bad)('answers %s for %j', (code, change) => {
    expect(() => clippedPolicyLoss({ ...oneToken(1, 1), ...change })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('klK3', () => {
  test('is zero for equal policies and positive otherwise', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -9, max: 0, noNaN: true }),
        fc.double({ min: -9, max: 0, noNaN: true }),
        (p, q) => {
          const kl = klK3({ logprobs: [[p]], refLogprobs: [[q]], mask: [[1]] });
          if (p === q) expect(kl).toBe(0);
          else expect(kl).toBeGreaterThanOrEqual(0);
          expect(kl).toBeCloseTo(Math.exp(q - p) - (q - p) - 1, 9);
        },
      ),
    );
  });

  test('is an unbiased estimate of the divergence of two known distributions', () => {
    const policy = [0.5, 0.3, 0.2];
    const reference = [0.2, 0.2, 0.6];
    const exact = policy.reduce((sum, p, index) => sum + p * Math.log(p / (reference[index] ?? 0)), 0);

    const expected = policy.reduce((sum, p, index) => {
      const sample = {
        logprobs: [[Math.log(p)]],
        refLogprobs: [[Math.log(reference[index] ?? 0)]],
        mask: [[1]],
      };
      return sum + p * klK3(sample);
    }, 0);

    expect(expected).toBeCloseTo(exact, 12);
  });
});

describe('published loss vectors', () => {
  const path = referenceFile('golden', 'gigpo.jsonl');
  const rows = jsonRows<PolicyLossRow>(path).filter((row) => row.kind === 'policy_loss');

  test.runIf(path !== null)('are one row', () => {
    expect(rows).toHaveLength(1);
  });

  test.each(rows)('give the same loss, clip fraction and divergence', (row) => {
    const input: PolicyLossInput = {
      logprobs: row.log_prob,
      oldLogprobs: row.old_log_prob,
      advantages: row.advantages.map((tokens) => tokens[0] ?? Number.NaN),
      mask: row.mask,
      clipLow: 0.2,
      clipHigh: 0.28,
    };

    expect(clippedPolicyLoss(input)).toBeCloseTo(row.out['token-mean'].pg_loss, 6);
    expect(clipFraction(input)).toBeCloseTo(row.out['token-mean'].clipfrac, 6);
    expect(klK3({ logprobs: row.log_prob, refLogprobs: row.ref_log_prob, mask: row.mask })).toBeCloseTo(
      row.kl_loss_low_var_token_mean,
      6,
    );
    for (const [sample, tokens] of row.kl.low_var_kl.entries()) {
      for (const [token, want] of tokens.entries()) {
        const logprobs = [[row.log_prob[sample]?.[token] ?? Number.NaN]];
        const refLogprobs = [[row.ref_log_prob[sample]?.[token] ?? Number.NaN]];
        expect(klK3({ logprobs, refLogprobs, mask: [[1]] })).toBeCloseTo(want, 6);
      }
    }
  });
});
