import {
  type EpisodeStep,
  estimateAdvantages,
  gigpo,
  REFERENCE_GIGPO,
  scoreSteps,
} from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const scoring = { gamma: 0.95, invalidPenalty: 0.1 };
const std = { mode: 'mean_std_norm' } as const;

const step = (trajectory: string, anchor: EpisodeStep['anchor'], change: Partial<EpisodeStep> = {}) => ({
  ...{ group: 'g', reward: 0, isValid: true },
  ...{ trajectory, anchor, ...change },
});

const steps = fc.array(
  fc.record({
    group: fc.constantFrom('g', 'h'),
    trajectory: fc.constantFrom('a', 'b', 'c'),
    anchor: fc.constantFrom('s', 't', 'u'),
    reward: fc.constantFrom(0, 1, -2, 10),
    isValid: fc.boolean(),
  }),
  { minLength: 1, maxLength: 24 },
);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const closeAll = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 9));

describe('scores of steps', () => {
  test('are the sums of their definition, however trajectories are interleaved', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const { stepReturns, episodeScores, unpenalised } = scoreSteps(drawn, scoring);
        for (const [i, one] of drawn.entries()) {
          const mates = drawn.flatMap((other, j) =>
            other.group === one.group && other.trajectory === one.trajectory ? [{ ...other, j }] : [],
          );
          const later = mates.filter(({ j }) => j >= i);
          const discounted = sum(later.map(({ reward }, k) => 0.95 ** k * reward));
          const penalty = one.isValid ? 0 : 0.1;
          expect(unpenalised.stepReturns[i]).toBeCloseTo(discounted, 9);
          expect(stepReturns[i]).toBeCloseTo(discounted - penalty, 9);
          expect(episodeScores[i]).toBeCloseTo(sum(mates.map(({ reward }) => reward)) - penalty, 9);
        }
      }),
    );
  });

  test.each([
    [{ gamma: 1.1, invalidPenalty: 0 }, 'ALGORITHM_ADVANTAGE_OPTION'],
    [{ gamma: 1, invalidPenalty: -1 }, 'ALGORITHM_ADVANTAGE_OPTION'],
  ])('refuse %j', (bad, code) => {
    expect(() => scoreSteps([], bad)).toThrow(expect.objectContaining({ code }));
  });
});

