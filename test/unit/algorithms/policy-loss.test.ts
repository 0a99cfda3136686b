import {
  maskLengths,
  POLICY_ESTIMATORS,
  type PolicyEstimator,
  type PolicyLossInput,
  policyLosses,
  policyObjective,
  sumTokens,
  tokenWeights,
} from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PUBLISHED_CASES, policyLossRows } from '../../support/policy-loss-vectors.js';

/** One token whose ratio is `ratio` and whose log-probability is log(ratio) - 1. */
const oneToken = (ratio: number, advantage: number): PolicyLossInput => ({
  logprobs: [[Math.log(ratio) - 1]],
  oldLogprobs: [[-1]],
  advantages: [[advantage]],
  mask: [[1]],
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip: 3,
});

const lossOf = (estimator: PolicyEstimator, input: PolicyLossInput): number =>
  sumTokens(policyLosses(estimator, input).losses);

describe('policy losses of one token', () => {
  const closedForms = [
    ['ppo', 1, 2, -2],
    ['ppo', 1.5, 2, -2.56],
    ['ppo', 0.5, 2, -1],
    ['ppo', 1.5, -2, 3],
    ['ppo', 0.5, -2, 1.6],
    ['ppo', 1.5, 0, 0],
    ['ppo', 5, -2, 10],
    ['ppo_dual_clip', 5, -2, 6],
    ['ppo_dual_clip', 2, -2, 4],
    ['ppo_dual_clip', 5, 2, -2.56],
    ['gspo', 1.5, 2, -2.56],
    ['cispo', 1.5, 2, -1.28 * 2 * (Math.log(1.5) - 1)],
    ['cispo', 0.5, -2, 0.8 * 2 * (Math.log(0.5) - 1)],
    ['reinforce', 1.5, 2, -2 * (Math.log(1.5) - 1)],
  ] as const;

  test.each(closedForms)('%s: ratio %d with advantage %d costs %d', (estimator, ratio, advantage, want) => {
    expect(lossOf(estimator, oneToken(ratio, advantage))).toBeCloseTo(want, 12);
  });

  test('says which bound decided', () => {
    const clips = (estimator: PolicyEstimator, ratio: number, advantage: number): number[] => {
      const terms = policyLosses(estimator, oneToken(ratio, advantage));
      return [terms.clippedLow, terms.clippedHigh, terms.clippedDual].map((m) => sumTokens(m));
    };

    expect(clips('ppo', 1.5, 2)).toEqual([0, 1, 0]);
    expect(clips('ppo', 0.5, -2)).toEqual([1, 0, 0]);
    expect(clips('ppo', 1.5, -2)).toEqual([0, 0, 0]);
    expect(clips('ppo_dual_clip', 5, -2)).toEqual([0, 0, 1]);
    expect(clips('ppo_dual_clip', 5, 2)).toEqual([0, 1, 0]);
    expect(clips('cispo', 1.5, -2)).toEqual([0, 1, 0]);
    expect(clips('cispo', 0.5, -2)).toEqual([1, 0, 0]);
    expect(clips('reinforce', 5, 2)).toEqual([0, 0, 0]);
  });

  test('a sequence ratio is the geometric mean of its token ratios', () => {
    const terms = policyLosses('gspo', {
      ...oneToken(1, 1),
      logprobs: [[Math.log(4), Math.log(1), 7]],
      oldLogprobs: [[0, 0]],
      advantages: [[1, -1]],
      mask: [[1, 1, 0]],
      clipHigh: 0.5,
    });

    expect(terms.ratios[0]?.[0]).toBeCloseTo(2, 12);
    expect(terms.losses[0]?.map((v) => Number(v.toFixed(12)))).toEqual([-1.5, 2, 0]);
  });

  test('what is held does not move with the log-probabilities', () => {
    const still = oneToken(1.1, 2);
    const moved = { ...still, logprobs: [[Math.log(1.1) - 0.5]], heldLogprobs: still.logprobs };

    expect(lossOf('cispo', moved)).toBeCloseTo(-1.1 * 2 * (Math.log(1.1) - 0.5), 12);
    expect(policyLosses('gspo', moved).ratios[0]?.[0]).toBeCloseTo(1.1 * Math.exp(0.5), 12);
  });
});

