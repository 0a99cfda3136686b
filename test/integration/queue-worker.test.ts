import { type QueueTypes, ResidencyError } from '@residency/protocol';
import {
  createLogger,
  Metrics,
  openQueueWorker,
  type QueueWorker,
  queueConnection,
  type WorkContext,
} from '@residency/service';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.js';
import { signalled } from '../support/signalled.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

type Process = (
  payload: QueueTypes['rewards']['payload'],
  context: WorkContext,
) => Promise<QueueTypes['rewards']['result']>;

const log = createLogger('test', 'silent');
const payload = { jobId: 'ftjob-1', phase: 'train', step: 0, index: 0, item: 0 };
const result = { graded: 1, ungraded: 0, reused: false };
const never = new AbortController().signal;

function worker(
  prefix: string,
  process: Process,
  isRunning = async (): Promise<boolean> => true,
): QueueWorker {
  return openQueueWorker({
    queue: 'rewards',
    redisUrl: redis.url,
    prefix,
    concurrency: 1,
    lockMs: 1_000,
    log,
    metrics: new Metrics('test'),
    isRunning,
    process,
  });
}

function openQueue(prefix: string): Queue {
  return new Queue('rewards', { connection: queueConnection(redis.url), prefix });
}

const failed = (queue: Queue, id: string) =>
  expect
    .poll(async () => (await queue.getJob(id))?.getState(), { timeout: 10_000 })
    .toBe('failed')
    .then(() => queue.getJob(id));

describe('a queue worker', () => {
  it('hands a job back when it must let go, so that another takes it at once', async () => {
    const prefix = redis.prefix();
    const queue = openQueue(prefix);
    const taken = signalled();
    const first = worker(prefix, (_payload, { signal }) => {
      taken.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
    await queue.add('rewards', payload, { jobId: 'a', attempts: 1 });
    await taken.promise;

    await first.stop(AbortSignal.abort());
    const attempts = signalled<number>();
    const second = worker(prefix, async (_payload, { attempt }) => {
      attempts.resolve(attempt);
      return result;
    });

    // The try that was broken off does not count.
    expect(await attempts.promise).toBe(1);
    await expect.poll(async () => (await queue.getJob('a'))?.returnvalue, { timeout: 5_000 }).toEqual(result);
    await second.stop(never);
    await queue.close();
  });

  it('waits for the job at work when it is stopped in order', async () => {
    const prefix = redis.prefix();
    const queue = openQueue(prefix);
    const taken = signalled();
    const finish = signalled();
    const only = worker(prefix, async () => {
      taken.resolve();
      await finish.promise;
      return result;
    });
    await queue.add('rewards', payload, { jobId: 'a' });
    await taken.promise;

    await only.stopIntake();
    await queue.add('rewards', payload, { jobId: 'b' });
    const stopped = only.stop(never);
    finish.resolve();
    await stopped;

    expect(await (await queue.getJob('a'))?.getState()).toBe('completed');
    expect(await (await queue.getJob('b'))?.getState()).toBe('waiting');
    await queue.close();
  });

  it('aborts a job whose run stops running, and does not try it again', async () => {
    const prefix = redis.prefix();
    const queue = openQueue(prefix);
    let isRunning = true;
    let tries = 0;
    const only = worker(
      prefix,
      (_payload, { signal }) => {
        tries += 1;
        isRunning = false;
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
      async () => isRunning,
    );
    await queue.add('rewards', payload, { jobId: 'a', attempts: 5 });

    const job = await failed(queue, 'a');

    expect(job?.failedReason).toBe('cancelled: ftjob-1: the run is no longer running');
    expect(tries).toBe(1);
    await only.stop(never);
    await queue.close();
  });

  it('tries again what another try can help, and only that', async () => {
    const prefix = redis.prefix();
    const queue = openQueue(prefix);
    const tries = { a: 0, b: 0 };
    const only = worker(prefix, async ({ index }) => {
      tries[index === 0 ? 'a' : 'b'] += 1;
      throw new ResidencyError(index === 0 ? 'engine_failed' : 'group_ungraded', 'why');
    });
    const options = { attempts: 3, backoff: { type: 'fixed', delay: 10 } };
    await queue.add('rewards', payload, { jobId: 'a', ...options });
    await queue.add('rewards', { ...payload, index: 1 }, { jobId: 'b', ...options });

    const jobs = [await failed(queue, 'a'), await failed(queue, 'b')];

    expect(tries).toEqual({ a: 3, b: 1 });
    expect(jobs.map((job) => job?.failedReason)).toEqual(['engine_failed: why', 'group_ungraded: why']);
    await only.stop(never);
    await queue.close();
  });

  it('waits for a dependency that is away without losing a try', async () => {
    const prefix = redis.prefix();
    const queue = openQueue(prefix);
    let tries = 0;
    const only = worker(prefix, async () => {
      tries += 1;
      if (tries < 3) throw new ResidencyError('service_unavailable', 'away');
      return result;
    });
    await queue.add('rewards', payload, { jobId: 'a', attempts: 1 });

    await expect
      .poll(async () => (await queue.getJob('a'))?.returnvalue, { timeout: 15_000 })
      .toEqual(result);

    expect(tries).toBe(3);
    await only.stop(never);
    await queue.close();
  });

  it('refuses a payload that does not match, without calling the processor', async () => {
    const prefix = redis.prefix();
    const queue = openQueue(prefix);
    let isCalled = false;
    const only = worker(prefix, async () => {
      isCalled = true;
      return result;
    });
    await queue.add('rewards', { ...payload, step: 'one' }, { jobId: 'a', attempts: 5 });

    const job = await failed(queue, 'a');

    expect(job?.failedReason).toContain('invalid_payload: rewards payload: step');
    expect(isCalled).toBe(false);
    await only.stop(never);
    await queue.close();
  });
});
