import { type EpisodeStep, gigpo, hgpo, scoreSteps } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const scoring = { gamma: 0.9, invalidPenalty: 0.1 };

const batches = fc
  .array(
    fc.record({
      group: fc.constantFrom('g', 'h'),
      trajectory: fc.constantFrom('a', 'b', 'c'),
      anchor: fc.constantFrom('s', 't'),
      reward: fc.integer({ min: 0, max: 9 }),
      isValid: fc.boolean(),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((steps) => ({ steps, batch: scoreSteps(steps, scoring) }));

/** The definition as it stands, with texts for contexts: means alone, no division. */
function contextMeans(
  steps: readonly EpisodeStep[],
  returns: readonly number[],
  history: number,
  alpha: number,
) {
  const contexts = steps.map((one, i) => {
    const walked = steps.filter(
      (other, j) => j <= i && other.group === one.group && other.trajectory === one.trajectory,
    );
    const names = walked.map(({ anchor }) => String(anchor));
    return Array.from({ length: Math.min(walked.length, history + 1) }, (_, k) =>
      [one.group, k, ...names.slice(-k - 1)].join(' '),
    );
  });
  return contexts.map((mine, i) => {
    let [sum, weights] = [0, 0];
    for (const [k, context] of mine.entries()) {
      const members = contexts.flatMap((other, j) =>
        other[k] === context ? [returns[j] ?? Number.NaN] : [],
      );
      const distance = (returns[i] ?? Number.NaN) - members.reduce((a, b) => a + b, 0) / members.length;
      if (members.length < 2 || Math.abs(distance) < 1e-11) continue;
      sum += (k + 2) ** alpha * distance;
      weights += (k + 2) ** alpha;
    }
    return sum / (weights + 1e-6);
  });
}

describe('hgpo', () => {
  test('averages over contexts as it is defined', () => {
    fc.assert(
      fc.property(
        batches,
        fc.integer({ min: 0, max: 3 }),
        fc.constantFrom(0, 1, 2),
        (drawn, history, alpha) => {
          const want = contextMeans(drawn.steps, drawn.batch.stepReturns, history, alpha);
          const got = hgpo(drawn.batch, { history, alpha });
          for (const [i, value] of got.entries()) expect(value).toBeCloseTo(want[i] ?? Number.NaN, 9);
        },
      ),
    );
  });

  test('is the step advantage where a prompt shows no history, but for its small divisor', () => {
    fc.assert(
      fc.property(batches, ({ batch }) => {
        const { stepAdvantages } = gigpo(batch);
        const got = hgpo(batch, { history: 0, alpha: 0 });
        for (const [i, value] of stepAdvantages.entries()) {
          expect(got[i]).toBeCloseTo(value / (1 + 1e-6), 9);
        }
      }),
    );
  });

  const batch = scoreSteps([], scoring);
  test.each([
    [{ history: -1 }, 'history is -1, want an integer from 0 to 64'],
    [{ history: 1.5 }, 'history is 1.5'],
    [{ alpha: Number.NaN }, 'alpha is NaN'],
  ])('refuses %j', (options, message) => {
    expect(() => hgpo(batch, options)).toThrow(
      expect.objectContaining({
        code: 'ALGORITHM_ADVANTAGE_OPTION',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('refuses copies, which stand in no order', () => {
    const one = scoreSteps([{ group: 'g', trajectory: 'a', anchor: 's', reward: 0, isValid: true }], scoring);

    expect(() => hgpo({ ...one, isCopy: [true] })).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_ADVANTAGE_OPTION' }),
    );
  });
});
