import { createHash } from 'node:crypto';
import { estimateAdvantages } from '@residency/algorithms';
import type { LearnRequest, SampleRequest } from '@residency/model';
import type { EvaluationSummary, FileObject, JobObject } from '@residency/protocol';
import { createGrader } from '@residency/rubric';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allEvents,
  call,
  caseRow,
  caseRows,
  createJob,
  grader,
  hasEnded,
  jobRequest,
  upload,
  waitForJob,
} from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

interface ArchivedGroup {
  readonly index: number;
  readonly item: number;
  readonly policy: { readonly version: number; readonly sha256: string };
  readonly samples: readonly {
    readonly ids: number[];
    readonly temperature: number;
    readonly text: string;
  }[];
  readonly grades: readonly {
    readonly graded: true;
    readonly total: number;
    readonly components: unknown[];
  }[];
  readonly advantages: { readonly advantages: number[] } | null;
}

async function ledgerOf(platform: TestPlatform, sha256: string): Promise<ArchivedGroup[]> {
  const response = await fetch(`${platform.url}/v1/artifacts/${sha256}`);
  const text = await response.text();
  expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ArchivedGroup);
}

async function runJob(platform: TestPlatform, settings = {}, rows = 5): Promise<JobObject> {
  const file = await upload(platform.url, caseRows(rows));
  const created = await createJob(platform.url, jobRequest(file.id, settings));
  const job = await waitForJob(platform.url, created.id, hasEnded);
  expect(job.error).toBeNull();
  return job;
}

/** What a run came to, without the names and times that differ between runs. */
const outcomeOf = ({ x_residency: { before, after, adapter_sha256, policy_version } }: JobObject) => ({
  before,
  after,
  adapter_sha256,
  policy_version,
});

