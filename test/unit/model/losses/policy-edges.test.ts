import { policyObjective } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LossNumbers } from '../../../../packages/model/src/losses/numbers.js';
import { largestDifference } from '../../../support/numbers.js';
import {
  BATCH,
  inputOf,
  interpretPolicy,
  MASK,
  POLICY_NUMBERS,
  POLICY_SPECS,
  WIDTH,
} from '../../../support/policy-batch.js';

describe('the token form of gspo', () => {
  it('has the gradient of the sequence form where a sequence has one advantage', () => {
    const spec = { kind: 'policy', estimator: 'gspo', kl: null, entropy: false, correction: null } as const;
    const advantages = [1.5, -0.5, 1, -2].map((a) => Array.from({ length: WIDTH }, () => a));
    const batch = { ...BATCH, advantages };
    // Nothing is held here: the sequence's ratio itself is differentiated.
    const h = 1e-6;
    const lossAt = (s: number, t: number, d: number): number =>
      policyObjective({
        ...inputOf(spec, batch),
        logprobs: batch.logprobs.map((row, i) => row.map((v, j) => (i === s && j === t ? v + d : v))),
      }).total;
    const numeric = MASK.flatMap((row, s) =>
      row.map((_, t) => (lossAt(s, t, h) - lossAt(s, t, -h)) / (2 * h)),
    );

    expect(numeric.some((v) => Math.abs(v) > 0.01)).toBe(true);
    expect(largestDifference(interpretPolicy(spec, batch)['grad:logprobs'] ?? [], numeric)).toBeLessThan(
      1e-8,
    );
  });
});

describe('a token exactly at a bound', () => {
  const spec = {
    kind: 'policy',
    estimator: 'ppo_dual_clip',
    kl: null,
    entropy: false,
    correction: null,
  } as const;
  /** d loss / d logprob of the first token, which has weight 1/8. */
  const slope = (logprob: number, advantage: number, numbers: Partial<LossNumbers>): number => {
    const [logprobs, oldLogprobs, advantages] = [logprob, 0, advantage].map((v) =>
      MASK.map((row) => row.map(() => v)),
    );
    const batch = {
      ...BATCH,
      logprobs: logprobs ?? [],
      oldLogprobs: oldLogprobs ?? [],
      advantages: advantages ?? [],
    };
    return (
      8 *
      (interpretPolicy(spec, batch, { ...POLICY_NUMBERS, ...numbers })['grad:logprobs']?.[0] ?? Number.NaN)
    );
  };

  it('keeps the gradient of the unclipped loss, which is lost beyond', () => {
    const atOne = { clipLow: 0, clipHigh: 0 };
    expect(slope(0, 2, atOne)).toBe(-2);
    expect(slope(0, -2, atOne)).toBe(2);
    expect(slope(1e-9, 2, atOne)).toBeCloseTo(0, 15);
    expect(slope(-1e-9, -2, atOne)).toBeCloseTo(0, 15);
    expect(slope(Math.LN2, -2, { dualClip: 2 })).toBe(4);
    expect(slope(Math.LN2 + 1e-9, -2, { dualClip: 2 })).toBeCloseTo(0, 15);
  });
});

describe('random batches', () => {
  it('have the loss of the definition and finite gradients, however far apart their policies', () => {
    const nats = fc.oneof(
      fc.double({ min: -4, max: 0, noNaN: true }),
      fc.constantFrom(-1e4, -30, -20, -10, 0, 20, 1e4),
    );
    const rows = fc.array(fc.array(nats, { minLength: WIDTH, maxLength: WIDTH }), {
      minLength: MASK.length,
      maxLength: MASK.length,
    });
    fc.assert(
      fc.property(fc.constantFrom(...POLICY_SPECS), rows, rows, rows, rows, (spec, ...drawn) => {
        const [logprobs, oldLogprobs, referenceLogprobs, samplerLogprobs] = drawn;
        const batch = { ...BATCH, logprobs, oldLogprobs, referenceLogprobs, samplerLogprobs };
        const out = interpretPolicy(spec, batch);
        const want = policyObjective(inputOf(spec, batch)).total;

        expect(Math.abs((out['loss']?.[0] ?? Number.NaN) - want)).toBeLessThanOrEqual(
          1e-9 * Math.max(1, Math.abs(want)),
        );
        expect(out['grad:logprobs']?.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
