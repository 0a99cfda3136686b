import { estimateAdvantages, estimators, isEstimator } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonRows, referenceFile } from '../../../support/reference-data.js';

interface GigpoRow {
  readonly kind: string;
  readonly name: string;
  readonly config: { readonly epsilon: number };
  readonly steps: readonly { readonly group: string }[];
  readonly out: { readonly episodeScoreAfterPenalty: readonly number[] };
  readonly otherEstimators: { readonly grpo_std: readonly number[] };
}

const grpo = (rewards: readonly number[]) => estimateAdvantages({ estimator: 'grpo', rewards });

describe('grpo', () => {
  // CRPO specification 2.6.
  const table = [
    [
      [12, 2, 12, 2, 2],
      [1.095445, -0.730297, 1.095445, -0.730297, -0.730297],
    ],
    [
      [12, 2, 2, 2, 2],
      [1.788854, -0.447213, -0.447213, -0.447213, -0.447213],
    ],
    [
      [12, 10.5, -18, 2, 0],
      [0.893374, 0.768135, -1.611413, 0.058445, -0.108541],
    ],
    [
      [11.928571428571429, 12, 11.5, 12, 10.5],
      [0.534323, 0.64564, -0.133581, 0.64564, -1.692023],
    ],
    [
      [-3, 1.5],
      [-Math.SQRT1_2, Math.SQRT1_2],
    ],
    [
      [12, 12, 12, 12, 12],
      [0, 0, 0, 0, 0],
    ],
  ] as const;

  test.each(table)('weighs %j as published', (rewards, want) => {
    const { advantages } = grpo(rewards);

    expect(advantages).toHaveLength(want.length);
    for (const [index, value] of want.entries()) expect(advantages[index]).toBeCloseTo(value, 6);
  });

  test('keeps the small spread of a nearly equal group', () => {
    const { advantages } = grpo([12, 12, 12, 12, 11.9996]);

    for (const index of [0, 1, 2, 3]) expect(advantages[index]).toBeCloseTo(0.4447, 4);
    expect(advantages[4]).toBeCloseTo(-1.7789, 4);
  });

  test('gives a single sample its raw reward', () => {
    const estimate = grpo([7]);

    expect(estimate).toMatchObject({ mean: 0, std: 1 });
    expect(estimate.advantages[0]).toBeCloseTo(7, 4);
  });

  test('gives exact zeros where the spread is rounding only, and reports that spread', () => {
    const third = 11.3;
    const estimate = grpo([third, third + 4e-12, third, third, third]);

    expect(estimate.advantages).toEqual([0, 0, 0, 0, 0]);
    expect(estimate.std).toBeGreaterThan(0);
  });

  test('is centred, has unit spread, and neither shift nor scale of rewards changes it', () => {
    const rewards = fc.array(fc.integer({ min: -40, max: 24 }), { minLength: 2, maxLength: 16 });
    fc.assert(
      fc.property(rewards, fc.integer({ min: -9, max: 9 }), (drawn, shift) => {
        fc.pre(new Set(drawn).size > 1);
        const { advantages, std } = grpo(drawn);
        const sum = advantages.reduce((total, value) => total + value, 0);
        const squares = advantages.reduce((total, value) => total + value ** 2, 0);
        expect(Math.abs(sum)).toBeLessThan(1e-9);
        expect(squares / (drawn.length - 1)).toBeCloseTo((std / (std + 1e-6)) ** 2, 9);
        const moved = grpo(drawn.map((reward) => 3 * reward + shift)).advantages;
        for (const [index, value] of advantages.entries()) expect(moved[index]).toBeCloseTo(value, 4);
      }),
    );
  });

  test('is the formula to the last bit, summed in the order given', () => {
    const rewards = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(rewards, (drawn) => {
        const mean = drawn.reduce((sum, reward) => sum + reward, 0) / drawn.length;
        const squares = drawn.reduce((sum, reward) => sum + (reward - mean) ** 2, 0);
        const std = Math.sqrt(squares / (drawn.length - 1));
        fc.pre(std >= 1e-6);
        const advantages = drawn.map((reward) => (reward - mean) / (std + 1e-6));
        expect(grpo(drawn)).toEqual({ advantages, mean, std });
      }),
    );
  });

  const path = referenceFile('golden', 'gigpo.jsonl');
  const rows = jsonRows<GigpoRow>(path).filter((row) => row.kind === 'advantage');

  test.runIf(path !== null)('has all 15 published advantage cases to check', () => {
    expect(rows).toHaveLength(15);
  });

  test.each(rows)('matches the published grpo values of $name', (row) => {
    const got = new Array<number>(row.steps.length).fill(Number.NaN);
    for (const group of new Set(row.steps.map((step) => step.group))) {
      const members = row.steps.flatMap((step, index) => (step.group === group ? [index] : []));
      const rewards = members.map((index) => row.out.episodeScoreAfterPenalty[index] ?? Number.NaN);
      const estimate = estimateAdvantages({ estimator: 'grpo', rewards, epsilon: row.config.epsilon });
      for (const [place, index] of members.entries()) got[index] = estimate.advantages[place] ?? Number.NaN;
    }

    for (const [index, want] of row.otherEstimators.grpo_std.entries()) {
      expect(Math.abs((got[index] ?? Number.NaN) - want)).toBeLessThan(1e-5);
    }
  });
});

