import { gae, reinforcePlusPlus, reinforcePlusPlusBaseline, remax } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 6 });
const rows = fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 4 });

/** A batch whose responses fill all but the last token of their rows. */
const batchOf = (drawn: readonly (readonly [readonly number[], readonly number[]])[]) => ({
  rewards: drawn.map(([r]) => [...r, 99]),
  values: drawn.map(([r, v]) => [...r.map((_, t) => v[t % v.length] ?? 0), 77]),
  mask: drawn.map(([r]) => [...r.map(() => 1), 0]),
});

const moments = (matrix: readonly (readonly number[])[], mask: readonly (readonly number[])[]) => {
  const values = matrix.flatMap((row, s) => row.filter((_, t) => mask[s]?.[t] === 1));
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1) };
};

describe('gae', () => {
  test('is the discounted sum of surprises, and reads no padding', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const batch = batchOf(drawn);
        const [gamma, lambda] = [0.9, 0.7];
        const { advantages, returns } = gae(batch, { gamma, lambda, isWhitened: false });
        for (const [s, [rewards]] of drawn.entries()) {
          const values = batch.values[s] ?? [];
          const surprises = rewards.map((reward, t) => {
            const next = t + 1 < rewards.length ? (values[t + 1] ?? Number.NaN) : 0;
            return reward + gamma * next - (values[t] ?? Number.NaN);
          });
          for (const t of rewards.keys()) {
            const want = surprises.slice(t).reduce((sum, d, k) => sum + (gamma * lambda) ** k * d, 0);
            expect(advantages[s]?.[t]).toBeCloseTo(want, 9);
            expect(returns[s]?.[t]).toBeCloseTo(want + (values[t] ?? Number.NaN), 9);
          }
          expect(advantages[s]?.at(-1)).toBe(0);
        }
      }),
    );
  });

  test('lets padding in where it is counted', () => {
    const batch = { rewards: [[1, 0]], values: [[0, 4]], mask: [[1, 0]] };
    const plain = { isWhitened: false, lambda: 0 } as const;

    expect(gae(batch, plain).advantages).toEqual([[1, 0]]);
    expect(gae(batch, { ...plain, padding: 'counted' }).advantages).toEqual([[5, -4]]);
  });
});

describe('whitened advantages', () => {
  test('have mean 0 and variance 1 over the tokens that carry loss', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const batch = batchOf(drawn);
        const plain = gae(batch, { isWhitened: false }).advantages;
        fc.pre(moments(plain, batch.mask).variance > 1e-3);
        const { mean, variance } = moments(gae(batch).advantages, batch.mask);
        expect(mean).toBeCloseTo(0, 9);
        expect(variance).toBeCloseTo(1, 4);
      }),
    );
  });

  test('are exact zeros where all returns are equal, and of a single token', () => {
    const batch = { groups: ['g', 'g', 'g'], scores: [0.1, 0.1, 0.1], mask: [[1], [1, 1], [1]] };

    expect(reinforcePlusPlusBaseline(batch)).toEqual([[0], [0, 0], [0]]);
    expect(reinforcePlusPlus({ rewards: [[3]], mask: [[1]] }, { gamma: 1 })).toEqual([[0]]);
  });

  test('weigh a sample by its tokens', () => {
    const scores = [3, 0];
    const got = reinforcePlusPlusBaseline({ groups: ['g', 'g'], scores, mask: [[1, 1, 1], [1]] });
    // Centred 1.5 x 3 and -1.5: mean 0.75, squares 3 (0.75)^2 + 2.25^2.
    const deviation = Math.sqrt((3 * 0.75 ** 2 + 2.25 ** 2) / 3 + 1e-8);

    expect(got[0]).toEqual([0, 1, 2].map(() => expect.closeTo(0.75 / deviation, 9)));
    expect(got[1]?.[0]).toBeCloseTo(-2.25 / deviation, 9);
  });

  test('discount rewards from token to token', () => {
    const [row = []] = reinforcePlusPlus({ rewards: [[0, 0, 8]], mask: [[1, 1, 1]] }, { gamma: 0.5 });
    const [first = 0, second = 0, third = 0] = row;

    expect((third - second) / (second - first)).toBeCloseTo(2, 9);
  });

  test('of a group of one are 0 or its score', () => {
    const batch = { groups: ['g', 'h', 'h'], scores: [5, 1, 0], mask: [[1], [1], [1]] };
    const [alone] = reinforcePlusPlusBaseline(batch);
    const [raw] = reinforcePlusPlusBaseline(batch, { singletons: 'raw' });

    expect(alone?.[0]).toBeCloseTo(0, 12);
    expect(raw?.[0]).toBeGreaterThan(1);
  });
});

test('remax takes the reward of the greedy completion off all that follows', () => {
  const batch = {
    rewards: [
      [1, 2, 4],
      [0, 3, 9],
    ],
    mask: [
      [1, 1, 1],
      [1, 1, 0],
    ],
    baselines: [4, 1],
  };

  expect(remax(batch)).toEqual([
    [3, 2, 0],
    [2, 2, 0],
  ]);
});

const tokens = { rewards: [[1]], values: [[1]], mask: [[1]] };
test.each([
  ['ALGORITHM_SHAPE', () => gae({ ...tokens, values: [[]] })],
  ['ALGORITHM_MASK_EMPTY', () => gae({ ...tokens, mask: [[0]] })],
  ['ALGORITHM_REWARD_NOT_FINITE', () => gae({ ...tokens, rewards: [[Number.NaN]] })],
  ['ALGORITHM_ADVANTAGE_OPTION', () => gae(tokens, { lambda: 2 })],
  ['ALGORITHM_SHAPE', () => remax({ ...tokens, baselines: [] })],
  ['ALGORITHM_REWARD_NOT_FINITE', () => remax({ ...tokens, baselines: [Number.NaN] })],
  ['ALGORITHM_ADVANTAGE_OPTION', () => reinforcePlusPlus(tokens, { gamma: -1 })],
  ['ALGORITHM_SHAPE', () => reinforcePlusPlusBaseline({ groups: ['g'], scores: [], mask: [[1]] })],
])('bad input is answered with %s', (code, ask) => {
  expect(ask).toThrow(expect.objectContaining({ code }));
});
