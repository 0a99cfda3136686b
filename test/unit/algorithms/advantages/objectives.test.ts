import {
  diagnoseRewards,
  estimateAdvantages,
  filterGroups,
  type ObjectiveRequest,
  objectiveAdvantages,
} from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** CRPO specification 2.5: k a + f + 0.5 c. */
const weights = { accuracy: 10, format: 1, consistency: 0.5 };
const values = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 5, maxLength: 5 });
const objectives = fc.record({ accuracy: values, format: values, consistency: values });

describe('advantages of several objectives', () => {
  test('are those of the weighted sum, as in the paper', () => {
    fc.assert(
      fc.property(objectives, (drawn) => {
        const rewards = drawn.accuracy.map(
          (a, i) => 10 * a + (drawn.format[i] ?? 0) + 0.5 * (drawn.consistency[i] ?? 0),
        );
        const want = estimateAdvantages({ estimator: 'grpo', rewards });
        const got = objectiveAdvantages({ rule: 'sum', objectives: drawn, weights });
        expect(got.rewards).toEqual(rewards);
        expect(got.advantages).toEqual(want.advantages.map((advantage) => expect.closeTo(advantage, 9)));
        expect(got.std).toBeCloseTo(want.std, 9);
      }),
    );
  });

  test('can be those of each objective, weighed', () => {
    fc.assert(
      fc.property(objectives, (drawn) => {
        const got = objectiveAdvantages({ rule: 'decoupled', objectives: drawn, weights });
        const parts = Object.entries(weights).map(([name, weight]) => {
          const rewards = drawn[name as keyof typeof weights];
          const { advantages } = estimateAdvantages({ estimator: 'grpo', rewards });
          expect(got.parts?.[name]).toEqual(advantages.map((one) => expect.closeTo(weight * one, 9)));
          return advantages.map((one) => weight * one);
        });
        for (const [i, advantage] of got.advantages.entries()) {
          expect(advantage).toBeCloseTo(
            parts.reduce((sum, part) => sum + (part[i] ?? 0), 0),
            9,
          );
        }
      }),
    );
  });

  test('do not let accuracy drown a bonus where they are decoupled', () => {
    const drawn = { accuracy: [1, 0, 1, 0, 0], format: [0, 0, 0, 0, 0], consistency: [1, 1, 0, 0, 0] };
    const bonus = (rule: ObjectiveRequest['rule']) => {
      const [both = 0, , accurate = 0] = objectiveAdvantages({ rule, objectives: drawn, weights }).advantages;
      return both - accurate;
    };

    // CRPO specification 2.6, fact a: about 0.09.
    expect(bonus('sum')).toBeCloseTo(0.09, 2);
    expect(bonus('decoupled')).toBeCloseTo(0.5 / Math.sqrt(0.3), 4);
  });

  test('keep tiny differences small under a floor', () => {
    // CRPO specification 2.6, the last row.
    const one = { format: [12, 12, 12, 12, 11.9996] };
    const weight = { format: 1 };
    const last = (request: Pick<ObjectiveRequest, 'rule' | 'stdFloor'>) =>
      objectiveAdvantages({ ...request, objectives: one, weights: weight }).advantages[4];

    expect(last({ rule: 'sum' })).toBeCloseTo(-1.7789, 4);
    expect(last({ rule: 'sum', stdFloor: 1 })).toBeCloseTo(-0.00032, 6);
    expect(last({ rule: 'decoupled' })).toBeCloseTo(-0.00032 / 0.05, 5);
    expect(last({ rule: 'decoupled', stdFloor: 0 })).toBeCloseTo(-1.7789, 4);
  });

  test('of a group of one, or of equals, are 0', () => {
    for (const rule of ['sum', 'decoupled'] as const) {
      expect(objectiveAdvantages({ rule, objectives: { a: [3] }, weights: { a: 1 } }).advantages).toEqual([
        0,
      ]);
      const equal = { rule, objectives: { a: [0.1, 0.1, 0.1] }, weights: { a: 3 } } as const;
      expect(objectiveAdvantages(equal).advantages).toEqual([0, 0, 0]);
    }
  });

  const good = { rule: 'sum', objectives: { a: [1, 2] }, weights: { a: 1 } } as const;
  test.each([
    ['ALGORITHM_GROUP_EMPTY', { objectives: {} }],
    ['ALGORITHM_GROUP_EMPTY', { objectives: { a: [] } }],
    ['ALGORITHM_SHAPE', { objectives: { a: [1, 2], b: [1] }, weights: { a: 1, b: 1 } }],
    ['ALGORITHM_SHAPE', { weights: {} }],
    ['ALGORITHM_SHAPE', { weights: { a: 1, b: 1 } }],
    ['ALGORITHM_REWARD_NOT_FINITE', { objectives: { a: [1, Number.NaN] } }],
    ['ALGORITHM_ADVANTAGE_OPTION', { weights: { a: Number.NaN } }],
    ['ALGORITHM_ADVANTAGE_OPTION', { stdFloor: -1 }],
    ['ALGORITHM_ADVANTAGE_OPTION', { rule: 'product' }],
    ['ALGORITHM_EPSILON', { epsilon: 0 }],
  ])('are refused with %s for %j', (code, change) => {
    // Names come from outside, so a wrong one is possible whatever the type says.
    const request = { ...good, ...change } as ObjectiveRequest;
    expect(() => objectiveAdvantages(request)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the diagnosis of rewards', () => {
  const group = fc.record({
    components: objectives,
    lengths: fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 5, maxLength: 5 }),
  });

  test('shares the variance within groups out among the components', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
        const { varianceShares, deadGroups, lengthCorrelation } = diagnoseRewards(groups, weights);
        if (varianceShares === null) {
          expect(deadGroups).toBe(groups.length);
          expect(lengthCorrelation).toBeNull();
          return;
        }
        expect(Object.values(varianceShares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        if (lengthCorrelation !== null) expect(Math.abs(lengthCorrelation)).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  test('tells dead groups, lone components and paid length', () => {
    const dead = { accuracy: [1, 1], format: [2, 2], consistency: [0, 0] };
    // Accuracy differs, format takes a quarter of it back.
    const mixed = { accuracy: [1, 0], format: [0, 2.5], consistency: [0, 0] };
    const diagnosis = diagnoseRewards(
      [
        { components: dead, lengths: [5, 9] },
        { components: mixed, lengths: [30, 10] },
      ],
      weights,
    );

    expect(diagnosis).toMatchObject({ groups: 2, deadGroups: 1 });
    expect(diagnosis.varianceShares?.['accuracy']).toBeCloseTo(10 / 7.5, 9);
    expect(diagnosis.varianceShares?.['format']).toBeCloseTo(-2.5 / 7.5, 9);
    expect(diagnosis.varianceShares?.['consistency']).toBeCloseTo(0, 12);
    // Deviations 3.75 and 10 in the mixed group, and 2 in the dead one.
    const lengths = Math.sqrt(2 * 2 ** 2 + 2 * 10 ** 2);
    expect(diagnosis.lengthCorrelation).toBeCloseTo(
      (2 * 3.75 * 10) / (Math.sqrt(2 * 3.75 ** 2) * lengths),
      9,
    );
  });

  test('says nothing of shares where nothing differs', () => {
    expect(diagnoseRewards([], weights)).toEqual({
      ...{ groups: 0, deadGroups: 0 },
      ...{ varianceShares: null, lengthCorrelation: null },
    });
  });

  test('wants a length for every completion', () => {
    const lone = [{ components: { a: [1, 2] }, lengths: [1] }];

    expect(() => diagnoseRewards(lone, { a: 1 })).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_SHAPE' }),
    );
  });
});

describe('the filter of groups', () => {
  const groups = [
    [1, 1, 1],
    [0, 1, 1],
    [0, 0],
    [5, 5, 5.5],
  ];
  const request = { groups, kept: 0, wanted: 6, attempt: 1 };

  test('drops those whose rewards are all equal', () => {
    expect(filterGroups(request)).toEqual({ keep: [1, 3], kept: 6, isComplete: true });
  });

  test('asks for more until enough are kept, and cuts nothing', () => {
    expect(filterGroups({ ...request, wanted: 8 })).toEqual({ keep: [1, 3], kept: 6, isComplete: false });
    const again = { ...request, wanted: 8, kept: 6, attempt: 2 };
    expect(filterGroups(again)).toEqual({ keep: [1, 3], kept: 12, isComplete: true });
  });

  test('keeps all at the last attempt', () => {
    const last = { ...request, wanted: 99, attempt: 3, maxAttempts: 3 };

    expect(filterGroups(last)).toEqual({ keep: [0, 1, 2, 3], kept: 11, isComplete: true });
  });

  test.each([
    ['ALGORITHM_GROUP_EMPTY', { groups: [[]] }],
    ['ALGORITHM_REWARD_NOT_FINITE', { groups: [[1, Number.NaN]] }],
    ['ALGORITHM_ADVANTAGE_OPTION', { attempt: 11 }],
    ['ALGORITHM_ADVANTAGE_OPTION', { tolerance: -1 }],
  ])('answers %s for %j', (code, change) => {
    expect(() => filterGroups({ ...request, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