describe('other estimators of a group', () => {
  const all = (rewards: readonly number[], singletons?: 'raw' | 'zero') =>
    (['grpo_nostd', 'rloo', 'grpo_passk'] as const).map(
      (estimator) => estimateAdvantages({ estimator, rewards, ...(singletons && { singletons }) }).advantages,
    );

  test('are those of their definitions', () => {
    const [plain, others, best] = all([6, 0, 3, 3]);

    expect(plain).toEqual([3, -3, 0, 0]);
    expect(others).toEqual([4, -4, 0, 0]);
    expect(best).toEqual([expect.closeTo(3 / Math.sqrt(6), 5), 0, 0, 0]);
  });

  test('take a tie of the best for no news', () => {
    expect(all([6, 0, 6])[2]).toEqual([0, 0, 0]);
  });

  test('give equal rewards exact zeros', () => {
    for (const advantages of all([11.3, 11.3 + 4e-12, 11.3])) expect(advantages).toEqual([0, 0, 0]);
  });

  test('give a group of one its reward, nothing, or refuse it', () => {
    const one = (estimator: 'grpo_nostd' | 'rloo' | 'grpo_passk') => () =>
      estimateAdvantages({ estimator, rewards: [7] });

    expect([one('grpo_nostd')().advantages, one('rloo')().advantages]).toEqual([[7], [7]]);
    expect(one('grpo_passk')).toThrow(expect.objectContaining({ code: 'ALGORITHM_GROUP_SMALL' }));
    expect(all([7], 'zero')).toEqual([[0], [0], [0]]);
  });
});

describe('estimateAdvantages', () => {
  test('knows exactly the estimators of its table', () => {
    expect(Object.keys(estimators)).toEqual(['grpo', 'grpo_nostd', 'rloo', 'grpo_passk']);
    expect(isEstimator('grpo')).toBe(true);
    expect(isEstimator('toString')).toBe(false);
  });

  const bad = [
    ['ALGORITHM_GROUP_EMPTY', { estimator: 'grpo', rewards: [] }, 'rewards is empty'],
    ['ALGORITHM_REWARD_NOT_FINITE', { estimator: 'grpo', rewards: [1, Number.NaN] }, 'rewards[1] is NaN'],
    ['ALGORITHM_EPSILON', { estimator: 'grpo', rewards: [1], epsilon: 0 }, 'epsilon is 0'],
    ['ALGORITHM_ADVANTAGE_OPTION', { estimator: 'grpo', rewards: [1], singletons: 'x' }, "singletons is 'x'"],
    ['ALGORITHM_ESTIMATOR_UNKNOWN', { estimator: 'ppo', rewards: [1] }, "estimator is 'ppo'"],
  ] as const;

  test.each(bad)('answers %s', (code, request, message) => {
    // The names come over the network, so a wrong one is possible whatever the type says.
    const ask = () => estimateAdvantages(request as Parameters<typeof estimateAdvantages>[0]);

    expect(ask).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});
