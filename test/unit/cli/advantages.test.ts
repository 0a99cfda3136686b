import { CliError, estimateRow, ROW_ESTIMATORS, type RowEstimator, rowEstimator } from '@residency/cli';
import { describe, expect, test } from 'vitest';
import { differences, gigpoPath, publishedRows } from '../../support/gigpo-vectors.js';

function estimatorOf(name: string): RowEstimator {
  const estimator = rowEstimator(name);
  if (estimator === undefined) throw new Error(`no estimator ${name}`);
  return estimator;
}

/** The row as a command writes it, defects of the reference included unless it is to be corrected. */
const estimated = (name: string, row: unknown, isCorrected = false): unknown =>
  JSON.parse(JSON.stringify(estimateRow(row, estimatorOf(name), { isCorrected })));

const rows = publishedRows();
const ofKind = (kind: string) => rows.filter(({ row }) => row['kind'] === kind);

test.runIf(gigpoPath() !== null)('all 19 published rows are there to check', () => {
  expect(rows).toHaveLength(19);
});

describe.each(rows)('the published row $row.kind $row.name', ({ input, row }) => {
  test('is what all estimators make of its inputs', () => {
    expect(differences(estimated('all', input), row, 1e-6)).toEqual([]);
  });

  test('is made again where wrong results stand in it', () => {
    const stale = { ...row, ...Object.fromEntries(Object.keys(row).map((name) => [name, {}])), ...input };

    expect(differences(estimated('all', stale), row, 1e-6)).toEqual([]);
  });
});

const stepEstimators = [
  ...['grpo_std', 'grpo_nostd', 'rloo', 'reinforce_pp_baseline', 'reinforce_pp_gamma1', 'grpo_passk_std'],
  ...['hgpo_hist2_alpha1_baseFalse', 'hgpo_hist2_alpha1_baseTrue'],
];