describe('policy losses', () => {
  test('read nothing of padding', () => {
    for (const estimator of POLICY_ESTIMATORS) {
      const padded = {
        ...oneToken(1.1, 3),
        logprobs: [[-1, Number.NaN], []],
        mask: [[1, 0], [0]],
      };
      expect(policyLosses(estimator, padded).losses).toEqual([
        [lossOf(estimator, { ...padded, mask: [[1]] }), 0],
        [0],
      ]);
    }
  });

  test('never fall below the unclipped loss, and clip-higher leaves more of it', () => {
    const ratio = fc.double({ min: 0.01, max: 20, noNaN: true });
    const advantage = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(ratio, advantage, (r, a) => {
        const token = oneToken(r, a);
        const plain = lossOf('ppo', { ...token, clipLow: 1, clipHigh: 1e9 });
        const clipped = lossOf('ppo', token);
        expect(clipped).toBeGreaterThanOrEqual(plain - 1e-12);
        expect(lossOf('ppo', { ...token, clipHigh: 0.5 })).toBeLessThanOrEqual(clipped + 1e-12);
        expect(lossOf('ppo_dual_clip', token)).toBeLessThanOrEqual(clipped);
      }),
    );
  });

  test('stay finite for log-probabilities 10,000 nats apart', () => {
    for (const estimator of POLICY_ESTIMATORS) {
      for (const logprobs of [[[-1e4]], [[1e4]]]) {
        expect(Number.isFinite(lossOf(estimator, { ...oneToken(1, -1), logprobs })), estimator).toBe(true);
      }
    }
  });

  const bad = [
    ['ppo', 'ALGORITHM_SHAPE', { oldLogprobs: [[]] }],
    ['reinforce', 'ALGORITHM_SHAPE', { advantages: [] }],
    ['ppo', 'ALGORITHM_CLIP', { clipLow: 1.5 }],
    ['gspo', 'ALGORITHM_CLIP', { clipHigh: -0.1 }],
    ['ppo_dual_clip', 'ALGORITHM_LOSS_OPTION', { dualClip: 1 }],
  ] as const;

  test.each(bad)('%s answers %s for %j', (estimator, code, change) => {
    expect(() => policyLosses(estimator, { ...oneToken(1, 1), ...change })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('the objective', () => {
  test('weighs policy losses by importance, adds the penalty and takes off the bonus', () => {
    const objective = policyObjective({
      ...oneToken(1, 2),
      logprobs: [[-1, -2]],
      oldLogprobs: [[-1, -2]],
      advantages: [[2, 2]],
      mask: [[1, 1]],
      estimator: 'ppo',
      weights: [0.5],
      kl: { estimator: 'k1', coefficient: 10, referenceLogprobs: [[-1.5, -2]] },
      entropy: { coefficient: 100, values: [[0.25, 0.5]] },
      correction: { level: 'token', cap: 1.5, samplerLogprobs: [[-1 - Math.log(3), -2 + Math.log(2)]] },
    });

    expect(objective.policyLoss).toBeCloseTo(0.5 * -2 * (1.5 + 0.5), 12);
    expect(objective.kl).toBeCloseTo(0.25, 12);
    expect(objective.entropy).toBeCloseTo(0.375, 12);
    expect(objective.total).toBeCloseTo(-2 + 2.5 - 37.5, 12);
  });
});

describe('published loss vectors', () => {
  const rows = policyLossRows();

  test.runIf(rows.length > 0)('are one row', () => {
    expect(rows).toHaveLength(1);
  });

  for (const row of rows) {
    test.each(PUBLISHED_CASES)('$name: the same loss, clip fractions and divergence', (published) => {
      const { estimator, aggregation, clipLow, clipHigh, scale } = published;
      const lengths = maskLengths(row.mask);
      const terms = policyLosses(estimator, {
        logprobs: row.log_prob,
        oldLogprobs: row.old_log_prob,
        advantages: row.advantages,
        mask: row.mask,
        clipLow,
        clipHigh,
        dualClip: 3,
      });
      const weights = tokenWeights({ aggregation, lengths, fixedLength: 4 });
      const tokens = lengths.reduce((a, b) => a + b, 0);
      const want = row.out[published.name];

      expect(sumTokens(terms.losses, weights)).toBeCloseTo(want.pg_loss * scale(lengths.length), 6);
      expect((sumTokens(terms.clippedLow) + sumTokens(terms.clippedHigh)) / tokens).toBeCloseTo(
        want.clipfrac,
        6,
      );
      expect(sumTokens(terms.clippedDual) / tokens).toBeCloseTo(want.clipfrac_lower, 6);
    });
  }
});
