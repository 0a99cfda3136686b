import { dpoTerms, type PairSide } from '@residency/algorithms';
import { createLocalRunner, sym } from '@residency/tensor';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PAIRED_SEQUENCES } from '../../../../packages/model/src/losses/dpo.js';
import { interpretLoss, type LossValues, lossProgram, runLoss } from '../../../support/loss-program.js';
import { largestDifference, randomNumbers } from '../../../support/numbers.js';

const MASK = [
  [1, 1, 1],
  [1, 0, 0],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
  [0, 0, 0],
];
const [SEQUENCES, WIDTH, PAIR_COUNT] = [MASK.length, 3, MASK.length / 2];
const PAIR_WEIGHTS = [0.5, 0.25, 0.125];
const NUMBERS = { dpoBeta: 0.5, labelSmoothing: 0.125 };

const random = (seed: number): number[] =>
  randomNumbers(SEQUENCES * WIDTH, seed).map((v) => Math.fround(2 * v - 2));
const [LOGPROBS, REFERENCE] = [random(1), random(2)];

/** Sum over the tokens of a sequence that carry loss. */
const total = (values: readonly number[], sequence: number): number =>
  (MASK[sequence] ?? []).reduce(
    (sum, bit, t) => sum + (bit === 1 ? (values[sequence * WIDTH + t] ?? 0) : 0),
    0,
  );

function defined(
  logprobs: readonly number[],
  reference: readonly number[],
  numbers = NUMBERS,
): Record<string, number> {
  const sums = { loss: 0, accuracy: 0, margin: 0, chosenReward: 0, rejectedReward: 0 };
  const side = (s: number): PairSide => ({
    logprob: total(logprobs, s),
    referenceLogprob: total(reference, s),
  });
  for (let k = 0; k < PAIR_COUNT; k++) {
    const pair = { chosen: side(2 * k), rejected: side(2 * k + 1) };
    const terms = dpoTerms(pair, { beta: numbers.dpoBeta, labelSmoothing: numbers.labelSmoothing });
    sums.loss += (PAIR_WEIGHTS[k] ?? 0) * terms.loss;
    sums.accuracy += Number(terms.margin > 0);
    sums.margin += terms.margin;
    sums.chosenReward += terms.chosenReward;
    sums.rejectedReward += terms.rejectedReward;
  }
  const all = MASK.reduce((sum, _, s) => sum + total(logprobs, s), 0);
  return { ...sums, logprob: all };
}

const program = lossProgram({ kind: 'dpo' }, PAIRED_SEQUENCES);
const runOf = (logprobs: readonly number[], referenceLogprobs: readonly number[], numbers = NUMBERS) => ({
  program,
  spec: { kind: 'dpo' } as const,
  feeds: {
    logprobs,
    referenceLogprobs,
    mask: MASK.flat(),
    weights: MASK.flat().map(() => Number.NaN),
    pairWeights: PAIR_WEIGHTS,
  },
  numbers,
  sizes: { N: PAIR_COUNT, S: WIDTH },
});
const runner = createLocalRunner();
afterAll(() => runner.close());

function expectSums(out: LossValues, want: Readonly<Record<string, number>>, digits: number): void {
  expect(Object.keys(out).sort()).toEqual([...Object.keys(want), 'grad:logprobs'].sort());
  for (const [key, value] of Object.entries(want)) expect(out[key]?.[0], key).toBeCloseTo(value, digits);
}

/** Central differences of the definition. */
function differences(logprobs: readonly number[], reference: readonly number[]): number[] {
  const h = 1e-6;
  const lossAt = (i: number, d: number): number =>
    defined(
      logprobs.map((v, j) => (i === j ? v + d : v)),
      reference,
    )['loss'] ?? Number.NaN;
  return logprobs.map((_, i) => (lossAt(i, h) - lossAt(i, -h)) / (2 * h));
}

