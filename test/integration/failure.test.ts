import type { SampleRequest } from '@residency/model';
import { queueConnection } from '@residency/service';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allEvents,
  caseRows,
  createJob,
  getJob,
  hasEnded,
  jobRequest,
  post,
  upload,
  waitForJob,
} from '../support/api.js';
import type { HashEngineHooks } from '../support/hash-engine.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { signalled } from '../support/signalled.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function start(
  hooks: HashEngineHooks = {},
  env: Record<string, string> = {},
): Promise<TestPlatform & { prefix: string }> {
  const prefix = redis.prefix();
  const platform = await startPlatform({ redisUrl: redis.url, prefix, hooks, env });
  return { ...platform, prefix };
}

async function submit(platform: TestPlatform, settings = {}): Promise<string> {
  const file = await upload(platform.url, caseRows(4));
  return (await createJob(platform.url, jobRequest(file.id, settings))).id;
}

/** Jobs of all queues that are neither completed nor failed, and the failed ones. */
async function leftovers(prefix: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of ['rollouts', 'rewards', 'steps']) {
    const queue = new Queue(name, { connection: queueConnection(redis.url), prefix });
    const found = await queue.getJobCounts(
      'wait',
      'active',
      'delayed',
      'waiting-children',
      'failed',
      'prioritized',
    );
    for (const [state, count] of Object.entries(found)) if (count > 0) counts[`${name} ${state}`] = count;
    await queue.close();
  }
  return counts;
}

const isTraining = ({ key }: SampleRequest): boolean => key.step < 1_000_000_000;

