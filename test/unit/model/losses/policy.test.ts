import {
  IMPORTANCE_LEVELS,
  importanceWeights,
  klPenalties,
  POLICY_ESTIMATORS,
  policyLosses,
  policyObjective,
  sumTokens,
} from '@residency/algorithms';
import { createLocalRunner } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import type { PolicyLossSpec } from '../../../../packages/model/src/losses/policy.js';
import { lossKey } from '../../../../packages/model/src/losses/table.js';
import { interpretLoss, type LossValues, runLoss } from '../../../support/loss-program.js';
import { largestDifference } from '../../../support/numbers.js';
import {
  BATCH,
  type Batch,
  feedsOf,
  inputOf,
  interpretPolicy,
  MASK,
  POLICY_NUMBERS as NUMBERS,
  POLICY_SPECS,
  policyProgram,
  ROW_WEIGHTS,
  SIZES,
  withPadding,
} from '../../../support/policy-batch.js';

/** The sums that the definitions give. */
function definedSums(spec: PolicyLossSpec, batch: Batch): Record<string, number> {
  const input = inputOf(spec, batch);
  const objective = policyObjective(input);
  const terms = policyLosses(spec.estimator, input);
  const importance =
    input.correction &&
    importanceWeights(input.correction.level, {
      ...input.correction,
      oldLogprobs: batch.oldLogprobs,
      mask: MASK,
    });
  const clips = {
    ...(spec.estimator !== 'reinforce' && {
      clippedLow: sumTokens(terms.clippedLow),
      clippedHigh: sumTokens(terms.clippedHigh),
    }),
    ...(spec.estimator === 'ppo_dual_clip' && { clippedDual: sumTokens(terms.clippedDual) }),
  };
  // KL(old || new) is the reference estimators' business with the roles exchanged.
  const drift = { logprobs: batch.oldLogprobs, referenceLogprobs: batch.logprobs, mask: MASK };
  return {
    loss: objective.total,
    policyLoss: objective.policyLoss,
    logprob: sumTokens(MASK.map((row, s) => row.map((bit, t) => bit * (batch.logprobs[s]?.[t] ?? 0)))),
    ratio: sumTokens(terms.ratios),
    oldKlK1: sumTokens(klPenalties('k1', drift)),
    oldKlK3: sumTokens(klPenalties('k3', drift)),
    ...clips,
    ...(spec.kl && {
      klPenalty: objective.kl,
      kl: sumTokens(klPenalties(spec.kl, { ...batch, mask: MASK })),
    }),
    ...(spec.entropy && {
      entropyBonus: objective.entropy,
      entropy: sumTokens(MASK.map((row, s) => row.map((bit, t) => bit * (batch.entropies[s]?.[t] ?? 0)))),
    }),
    ...(importance && {
      importance: sumTokens(importance.weights),
      truncated: sumTokens(importance.truncated),
    }),
  };
}

/**
 * Central differences of the definition by every log-probability, with what the loss holds still held still.
 */
function differences(spec: PolicyLossSpec, batch: Batch): number[] {
  const h = 1e-6;
  const lossAt = (s: number, t: number, d: number): number =>
    policyObjective({
      ...inputOf(spec, batch),
      heldLogprobs: batch.logprobs,
      logprobs: batch.logprobs.map((row, i) => row.map((v, j) => (i === s && j === t ? v + d : v))),
    }).total;
  return MASK.flatMap((row, s) => row.map((_, t) => (lossAt(s, t, h) - lossAt(s, t, -h)) / (2 * h)));
}

const runner = createLocalRunner();
afterAll(() => runner.close());