describe('direct preference optimisation', () => {
  it('gives the sums and the gradient of its definition, interpreted and compiled', async () => {
    const run = runOf(LOGPROBS, REFERENCE);
    const [interpreted, compiled] = [interpretLoss(run), await runLoss(runner, run)];

    expectSums(interpreted, defined(LOGPROBS, REFERENCE), 12);
    expectSums(compiled, defined(LOGPROBS, REFERENCE), 5);
    const numeric = differences(LOGPROBS, REFERENCE);
    expect(numeric.filter((v) => Math.abs(v) > 1e-3).length).toBe(
      MASK.flat().filter((bit) => bit === 1).length,
    );
    expect(largestDifference(interpreted['grad:logprobs'] ?? [], numeric)).toBeLessThan(1e-9);
    expect(largestDifference(compiled['grad:logprobs'] ?? [], numeric)).toBeLessThan(1e-6);
  });

  it('has the right gradient where the policy is still the reference', async () => {
    const run = runOf(LOGPROBS, LOGPROBS);
    const [interpreted, compiled] = [interpretLoss(run), await runLoss(runner, run)];

    // weight · beta · (1/2 - smoothing), up for chosen and down for rejected tokens
    const want = MASK.flatMap((row, s) =>
      row.map((bit) => bit * (s % 2 === 0 ? -1 : 1) * (PAIR_WEIGHTS[Math.floor(s / 2)] ?? 0) * 0.5 * 0.375),
    );
    expect(largestDifference(interpreted['grad:logprobs'] ?? [], want)).toBeLessThan(1e-15);
    expect(largestDifference(compiled['grad:logprobs'] ?? [], want)).toBeLessThan(1e-7);
    expect(interpreted['loss']?.[0]).toBeCloseTo(0.875 * Math.LN2, 12);
    expect(interpreted['accuracy']).toEqual([0]);
  });

  it('takes nothing from padding', async () => {
    const dirty = (values: readonly number[]): number[] =>
      values.map((v, i) => (MASK.flat()[i] === 1 ? v : Number.NaN));
    const [clean, junk] = [runOf(LOGPROBS, REFERENCE), runOf(dirty(LOGPROBS), dirty(REFERENCE))];

    expect(interpretLoss(junk)).toEqual(interpretLoss(clean));
    expect(await runLoss(runner, junk)).toEqual(await runLoss(runner, clean));
    const onPadding = (interpretLoss(junk)['grad:logprobs'] ?? []).filter((_, i) => MASK.flat()[i] === 0);
    expect(onPadding.map(Math.abs)).toEqual(onPadding.map(() => 0));
  });

  it('stays finite, with the slope of a line, where sequences are 10,000 nats apart', async () => {
    for (const sign of [-1, 1]) {
      const far = LOGPROBS.map((v, i) => v + (Math.floor(i / WIDTH) % 2 === 0 ? sign : -sign) * 1e4);
      const numbers = { dpoBeta: 1, labelSmoothing: 0 };
      const run = runOf(far, REFERENCE, numbers);
      for (const out of [interpretLoss(run), await runLoss(runner, run)]) {
        expect(Object.values(out).flat().every(Number.isFinite)).toBe(true);
        expect(out['grad:logprobs']?.[0]).toBeCloseTo(sign < 0 ? -0.5 : 0, 6);
      }
    }
  });

  it('has the loss of its definition for any log-probabilities', () => {
    const values = fc.array(fc.double({ min: -50, max: 0, noNaN: true }), {
      minLength: SEQUENCES * WIDTH,
      maxLength: SEQUENCES * WIDTH,
    });
    fc.assert(
      fc.property(values, values, (logprobs, reference) => {
        const out = interpretLoss(runOf(logprobs, reference));
        expect(out['loss']?.[0]).toBeCloseTo(defined(logprobs, reference)['loss'] ?? Number.NaN, 9);
      }),
    );
  });

  it('refuses sequences that are not pairs', () => {
    expect(() => lossProgram({ kind: 'dpo' }, sym('B'))).toThrow('loss dpo: got B sequences, want 2*N');
  });
});