describe('a training job', () => {
  it('runs from creation to success and reports every step', async () => {
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix() });

    const job = await runJob(platform);

    expect(job).toMatchObject({
      status: 'succeeded',
      fine_tuned_model: `ft:tiny:residency::${job.id}`,
      x_residency: { progress: { phase: 'done', step: 2, total_steps: 2 }, policy_version: 2 },
    });
    const events = await allEvents(platform.url, job.id);
    expect(events.map(({ message }) => message.replace(/: mean reward .*/, ''))).toEqual([
      'Created: 5 rows, 2 steps',
      'The run is open; policy version 0 is ready',
      'Evaluation before training',
      'Step 1/2',
      'Step 2/2',
      'Evaluation after training',
      'The job has successfully completed',
    ]);
    const [resultFile] = job.result_files;
    const file = await call<FileObject>(`${platform.url}/v1/files/${resultFile}`);
    expect(file.body.purpose).toBe('fine-tune-results');
    const csv = await (await fetch(`${platform.url}/v1/files/${resultFile}/content`)).text();
    const lines = csv.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]?.startsWith('step,train_mean_reward,')).toBe(true);
    expect(lines[2]).toContain(String(job.x_residency.adapter_sha256));
  });

  it('leaves an adapter that the API hands out under its hash', async () => {
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix() });

    const job = await runJob(platform);

    const sha256 = String(job.x_residency.adapter_sha256);
    const bytes = Buffer.from(await (await fetch(`${platform.url}/v1/artifacts/${sha256}`)).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  });

  it('keeps of every step the groups, the grades with their reasons and the advantages', async () => {
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix() });

    const job = await runJob(platform);

    const events = await allEvents(platform.url, job.id);
    const rule = createGrader(grader);
    const steps = events.filter(({ data }) => typeof data['total_steps'] === 'number');
    expect(steps).toHaveLength(2);
    for (const [step, { data }] of steps.entries()) {
      const groups = await ledgerOf(platform, String(data['ledger_sha256']));
      expect(groups.map(({ index }) => index)).toEqual([0, 1, 2]);
      for (const group of groups) {
        expect(group.policy.version).toBe(step);
        expect(group.samples).toHaveLength(4);
        const { messages: _messages, ...item } = caseRow(group.item);
        // The grader itself, called here, is the second opinion.
        const grades = group.samples.map(({ text }) => rule.grade({ item, completion: text }));
        expect(group.grades.map(({ total }) => total)).toEqual(grades.map(({ total }) => total));
        expect(group.grades.map(({ components }) => components)).toEqual(
          grades.map(({ components }) => components),
        );
        const rewards = grades.map(({ total }) => total);
        const weighed = estimateAdvantages({ estimator: 'grpo', rewards });
        expect(group.advantages?.advantages).toEqual(weighed.advantages);
      }
      const all = groups.flatMap(({ grades }) => grades.map(({ total }) => total));
      expect(data['train_mean_reward']).toBeCloseTo(
        all.reduce((sum, value) => sum + value, 0) / all.length,
        12,
      );
    }
  });

  it('reports an evaluation that its own ledger bears out', async () => {
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix() });

    const job = await runJob(platform, { eval_samples: 3 }, 6);

    for (const place of ['before', 'after'] as const) {
      const summary = job.x_residency[place] as EvaluationSummary;
      const groups = await ledgerOf(platform, summary.ledger_sha256);
      const graded = groups.flatMap(({ samples, grades }) =>
        samples.map((sample, at) => ({ sample, grade: grades[at] })),
      );
      // The grader gives at least k = 10 exactly where the answer is right, and at most 2 elsewhere.
      const right = (items: typeof graded): number =>
        items.filter(({ grade }) => (grade?.total ?? Number.NaN) >= 10).length / items.length;
      const tempered = graded.filter(({ sample }) => sample.temperature > 0);
      const greedy = graded.filter(({ sample }) => sample.temperature === 0);

      expect(groups.map(({ item }) => item)).toEqual([0, 1, 2, 3, 4, 5]);
      expect([tempered.length, greedy.length]).toEqual([18, 6]);
      expect(summary).toMatchObject({ cases: 6, samples_per_case: 3, ungraded: 0 });
      expect(summary.policy_version).toBe(place === 'before' ? 0 : 2);
      expect(summary.accuracy).toBeCloseTo(right(tempered), 12);
      expect(summary.greedy_accuracy).toBeCloseTo(right(greedy), 12);
      const mean =
        tempered.reduce((sum, { grade }) => sum + (grade?.total ?? Number.NaN), 0) / tempered.length;
      expect(summary.mean_reward).toBeCloseTo(mean, 12);
      const before = job.x_residency.before as EvaluationSummary;
      const shown = groups.find(({ item }) => item === before.example.item);
      expect(summary.example).toEqual({
        item: before.example.item,
        completion: shown?.samples.at(-1)?.text,
        reward: shown?.grades.at(-1)?.total,
      });
      if (place === 'before') {
        const rewards = groups.map(({ grades }) => grades.at(-1)?.total ?? Number.NaN);
        expect(summary.example.item).toBe(rewards.indexOf(Math.min(...rewards)));
      }
    }
  });

  it('asks the engine for exactly what it asked for before there was a choice of losses', async () => {
    const sampled: SampleRequest[] = [];
    const learned: LearnRequest[] = [];
    const hooks = {
      onSample: (request: SampleRequest) => void sampled.push(request),
      onLearn: (request: LearnRequest) => void learned.push(request),
    };
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix(), hooks });

    const job = await runJob(platform);

    const hyperparameters = {
      learningRate: 1e-4,
      adamBeta1: 0.9,
      adamBeta2: 0.999,
      adamEpsilon: 1e-8,
      weightDecay: 0,
      maxGradNorm: 1,
      clipLow: 0.2,
      clipHigh: 0.2,
      klCoefficient: 0,
      temperature: 1,
    };
    // As text: neither a key more nor another order.
    expect(learned.map((request) => JSON.stringify(request.hyperparameters))).toEqual([
      JSON.stringify(hyperparameters),
      JSON.stringify(hyperparameters),
    ]);
    const keys = ['adapter', 'promptIds', 'temperatures', 'maxNewTokens', 'stopIds', 'key'];
    for (const request of sampled) expect(Object.keys(request)).toEqual(keys);
    // The engine of this test hashes all that it is asked; before there was a choice it came to these bytes.
    expect(job.x_residency.adapter_sha256).toBe(
      '9cede4290726d65f024b96006ad2e0b65b39365450cc2c4dbe3929de30d0b8cc',
    );
  });

  it('comes to the same bytes with one worker and with four, in one process order or another', async () => {
    const outcomes: unknown[] = [];
    for (const workers of [1, 4]) {
      await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix(), workers });
      outcomes.push(outcomeOf(await runJob(platform, { steps: 3, groups_per_step: 5 })));
    }

    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  it('comes to other bytes with another seed', async () => {
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix() });
    const file = await upload(platform.url, caseRows(5));
    const request = jobRequest(file.id, { steps: 1 });

    const jobs = await Promise.all([
      createJob(platform.url, request),
      createJob(platform.url, request),
      createJob(platform.url, { ...request, seed: 8 }),
    ]);
    const ended = await Promise.all(jobs.map(({ id }) => waitForJob(platform.url, id, hasEnded)));

    const [first, same, other] = ended.map(outcomeOf);
    expect(same).toEqual(first);
    expect(other?.adapter_sha256).not.toBe(first?.adapter_sha256);
  });

  it('goes without evaluation where none is wanted, and walks through epochs without a break', async () => {
    await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix() });

    const job = await runJob(platform, { eval_samples: 0, steps: 4, groups_per_step: 3 }, 6);

    expect(job.x_residency).toMatchObject({ before: null, after: null, policy_version: 4 });
    const events = await allEvents(platform.url, job.id);
    const items: number[] = [];
    for (const { data } of events.filter(({ type }) => type === 'metrics')) {
      items.push(...(await ledgerOf(platform, String(data['ledger_sha256']))).map(({ item }) => item));
    }
    // Two epochs of six rows: every row once per epoch, in different orders.
    expect(items.slice(0, 6).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(items.slice(6).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(items.slice(0, 6)).not.toEqual(items.slice(6));
  });
});
