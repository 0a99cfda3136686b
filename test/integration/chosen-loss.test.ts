import type { JobObject } from '@residency/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allEvents, caseRows, createJob, hasEnded, jobRequest, upload, waitForJob } from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const settings = {
  loss: 'dapo',
  importance: 'token',
  learning_rate: 0.01,
  learning_rate_schedule: 'cosine',
  top_p: 0.7,
  steps: 3,
  eval_samples: 0,
} as const;

const start = (env: Readonly<Record<string, string>> = {}): Promise<TestPlatform> =>
  startPlatform({ redisUrl: redis.url, prefix: redis.prefix(), computesWith: 'model', env });

async function runJob(platform: TestPlatform): Promise<JobObject> {
  const file = await upload(platform.url, caseRows(4));
  const created = await createJob(platform.url, jobRequest(file.id, settings));
  const job = await waitForJob(platform.url, created.id, hasEnded);
  expect(job.error).toBeNull();
  return job;
}

/** The numbers of each training step under a name. */
async function column(platform: TestPlatform, job: JobObject, name: string): Promise<number[]> {
  const events = await allEvents(platform.url, job.id);
  return events.filter(({ type }) => type === 'metrics').map(({ data }) => Number(data[name]));
}

describe('a job with a loss, a schedule and a filter of its own', () => {
  it('runs on a model, and its events show what was chosen at work', async () => {
    await using platform = await start();

    const job = await runJob(platform);

    const steps = (name: string) => column(platform, job, name);
    const rates = await steps('learning_rate');
    // Loshchilov & Hutter 2017, equation 5, over three steps.
    for (const [step, rate] of rates.entries()) {
      expect(rate).toBeCloseTo((0.01 * (1 + Math.cos((Math.PI * step) / 3))) / 2, 12);
    }
    expect(rates[0]).toBeGreaterThan(rates[2] ?? Number.POSITIVE_INFINITY);
    // A step that follows its samples starts at a ratio of 1 to the old policy, though these are of another distribution,
    for (const ratio of await steps('ratio')) expect(ratio).toBeCloseTo(1, 4);
    // of which the policy has this share: at least 0.7 of each token.
    for (const share of await steps('importance_mean')) {
      expect(share).toBeGreaterThan(0.7);
      expect(share).toBeLessThan(0.999);
    }
    const norms = await steps('update_norm');
    expect(Math.min(...norms)).toBeGreaterThan(0);
    expect(await steps('skipped')).toEqual([0, 0, 0]);
    expect(job.x_residency.settings).toMatchObject({
      loss: 'dapo',
      clip_high: 0.28,
      learning_rate_schedule: 'cosine',
      top_p: 0.7,
      importance_cap: 2,
    });
    const csv = await (await fetch(`${platform.url}/v1/files/${job.result_files[0]}/content`)).text();
    const [head = '', ...rows] = csv.trim().split('\n');
    const at = head.split(',').indexOf('learning_rate');
    expect(rows.map((row) => Number(row.split(',')[at]))).toEqual(rates);
    const metrics = await (await fetch(`http://${platform.addresses('learner')['http']}/metrics`)).text();
    expect(metrics).toContain(`residency_learning_rate{service="learner"} ${rates[2]}\n`);
    expect(metrics).toContain('residency_learn_clip_fraction{bound="low",service="learner"} 0\n');
  });

  it('comes to the same adapter with one group a run, and with layers computed twice', async () => {
    const adapters: unknown[] = [];
    for (const env of [{}, { RESIDENCY_MAX_ROWS: '1', RESIDENCY_RECOMPUTE: 'true' }]) {
      await using platform = await start(env);
      adapters.push((await runJob(platform)).x_residency.adapter_sha256);
    }

    expect(adapters[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(adapters[1]).toBe(adapters[0]);
  });
});