describe('gigpo', () => {
  test('is centred in every group, and is leave-one-out up to its factor', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const batch = scoreSteps(drawn, scoring);
        const { episodeAdvantages, stepAdvantages, stepGroups } = gigpo(batch);
        for (const group of ['g', 'h']) {
          const members = drawn.flatMap((one, i) => (one.group === group ? [i] : []));
          expect(sum(members.map((i) => episodeAdvantages[i] ?? Number.NaN))).toBeCloseTo(0, 9);
          if (members.length < 2) continue;
          const rewards = members.map((i) => batch.episodeScores[i] ?? Number.NaN);
          const { advantages } = estimateAdvantages({ estimator: 'rloo', rewards });
          const factor = members.length / (members.length - 1);
          expect(members.map((i) => factor * (episodeAdvantages[i] ?? Number.NaN))).toEqual(
            closeAll(advantages),
          );
        }
        for (const label of new Set(stepGroups)) {
          const members = stepGroups.flatMap((other, i) => (other === label ? [i] : []));
          expect(sum(members.map((i) => stepAdvantages[i] ?? Number.NaN))).toBeCloseTo(0, 9);
        }
      }),
    );
  });

  test('joins steps of the same group and state alone', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const { stepGroups } = gigpo(scoreSteps(drawn, scoring));
        const same = (i: number, j: number) =>
          drawn[i]?.group === drawn[j]?.group && drawn[i]?.anchor === drawn[j]?.anchor;
        for (const i of drawn.keys()) {
          for (const j of drawn.keys()) expect(stepGroups[i] === stepGroups[j]).toBe(same(i, j));
        }
      }),
    );
  });

  test('compares states by structure', () => {
    const anchors = [
      '1',
      1,
      [1],
      ['1'],
      { a: 1, b: [] },
      { b: [], a: 1 },
      null,
      'null',
      true,
      'true',
      '[1]',
      [[1]],
    ];
    const { stepGroups } = gigpo(
      scoreSteps(
        anchors.map((anchor) => step('a', anchor)),
        scoring,
      ),
    );

    expect(stepGroups).toEqual([0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('is grpo over steps where no state comes twice', () => {
    const batch = scoreSteps([step('a', 's'), step('a', 't', { reward: 10 }), step('b', 'u')], scoring);
    const grpo = estimateAdvantages({ estimator: 'grpo', rewards: batch.episodeScores });

    expect(gigpo(batch, std).advantages).toEqual(closeAll(grpo.advantages));
    expect(gigpo(batch, std).stepAdvantages).toEqual([0, 0, 0]);
  });

  test('gives an episode without others nothing, the reference its score', () => {
    const batch = scoreSteps([step('a', 's', { reward: 7 })], scoring);

    expect(gigpo(batch).advantages).toEqual([0]);
    expect(gigpo(batch, REFERENCE_GIGPO).advantages).toEqual([7]);
    expect(gigpo(batch, { ...REFERENCE_GIGPO, ...std }).advantages[0]).toBeCloseTo(7 / (1 + 1e-6), 12);
  });

  test('leaves a penalty its size where nothing else differs, the reference makes it loud', () => {
    const failed = [step('a', 's'), step('a', 't', { isValid: false }), step('b', 's'), step('b', 't')];
    const batch = scoreSteps(failed, scoring);

    const ours = gigpo(batch, std);
    const theirs = gigpo(batch, { ...REFERENCE_GIGPO, ...std });

    expect(ours.episodeAdvantages).toEqual(closeAll([0.025, -0.075, 0.025, 0.025]));
    expect(ours.stepAdvantages).toEqual(closeAll([0, -0.05, 0, 0.05]));
    expect(theirs.episodeAdvantages[1]).toBeCloseTo(-1.5, 3);
    expect(theirs.stepAdvantages[1]).toBeCloseTo(-Math.SQRT1_2, 3);
  });

  test('standardises as the reference does where rewards differ', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const won = [...drawn, step('a', 's', { reward: 100 }), step('b', 's', { reward: 3 })];
        const inOne = won.map((one) => ({ ...one, group: 'g', isValid: true }));
        const batch = scoreSteps(inOne, { ...scoring, gamma: 0.5 });
        expect(gigpo(batch, std)).toEqual(gigpo(batch, { ...REFERENCE_GIGPO, ...std }));
      }),
    );
  });

  test('divides by no less than a floor', () => {
    const batch = scoreSteps([step('a', 's', { reward: 1e-3 }), step('b', 't')], scoring);

    expect(gigpo(batch, { ...std, stdFloor: 0.1 }).advantages[0]).toBeCloseTo(5e-4 / (0.1 + 1e-6), 12);
    expect(gigpo(batch, std).advantages[0]).toBeCloseTo(Math.SQRT1_2, 2);
  });

  test('gives copies the advantage of their sample, and does not count them', () => {
    const once = scoreSteps(
      [step('a', 's', { reward: 10 }), step('b', 's'), step('b', 't'), step('a', 't')],
      scoring,
    );
    const again = [0, 1, 2, 3, 0, 0, 2];
    const at = <T>(column: readonly T[]): T[] => again.flatMap((i) => column.slice(i, i + 1));
    const twice = {
      groups: at(once.groups),
      trajectories: at(once.trajectories),
      anchors: at(once.anchors),
      stepReturns: at(once.stepReturns),
      episodeScores: at(once.episodeScores),
      isCopy: again.map((_, place) => place > 3),
    };

    const [ours, single] = [gigpo(twice, std).advantages, gigpo(once, std).advantages];

    expect(ours).toEqual(at(single));
    expect(gigpo(twice, { ...std, countsCopies: true }).advantages[0]).not.toBeCloseTo(ours[0] ?? 0, 2);
  });

  test('can weigh trajectories alike, whatever their lengths', () => {
    const long = Array.from({ length: 9 }, (_, i) => step('b', `b${i}`));
    const batch = scoreSteps([step('a', 's', { reward: 10 }), ...long], scoring);

    expect(gigpo(batch).advantages.slice(0, 2)).toEqual(closeAll([9, -1]));
    const ours = gigpo(batch, { episodeStatistics: 'trajectories' });
    expect(ours.advantages.slice(0, 2)).toEqual(closeAll([5, -5]));
  });

  test('can weigh trajectories alike in a state, however often they come by', () => {
    const loop = [step('b', 's'), step('b', 's'), step('b', 's')];
    const batch = scoreSteps(
      [step('a', 's', { reward: 8 }), ...loop, step('c', 'u'), step('c', 'u')],
      scoring,
    );

    expect(gigpo(batch).stepAdvantages.slice(0, 2)).toEqual(closeAll([6, -2]));
    const ours = gigpo(batch, { anchorStatistics: 'trajectories' });
    expect(ours.stepAdvantages).toEqual(closeAll([4, -4, -4, -4, 0, 0]));
  });

  test('can tell worlds apart that look the same, by their histories', () => {
    const walk = (trajectory: string, states: string) => [...states].map((state) => step(trajectory, state));
    const batch = scoreSteps([...walk('a', 'xyz'), ...walk('b', 'xyy'), ...walk('c', 'wyz')], scoring);

    expect(gigpo(batch).stepGroups).toEqual([0, 1, 2, 0, 1, 1, 3, 1, 2]);
    expect(gigpo(batch, { anchorHistory: 2 }).stepGroups).toEqual([0, 1, 2, 3, 1, 4, 5, 6, 2]);
  });

  const batch = scoreSteps([step('a', 's'), step('b', 's')], scoring);
  let deep: EpisodeStep['anchor'] = 1;
  for (let i = 0; i < 200; i++) deep = [deep];
  test.each([
    ['ALGORITHM_ADVANTAGE_OPTION', batch, { omega: -1 }, 'omega is -1, want a number at least 0'],
    [
      'ALGORITHM_ADVANTAGE_OPTION',
      batch,
      { mode: 'z' },
      "mode is 'z', want one of: mean_std_norm, mean_norm",
    ],
    [
      'ALGORITHM_ADVANTAGE_OPTION',
      batch,
      { similarity: 1 },
      'similarity is 1, want a number above 0 and below 1',
    ],
    ['ALGORITHM_ADVANTAGE_OPTION', batch, { anchorHistory: 0 }, 'anchorHistory is 0, want an integer from 1'],
    ['ALGORITHM_ADVANTAGE_OPTION', batch, { anchorStatistics: 'x' }, "anchorStatistics is 'x'"],
    ['ALGORITHM_ADVANTAGE_OPTION', batch, { episodeStatistics: 'x' }, "episodeStatistics is 'x'"],
    [
      'ALGORITHM_ADVANTAGE_OPTION',
      { ...batch, isCopy: [false, true] },
      { anchorHistory: 2 },
      'want no copies',
    ],
    ['ALGORITHM_EPSILON', batch, { epsilon: 0 }, 'epsilon is 0'],
    ['ALGORITHM_SHAPE', { ...batch, anchors: [] }, {}, 'anchors has 0 values, want 2'],
    ['ALGORITHM_REWARD_NOT_FINITE', { ...batch, stepReturns: [1, Number.NaN] }, {}, 'stepReturns[1] is NaN'],
    ['ALGORITHM_ANCHOR', { ...batch, anchors: [1, 2] }, { similarity: 0.9 }, 'anchors[0] is not a text'],
    ['ALGORITHM_ANCHOR', { ...batch, anchors: ['s', deep] }, {}, 'nested deeper than 100 levels'],
  ])('answers %s', (code, bad, options, message) => {
    // Names come from outside, so a wrong one is possible whatever the type says.
    const ask = () => gigpo(bad, options as Parameters<typeof gigpo>[1]);

    expect(ask).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});