describe.each(POLICY_ESTIMATORS)('%s with every penalty, bonus and correction', (estimator) => {
  const specs = POLICY_SPECS.filter((spec) => spec.estimator === estimator);

  it('gives the sums of the definitions', () => {
    for (const spec of specs) {
      const out = interpretPolicy(spec, BATCH);
      const want = definedSums(spec, BATCH);
      const sums = Object.keys(out).filter((key) => !key.startsWith('grad:'));

      expect(sums.sort(), lossKey(spec)).toEqual(Object.keys(want).sort());
      for (const key of sums)
        expect(out[key]?.[0], `${lossKey(spec)} ${key}`).toBeCloseTo(want[key] ?? Number.NaN, 11);
    }
  });

  it('has the gradient of central differences of the definition', () => {
    for (const spec of specs) {
      const out = interpretPolicy(spec, BATCH);
      expect(
        largestDifference(out['grad:logprobs'] ?? [], differences(spec, BATCH)),
        lossKey(spec),
      ).toBeLessThan(1e-8);
      const byEntropy = MASK.flatMap((row, s) => row.map((bit) => -0.25 * bit * (ROW_WEIGHTS[s] ?? 0) + 0));
      if (spec.entropy)
        expect(
          out['grad:entropies']?.map((v) => v + 0),
          lossKey(spec),
        ).toEqual(byEntropy);
    }
  });

  it('computes the same compiled', async () => {
    for (const spec of specs) {
      const run = {
        program: policyProgram(spec),
        spec,
        feeds: feedsOf(BATCH),
        numbers: NUMBERS,
        sizes: SIZES,
      };
      const [want, got] = [interpretLoss(run), await runLoss(runner, run)];
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      for (const [key, values] of Object.entries(want)) {
        expect(largestDifference(got[key] ?? [], values), `${lossKey(spec)} ${key}`).toBeLessThan(3e-6);
      }
    }
  });

  it('takes nothing from padding, whatever it holds', async () => {
    for (const spec of specs) {
      const want = interpretPolicy(spec, BATCH);
      for (const junk of [3, -1e30, Number.NaN, Number.NEGATIVE_INFINITY]) {
        const out = interpretPolicy(
          spec,
          withPadding(BATCH, (i) => (i % 2 === 0 ? junk : -junk)),
        );
        expect(out, `${lossKey(spec)} ${junk}`).toEqual(want);
      }
      const onPadding = (want['grad:logprobs'] ?? []).filter((_, i) => MASK.flat()[i] === 0);
      expect(onPadding.map(Math.abs)).toEqual(onPadding.map(() => 0));
    }
    const spec = specs.at(-1);
    if (!spec) throw new Error('no spec');
    const run = { program: policyProgram(spec), spec, numbers: NUMBERS, sizes: SIZES };
    const clean = await runLoss(runner, { ...run, feeds: feedsOf(BATCH) });
    const dirty = await runLoss(runner, { ...run, feeds: feedsOf(withPadding(BATCH, () => Number.NaN)) });
    expect(dirty).toEqual(clean);
  });

  it('stays finite where log-probabilities are 10,000 nats apart', async () => {
    for (const far of [-1e4, 1e4]) {
      const batch = { ...BATCH, logprobs: BATCH.logprobs.map((row) => row.map((v) => v + far)) };
      for (const spec of specs) {
        const run = {
          program: policyProgram(spec),
          spec,
          feeds: feedsOf(batch),
          numbers: NUMBERS,
          sizes: SIZES,
        };
        const values = [interpretLoss(run), spec.entropy ? {} : await runLoss(runner, run)].flatMap((out) =>
          Object.values(out).flat(),
        );
        expect(values.length).toBeGreaterThan(0);
        expect(values.every(Number.isFinite), `${lossKey(spec)} ${far}`).toBe(true);
      }
    }
  });
});

describe('the batch of these tests', () => {
  it('meets every bound', () => {
    const sums = (estimator: PolicyLossSpec['estimator']): LossValues =>
      interpretPolicy({ kind: 'policy', estimator, kl: null, entropy: false, correction: 'token' }, BATCH);
    for (const estimator of ['ppo', 'ppo_dual_clip', 'cispo'] as const) {
      expect(sums(estimator)['clippedLow']?.[0], estimator).toBeGreaterThan(0);
      expect(sums(estimator)['clippedHigh']?.[0], estimator).toBeGreaterThan(0);
    }
    expect(sums('ppo_dual_clip')['clippedDual']?.[0]).toBeGreaterThan(0);
    const { clippedLow, clippedHigh } = sums('gspo');
    expect((clippedLow?.[0] ?? 0) + (clippedHigh?.[0] ?? 0)).toBeGreaterThan(0);
    for (const correction of IMPORTANCE_LEVELS) {
      const spec = { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction } as const;
      const truncated = interpretPolicy(spec, BATCH)['truncated']?.[0];
      expect(truncated, correction).toBeGreaterThan(0);
      expect(truncated, correction).toBeLessThan(9);
    }
  });
});
