import {
  comparisonTable,
  createTerminal,
  DemoProgress,
  formatSeconds,
  formatTable,
  reportEvaluation,
} from '@residency/cli';
import type { EvaluationSummary, JobEventObject, JobObject } from '@residency/protocol';
import { describe, expect, test } from 'vitest';

/** A stream that keeps what is written. */
const recorder = (isTTY: boolean, columns = 80) => {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) > 0 };
  return { written, terminal: createTerminal(stream) };
};

describe('createTerminal', () => {
  test('replaces a status line, and clears it before a line that stays', () => {
    const { written, terminal } = recorder(true, 11);

    terminal.status('0123456789abc');
    terminal.line('kept');
    terminal.line('too');

    expect(written).toEqual(['\r\u001b[2K0123456789', '\r\u001b[2K', 'kept\n', 'too\n']);
  });

  test('writes no status where lines cannot be rewritten', () => {
    const { written, terminal } = recorder(false);

    terminal.status('moving');
    terminal.line('kept');

    expect(written).toEqual(['kept\n']);
  });
});

describe('formatTable', () => {
  test('aligns the first column left and the rest right', () => {
    expect(formatTable([['name', 'before', 'after'], ['a', '1', '12.5 %'], ['longest'], []])).toEqual([
      'name     before   after',
      'a             1  12.5 %',
      'longest',
      '',
    ]);
  });
});

test.each([
  [0, '0:00'],
  [59.6, '1:00'],
  [247, '4:07'],
  [3_600, '60:00'],
  [-3, '0:00'],
])('formatSeconds(%d) is %s', (seconds, want) => {
  expect(formatSeconds(seconds)).toBe(want);
});

type Progress = JobObject['x_residency']['progress'];

const job = (phase: Progress['phase'], step: number): JobObject => {
  const x_residency = { progress: { phase, step, total_steps: 4 } };
  // The display reads the progress only.
  return { x_residency } as unknown as JobObject;
};
const stepEvent = (step: number, data: object = {}): JobEventObject => ({
  object: 'fine_tuning.job.event',
  id: `ftevent-${step}`,
  created_at: 0,
  level: 'info',
  message: `step ${step}`,
  type: 'metrics',
  data: { step, train_mean_reward: 6.254, components: { accuracy: 0.5 }, tokens: 4_000, ...data },
});

describe('DemoProgress', () => {
  test('writes one line per phase and step where lines cannot be rewritten', () => {
    const { written, terminal } = recorder(false);
    let now = 0;
    const progress = new DemoProgress(terminal, () => now);

    progress.update(job('waiting', 0), []);
    now = 1;
    progress.update(job('evaluating', 0), []);
    now = 21;
    progress.update(job('training', 0), []);
    now = 31;
    progress.update(job('training', 1), [stepEvent(1)]);
    progress.update(job('training', 1), [stepEvent(1)]);
    now = 41;
    progress.update(job('training', 2), [stepEvent(2), stepEvent(1)]);
    now = 61;
    progress.update(job('evaluating', 4), [stepEvent(4), stepEvent(3), stepEvent(2), stepEvent(1)]);
    progress.update(job('done', 4), []);

    expect(written.map((line) => line.trimEnd())).toEqual([
      'waiting for the run to open',
      'measuring the starting policy',
      // 10 s for a step, three to come, and 20 s that the first evaluation took.
      '[###.......] step 1/4  reward 6.25  accuracy 50 %  400 tokens/s  0:50 left',
      '[#####.....] step 2/4  reward 6.25  accuracy 50 %  400 tokens/s  0:40 left',
      '[########..] step 3/4  reward 6.25  accuracy 50 %  200 tokens/s  0:33 left',
      '[##########] step 4/4  reward 6.25  accuracy 50 %  200 tokens/s  0:20 left',
      'measuring the trained policy',
      'done',
    ]);
  });

  test('moves one status line where lines can be rewritten', () => {
    const { written, terminal } = recorder(true, 200);
    let now = 0;
    const progress = new DemoProgress(terminal, () => now);

    progress.update(job('training', 0), []);
    now = 5;
    progress.update(job('training', 1), [stepEvent(1)]);

    expect(written).toEqual([
      '\r\u001b[2K[..........] step 0/4',
      '\r\u001b[2K[###.......] step 1/4  reward 6.25  accuracy 50 %  800 tokens/s  0:15 left',
    ]);
  });

  test('shows warnings once, and steps whose numbers are missing', () => {
    const { written, terminal } = recorder(false);
    const progress = new DemoProgress(terminal, () => 0);
    const warning: JobEventObject = {
      ...stepEvent(9),
      id: 'ftevent-w',
      level: 'warn',
      type: 'message',
      message: 'three samples were not graded',
      data: {},
    };
    const bare = stepEvent(1, { train_mean_reward: null, components: {}, tokens: 'many' });

    progress.update(job('training', 1), [bare, warning]);
    progress.update(job('training', 1), [bare, warning]);

    expect(written).toEqual(['warn: three samples were not graded\n', '[###.......] step 1/4  0:00 left\n']);
  });
});

const evaluation = (change: Partial<EvaluationSummary>): EvaluationSummary => ({
  policy_version: 0,
  cases: 200,
  samples_per_case: 8,
  accuracy: 0.45,
  greedy_accuracy: 0.5,
  accuracy_interval: null,
  greedy_interval: null,
  majority_accuracy: null,
  valid_share: null,
  mean_reward: 5.5,
  components: { faithfulness: 0.8, accuracy: 0.45 },
  ungraded: 0,
  example: { item: 0, completion: '', reward: null },
  ledger_sha256: '',
  ...change,
});

describe('comparisonTable', () => {
  test('shows what changed, and a dash where there is nothing to compare', () => {
    const before = evaluation({});
    const after = evaluation({
      accuracy: 0.7,
      greedy_accuracy: null,
      mean_reward: 5.25,
      components: { accuracy: 0.7, comprehensiveness: 1 },
    });

    expect(comparisonTable(before, after, 8)).toEqual([
      '200 held-out cases   before   after   change',
      'accuracy (avg@8)     45.0 %  70.0 %  +25.0 %',
      'greedy accuracy      50.0 %       -        -',
      'mean reward           5.500   5.250   -0.250',
      '  accuracy            0.450   0.700   +0.250',
      '  comprehensiveness       -   1.000        -',
      '  faithfulness        0.800       -        -',
    ]);
  });
});

test('reportEvaluation sorts the components', () => {
  expect(JSON.stringify(reportEvaluation(evaluation({})))).toBe(
    '{"accuracy":0.45,"greedyAccuracy":0.5,"meanReward":5.5,"components":{"accuracy":0.45,"faithfulness":0.8}}',
  );
});