describe('a poisoned group', () => {
  it('fails the job with the reason, and leaves nothing in the queues', async () => {
    const hooks = {
      onSample: (request: SampleRequest) => {
        if (!isTraining(request) || request.key.prompt !== 1) return;
        throw Object.assign(new Error('weights: found NaN in layer 3'), { code: 'MODEL_WEIGHT' });
      },
    };
    await using platform = await start(hooks);

    const job = await waitForJob(platform.url, await submit(platform), hasEnded);

    expect(job.status).toBe('failed');
    expect(job.error).toEqual({
      code: 'model_invalid',
      message: 'weights: found NaN in layer 3',
      param: null,
    });
    expect(job.x_residency.before).not.toBeNull();
    expect((await allEvents(platform.url, job.id)).at(-1)).toMatchObject({
      level: 'error',
      message: 'Failed: weights: found NaN in layer 3',
    });
    await expect.poll(() => leftovers(platform.prefix), { timeout: 10_000 }).toEqual({});
  });

  it('is tried again where trying can help, with the same outcome as an undisturbed run', async () => {
    let failures = 0;
    const hooks = {
      onSample: (request: SampleRequest) => {
        if (!isTraining(request) || request.key.prompt !== 1 || failures >= 2) return;
        failures += 1;
        throw Object.assign(new Error('the child died'), { code: 'ENGINE_CRASHED' });
      },
    };
    await using disturbed = await start(hooks);
    await using calm = await start();

    const jobs = await Promise.all(
      [disturbed, calm].map(async (platform) => waitForJob(platform.url, await submit(platform), hasEnded)),
    );

    expect(failures).toBe(2);
    expect(jobs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(jobs[0]?.x_residency.adapter_sha256).toBe(jobs[1]?.x_residency.adapter_sha256);
    expect(jobs[0]?.x_residency.after).toEqual(jobs[1]?.x_residency.after);
  });

  it('fails the job when the prompt cannot fit', async () => {
    await using platform = await start();

    const job = await waitForJob(platform.url, await submit(platform, { max_new_tokens: 500 }), hasEnded);

    expect(job.error?.code).toBe('prompt_too_long');
    expect(job.error?.message).toMatch(
      /row 1: found \d+ prompt tokens and max_new_tokens 500, wanted 1 to 512/,
    );
  });

  it('fails the job when its learner cannot learn', async () => {
    const hooks = {
      onLearn: () => {
        throw Object.assign(new Error('adapter: wrong shape'), { code: 'MODEL_ADAPTER' });
      },
    };
    await using platform = await start(hooks);

    const job = await waitForJob(platform.url, await submit(platform), hasEnded);

    expect(job.error).toMatchObject({ code: 'model_invalid', message: 'adapter: wrong shape' });
  });
});

describe('cancelling', () => {
  it('ends a job that nobody has started on', async () => {
    await using platform = await start();
    await platform.stop('orchestrator');
    const id = await submit(platform);
    await post(`${platform.url}/v1/fine_tuning/jobs/${id}/cancel`, '');
    await platform.startOrchestrator();

    await expect.poll(() => leftovers(platform.prefix), { timeout: 8_000 }).toEqual({});
    expect(await getJob(platform.url, id)).toMatchObject({
      status: 'cancelled',
      x_residency: { policy_version: null },
    });
  });

  it('stops a run: sampling at work is aborted, nothing is left in the queues', async () => {
    const started = signalled();
    const aborted = signalled<unknown>();
    await using platform = await start({
      onSample: (_request, call) => {
        started.resolve();
        return new Promise((_, reject) => {
          call.signal?.addEventListener('abort', () => {
            aborted.resolve(call.signal?.reason);
            reject(Object.assign(new Error('aborted'), { code: 'ENGINE_ABORTED' }));
          });
        });
      },
    });
    const id = await submit(platform);
    await started.promise;
    await post(`${platform.url}/v1/fine_tuning/jobs/${id}/cancel`, '');

    expect(await aborted.promise).toMatchObject({ code: 'cancelled' });
    await expect.poll(() => leftovers(platform.prefix), { timeout: 8_000 }).toEqual({});
    expect((await getJob(platform.url, id)).status).toBe('cancelled');
    expect((await allEvents(platform.url, id)).at(-1)?.message).toBe('The job was cancelled');
  });

  it('is refused with 409 once the job has succeeded', async () => {
    await using platform = await start();
    const job = await waitForJob(
      platform.url,
      await submit(platform, { steps: 1, eval_samples: 0 }),
      hasEnded,
    );

    const answer = await post<{ error: { code: string } }>(
      `${platform.url}/v1/fine_tuning/jobs/${job.id}/cancel`,
      '',
    );

    expect([answer.status, answer.body.error.code]).toEqual([409, 'job_not_cancellable']);
    expect(answer.headers.get('x-should-retry')).toBe('false');
  });
});

describe('a restart', () => {
  it('of the orchestrator resumes from the committed step with the same outcome', async () => {
    const second = signalled();
    let steps = 0;
    const hooks = {
      onLearn: () => {
        steps += 1;
        if (steps === 2) second.resolve();
      },
    };
    await using platform = await start(hooks);
    await using calm = await start();
    const settings = { steps: 4, eval_samples: 1 };
    const id = await submit(platform, settings);
    await second.promise;
    await platform.stop('orchestrator');
    const paused = await getJob(platform.url, id);
    await platform.startOrchestrator();

    const job = await waitForJob(platform.url, id, hasEnded);
    const undisturbed = await waitForJob(calm.url, await submit(calm, settings), hasEnded);

    expect(paused.status).toBe('running');
    expect(job.status).toBe('succeeded');
    expect(job.x_residency.adapter_sha256).toBe(undisturbed.x_residency.adapter_sha256);
    const messages = (await allEvents(platform.url, id)).map(({ message }) => message);
    expect(messages.filter((message) => message.startsWith('Step'))).toHaveLength(4);
  });

  it('of the learner is waited for, and the job goes on', async () => {
    const learned = signalled();
    await using platform = await start({ onLearn: () => learned.resolve() });
    const port = Number(platform.env['RESIDENCY_LEARNER_ADDRESS']?.split(':')[1]);
    const id = await submit(platform, { steps: 4, eval_samples: 0 });
    await learned.promise;
    await platform.stop('learner');
    await platform.startLearner(port);

    const job = await waitForJob(platform.url, id, hasEnded);

    expect(job.error).toBeNull();
    expect(job.status).toBe('succeeded');
  });

  it('of Redis is waited for, and nothing acknowledged is lost', async () => {
    await using own = await startRedis();
    const sixth = signalled();
    let count = 0;
    const hooks = {
      onSample: () => {
        count += 1;
        if (count === 6) sixth.resolve();
      },
    };
    await using platform = await startPlatform({ redisUrl: own.url, prefix: own.prefix(), hooks });
    const id = await submit(platform, { steps: 3 });
    await sixth.promise;
    await own.kill();
    await own.start();
    await expect
      .poll(async () => (await fetch(`${platform.url}/readyz`)).status, { timeout: 15_000 })
      .toBe(200);

    const job = await waitForJob(platform.url, id, hasEnded, 90_000);

    expect(job.error).toBeNull();
    expect(job.status).toBe('succeeded');
  });
});
