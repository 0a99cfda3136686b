import { createHash } from 'node:crypto';
import { parseSafetensors } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allEvents, createJob, hasEnded, jobRequest, jsonl, upload, waitForJob } from '../support/api.js';
import { type ProcessPlatform, startProcesses } from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
let platform: ProcessPlatform;
beforeAll(async () => {
  redis = await startRedis();
  platform = await startProcesses(redis, { workers: 1 });
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const rows = jsonl(
  Array.from({ length: 4 }, (_, index) => ({
    messages: [{ role: 'user', content: `case ${index} fever and cough a pneumonia b asthma` }],
    question: `case ${index}`,
    choices: { A: 'pneumonia', B: 'asthma' },
    gold: 'A',
  })),
);

describe('the platform with its real engine', () => {
  it('makes a random model answer right: the reward of training rises, and the adapter can be had', async () => {
    const file = await upload(platform.url, rows);
    const settings = {
      steps: 24,
      groups_per_step: 4,
      group_size: 16,
      max_new_tokens: 10,
      eval_samples: 8,
      learning_rate: 0.02,
      lora: { rank: 8, alpha: 16 },
    };
    const { id } = await createJob(platform.url, jobRequest(file.id, settings));

    const job = await waitForJob(platform.url, id, hasEnded, 240_000);

    expect(job.error).toBeNull();
    const { before, after, adapter_sha256: adapter } = job.x_residency;
    expect(after?.mean_reward ?? 0).toBeGreaterThan((before?.mean_reward ?? Number.NaN) + 1);
    const steps = (await allEvents(platform.url, id)).filter(({ data }) => data['total_steps'] !== undefined);
    expect(steps.map(({ data }) => data['step'])).toEqual(Array.from({ length: 24 }, (_, at) => at + 1));
    const bytes = Buffer.from(await (await fetch(`${platform.url}/v1/artifacts/${adapter}`)).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(adapter);
    expect(parseSafetensors(bytes, 'adapter').entries.size).toBeGreaterThan(0);
  });
});
