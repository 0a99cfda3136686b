import {
  ADVANTAGE_NAMES,
  type AdvantageName,
  advantageRules,
  type HgpoOptions,
  REFERENCE_GIGPO,
  similarityRatio,
} from '@residency/algorithms';
import { describe, expect, test } from 'vitest';
import {
  type AdvantageRow,
  gigpoPath,
  gigpoRows,
  maskOf,
  scoredRow,
} from '../../../support/gigpo-vectors.js';

/** The vectors are results in single precision: everything agrees to 1e-6, relative above 1. */
const TOLERANCE = 1e-6;

function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries()) {
    const difference = Math.abs((got[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
    expect(difference, `[${i}]: ${got[i]}, want ${value}`).toBeLessThanOrEqual(TOLERANCE);
  }
}

const flat = (rows: readonly (readonly number[])[]): number[] => rows.flat();

const rows = gigpoRows('advantage');
const counts: readonly (readonly [number, number])[] = [
  [rows.length, 15],
  [gigpoRows('advantage_duplicates').length, 1],
  [gigpoRows('difflib_ratio').flatMap(({ cases }) => cases).length, 6],
  [gigpoRows('gae').length, 1],
];

test.runIf(gigpoPath() !== null)('all published rows are there to check', () => {
  for (const [found, wanted] of counts) expect(found).toBe(wanted);
});

describe.each(rows)('the published case $name', (row) => {
  const batch = scoredRow(row);
  const groups = batch.groups;
  const scores = batch.episodeScores;
  const mask = maskOf(row);
  const { mode, epsilon, omega, similarity, threshold } = row.config;
  const reference = { ...REFERENCE_GIGPO, mode, epsilon };

  test('has the same returns and scores', () => {
    expectClose(batch.unpenalised.stepReturns, row.out.discountedReturn);
    expectClose(batch.stepReturns, row.out.stepReturnAfterPenalty);
    expectClose(scores, row.out.episodeScoreAfterPenalty);
  });

  test('has the same GiGPO advantages', () => {
    const options = { ...reference, omega, similarity: similarity ? threshold : null };
    const got = advantageRules.gigpo(batch, options);
    const byTrajectory = advantageRules.gigpo(batch, { ...options, episodeStatistics: 'trajectories' });

    expectClose(got.stepGroups, row.out.stepGroup);
    expectClose(got.episodeAdvantages, row.out.episodeAdv);
    expectClose(byTrajectory.episodeAdvantages, row.out.episodeAdv_trajStats);
    expectClose(got.stepAdvantages, row.out.stepAdv);
    expectClose(got.advantages, row.out.advantage);
    expectClose(
      flat(mask.map((bits, s) => bits.map((bit) => bit * (got.advantages[s] ?? Number.NaN)))),
      flat(row.out.advantageTokens),
    );
  });

  const grouped: readonly (readonly [AdvantageName & ('grpo' | 'grpo_nostd' | 'rloo'), readonly number[]])[] =
    [
      ['grpo', row.otherEstimators.grpo_std],
      ['grpo_nostd', row.otherEstimators.grpo_nostd],
      ['rloo', row.otherEstimators.rloo],
    ];
  test.each(grouped)('has the same %s advantages', (name, want) => {
    expectClose(advantageRules[name]({ groups, scores }, { epsilon }), want);
  });

  test('has the same grpo_passk advantages or refusal', () => {
    const want = row.otherEstimators.grpo_passk_std;
    const estimate = () => advantageRules.grpo_passk({ groups, scores }, { epsilon });

    if (typeof want === 'string') expect(estimate).toThrow(want.replace('error: ', ''));
    else expectClose(estimate(), want);
  });

  test('has the same REINFORCE++ advantages', () => {
    // The score stands on the last token of the response.
    const rewards = mask.map((bits, s) => {
      const last = bits.lastIndexOf(1);
      return bits.map((_, t) => (t === last ? (scores[s] ?? Number.NaN) : 0));
    });

    const plain = advantageRules.reinforce_pp({ rewards, mask }, { gamma: 1 });
    const based = advantageRules.reinforce_pp_baseline({ groups, scores, mask }, { singletons: 'raw' });

    expectClose(flat(plain), flat(row.otherEstimators.reinforce_pp_gamma1));
    expectClose(flat(based), flat(row.otherEstimators.reinforce_pp_baseline));
  });

  test.each([false, true])('has the same HGPO advantages, episode term: %s', (hasEpisodeTerm) => {
    const options: HgpoOptions = { ...reference, history: 2, alpha: 1, hasEpisodeTerm };
    const key: keyof AdvantageRow['otherEstimators'] = hasEpisodeTerm
      ? 'hgpo_hist2_alpha1_baseTrue'
      : 'hgpo_hist2_alpha1_baseFalse';

    expectClose(advantageRules.hgpo(batch, options), row.otherEstimators[key]);
  });
});

test.each(gigpoRows('advantage_duplicates'))('the published copies shift the statistics', (row) => {
  const { group: groups, traj: trajectories, anchor: anchors } = row;
  const batch = {
    groups,
    trajectories,
    anchors,
    stepReturns: row.stepReturn,
    episodeScores: row.episodeScore,
  };
  const options = { ...REFERENCE_GIGPO, mode: 'mean_std_norm' } as const;

  expectClose(advantageRules.gigpo(batch, options).advantages, row.out);
});

test.each(gigpoRows('gae'))('the published generalised advantages are the same', (row) => {
  const got = advantageRules.gae(row, { padding: 'counted' });

  expectClose(flat(got.advantages), flat(row.advantages));
  expectClose(flat(got.returns), flat(row.returns));
});

test.each(gigpoRows('difflib_ratio').flatMap(({ cases }) => cases))('the published ratio of $a', (pair) => {
  expect(similarityRatio(pair.a, pair.b)).toBeCloseTo(pair.ratio, 12);
  expect(similarityRatio(pair.a, pair.b, false)).toBeCloseTo(pair.ratio_no_autojunk, 12);
});

test('every estimator has a name', () => {
  expect(ADVANTAGE_NAMES).toEqual([
    ...['grpo', 'grpo_nostd', 'rloo', 'grpo_passk', 'reinforce_pp', 'reinforce_pp_baseline'],
    ...['remax', 'gae', 'gigpo', 'hgpo'],
  ]);
});