describe('an estimator by its name', () => {
  test.each(stepEstimators)('%s adds its own field to rows of steps', (name) => {
    for (const { input, row } of ofKind('advantage')) {
      // The rows are published ones, read by the same names elsewhere.
      const want = { [name]: (row['otherEstimators'] as Record<string, unknown>)[name] };
      const got = estimated(name, { ...input, otherEstimators: { mine: 1 } });
      expect(differences(got, { ...input, otherEstimators: { mine: 1, ...want } }, 1e-6)).toEqual([]);
    }
  });

  test.each([
    ['gigpo', 'advantage', ['out']],
    ['gigpo', 'advantage_duplicates', ['out']],
    ['gae', 'gae', ['advantages', 'returns']],
    ['policy_loss', 'policy_loss', ['out', 'kl', 'kl_loss_low_var_token_mean']],
    ['difflib_ratio', 'difflib_ratio', ['cases']],
  ] as const)('%s reads rows of the kind %s, named or not', (name, kind, fields) => {
    for (const { input, row } of ofKind(kind)) {
      const { kind: _, ...unnamed } = input;
      const want = Object.fromEntries(fields.map((field) => [field, row[field]]));
      expect(differences(estimated(name, input), { ...input, ...want }, 1e-6)).toEqual([]);
      expect(differences(estimated(name, unnamed), { ...unnamed, ...want }, 1e-6)).toEqual([]);
    }
  });

  const config = { gamma: 0.5, omega: 1, mode: 'mean_norm', similarity: false, threshold: 0.9 };
  const step = { group: 'g', traj: 'a', anchor: 's', reward: 1, valid: true, tokens: 1 };
  const steps = [step, { ...step, traj: 'b', reward: 0 }];
  const row = { config: { ...config, invalidPenalty: 0.1, epsilon: 1e-6, responseLength: 2 }, steps };

  test('may hold settings', () => {
    expect(estimated('hgpo_hist1_alpha0.5_baseTrue', row)).toMatchObject({
      otherEstimators: { 'hgpo_hist1_alpha0.5_baseTrue': [expect.closeTo(0.5, 5), expect.closeTo(-0.5, 5)] },
    });
    const long = { ...row, steps: steps.map((one) => ({ ...one, tokens: 2 })) };
    const [discounted, plain] = ['reinforce_pp_gamma0.5', 'reinforce_pp'].map((name) =>
      estimated(name, long),
    );
    expect(discounted).toMatchObject({ otherEstimators: { 'reinforce_pp_gamma0.5': expect.any(Array) } });
    expect(plain).toMatchObject({ otherEstimators: { reinforce_pp_gamma1: expect.any(Array) } });
    expect(JSON.stringify(discounted)).not.toContain(JSON.stringify(Object.values(plain as object).at(-1)));
    expect(estimated('hgpo', row)).toEqual(estimated('hgpo_hist2_alpha1_baseFalse', row));
  });

  test.each(['', 'ppo', 'toString', 'hgpo_hist65_alpha1_baseTrue', 'hgpo_hist2', 'reinforce_pp_gamma2'])(
    'may not be %j',
    (name) => expect(rowEstimator(name)).toBeUndefined(),
  );

  test('is listed', () => {
    for (const name of ROW_ESTIMATORS.filter((one) => !one.includes('<'))) {
      expect(rowEstimator(name), name).toBeDefined();
    }
  });

  test('corrects what the reference gets wrong where it is asked to', () => {
    const alone = { ...row, steps: [step] };
    const ofGrpo = (isCorrected: boolean) => estimated('grpo', alone, isCorrected);

    expect(ofGrpo(false)).toMatchObject({ otherEstimators: { grpo_std: [expect.closeTo(1, 5)] } });
    expect(ofGrpo(true)).toMatchObject({ otherEstimators: { grpo_std: [0] } });
    expect(estimated('grpo_passk', alone)).toMatchObject({
      otherEstimators: { grpo_passk_std: 'error: Pass@k requires at least 2 samples per group' },
    });
    const copied = { group: ['g', 'g', 'g'], traj: ['a', 'b', 'a'], anchor: ['s', 's', 's'] };
    const scores = { stepReturn: [1, 0, 1], episodeScore: [1, 0, 1], copy: [false, false, true] };
    const duplicates = estimated('gigpo', { ...copied, ...scores }, true);
    const half = expect.closeTo(Math.SQRT2, 5);
    expect(duplicates).toMatchObject({ out: [half, expect.closeTo(-Math.SQRT2, 5), half] });
  });

  test('reads ReMax rows, of which none are published', () => {
    const remax = { rewards: [[0, 2, 9]], mask: [[1, 1, 0]], baselines: [0.5] };

    expect(estimated('remax', remax)).toEqual({ ...remax, advantages: [[1.5, 1.5, 0]] });
  });

  const tokens = { rewards: [[1, 2]], values: [[1, 2]], mask: [[1, 1]] };
  const bad: readonly (readonly [string, unknown, string])[] = [
    ['gigpo', 3, 'the row is 3, want an object'],
    ['gigpo', [], 'the row is a list of 0, want an object'],
    ['gigpo', {}, 'steps or stepReturn is missing'],
    ['gigpo', { kind: 'gae' }, 'kind is "gae", want advantage or advantage_duplicates'],
    ['gigpo', { steps }, 'config is missing'],
    ['gigpo', { ...row, config }, 'config.responseLength is missing'],
    ['gigpo', { ...row, steps: [] }, 'steps is a list of 0, want at least one step'],
    ['gigpo', { ...row, steps: [step, {}] }, 'steps[1].group is missing'],
    [
      'gigpo',
      { ...row, steps: [{ ...step, reward: Number.POSITIVE_INFINITY }] },
      'steps[0].reward is Infinity, want a finite',
    ],
    ['gigpo', { ...row, steps: [{ ...step, reward: '1' }] }, 'steps[0].reward is "1", want a finite'],
    [
      'gigpo',
      { ...row, steps: [{ ...step, tokens: 3 }] },
      'steps[0].tokens is 3, want an integer from 0 to 2',
    ],
    ['gigpo', { ...row, config: { ...row.config, gamma: 2 } }, 'gamma is 2, want a number from 0 to 1'],
    [
      'gigpo',
      { ...row, config: { ...row.config, mode: 'std' } },
      'config.mode is "std", want mean_std_norm or',
    ],
    ['gigpo', { ...row, config: { ...row.config, epsilon: 0 } }, 'epsilon is 0'],
    ['gigpo', { ...row, config: { ...row.config, similarity: true, threshold: 1 } }, 'similarity is 1'],
    [
      'gigpo',
      {
        ...row,
        steps: [
          { ...step, reward: 1e308 },
          { ...step, reward: 1e308 },
        ],
      },
      'episodeScores[0] is Infinity',
    ],
    ['all', { ...row, steps: [{ ...step, tokens: 0 }] }, 'no token carries loss'],
    ['gae', { ...tokens, rewards: [[1e308, 1e308]] }, 'advantages[0][0] becomes NaN'],
    ['gae', { ...tokens, values: [[1]] }, 'values[0] is a list of 1, want a list of 2'],
    ['gae', { ...tokens, rewards: [] }, 'rewards is a list of 0, want a list of 1'],
    ['gae', { ...tokens, mask: [[1, 2]] }, 'mask[0][1] is 2, want an integer from 0 to 1'],
    ['gae', { ...tokens, gamma: 7 }, 'gamma is 7'],
    ['remax', { ...tokens, baselines: [1, 2] }, 'baselines is a list of 2, want a list of 1'],
    ['difflib_ratio', { cases: [{ a: 'x' }] }, 'cases[0].b is missing'],
  ];
  test.each(bad)('%s names what is wrong with %j', (name, wrong, message) => {
    const estimate = () => estimateRow(wrong, estimatorOf(name), { isCorrected: false });

    expect(estimate).toThrow(CliError);
    expect(estimate).toThrow(
      expect.objectContaining({ code: 'CLI_INPUT', message: expect.stringContaining(message) }),
    );
  });
});
