import { queueConnection } from '@residency/service';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allEvents,
  createJob,
  getJob,
  hasEnded,
  jobRequest,
  jsonl,
  upload,
  waitForJob,
} from '../support/api.js';
import {
  type ProcessPlatform,
  type ServiceName,
  type ServiceProcess,
  startProcesses,
} from '../support/processes.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
let platform: ProcessPlatform;
beforeAll(async () => {
  redis = await startRedis();
  platform = await startProcesses(redis, { workers: 0 });
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const rows = jsonl(
  Array.from({ length: 6 }, (_, index) => ({
    messages: [{ role: 'user', content: `case ${index} fever and cough a pneumonia b asthma` }],
    question: `case ${index}`,
    choices: { A: 'pneumonia', B: 'asthma' },
    gold: index % 2 === 0 ? 'A' : 'B',
  })),
);

const settings = {
  steps: 3,
  groups_per_step: 4,
  group_size: 8,
  max_new_tokens: 24,
  eval_samples: 2,
  learning_rate: 0.01,
};

async function submit(): Promise<string> {
  const file = await upload(platform.url, rows);
  return (await createJob(platform.url, jobRequest(file.id, settings))).id;
}

/**
 * Kills the only worker of a queue while it holds a job: it is stopped first, and let go again where it held none,
 * so that the kill never falls between two jobs.
 */
async function killAtWork(
  worker: ServiceProcess,
  queueName: 'rollouts' | 'rewards' | 'steps',
): Promise<string> {
  const queue = new Queue(queueName, { connection: queueConnection(redis.url), prefix: platform.prefix });
  const end = performance.now() + 60_000;
  try {
    for (;;) {
      worker.signal('SIGSTOP');
      const [held] = await queue.getActive();
      if (held?.id !== undefined) {
        await worker.kill();
        return held.id;
      }
      worker.signal('SIGCONT');
      if (performance.now() > end) throw new Error(`${worker.name} never held a job`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    await queue.close();
  }
}

async function stalls(queueName: string, id: string): Promise<number> {
  const queue = new Queue(queueName, { connection: queueConnection(redis.url), prefix: platform.prefix });
  const job = await queue.getJob(id);
  await queue.close();
  return job?.stalledCounter ?? 0;
}

const start = (name: ServiceName, env?: NodeJS.ProcessEnv): Promise<ServiceProcess> =>
  platform.start(name, env);

/** What a run came to: all that must not depend on who computed it, and when. */
async function outcomeOf(id: string): Promise<Record<string, unknown>> {
  const { error, status, trained_tokens, x_residency } = await waitForJob(
    platform.url,
    id,
    hasEnded,
    180_000,
  );
  const { adapter_sha256, policy_version, before, after } = x_residency;
  const metrics = (await allEvents(platform.url, id)).filter(({ type }) => type === 'metrics');
  const steps = metrics.map(({ data }) => data);
  return { error, status, trained_tokens, adapter_sha256, policy_version, before, after, steps };
}

describe('a run whose processes are killed while they are at work', () => {
  let calm: Record<string, unknown>;
  beforeAll(async () => {
    const workers = await Promise.all([start('rollout'), start('rollout'), start('reward-rubric')]);
    calm = await outcomeOf(await submit());
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0, 0]);
  });

  it('is compared with one that learned something', () => {
    const steps = (calm['steps'] as Record<string, unknown>[]).filter(({ total_steps }) => total_steps === 3);

    expect(calm).toMatchObject({ error: null, status: 'succeeded', policy_version: 3 });
    expect(steps.filter(({ grad_norm }) => Number(grad_norm) > 0).length).toBeGreaterThan(0);
    expect(new Set(steps.map(({ adapter_sha256 }) => adapter_sha256)).size).toBeGreaterThan(1);
  });

  it('comes to the same bytes when a rollout and a rubric worker die', async () => {
    const rollout = await start('rollout');
    const rubric = await start('reward-rubric');
    const id = await submit();
    const rolloutJob = await killAtWork(rollout, 'rollouts');
    const secondRollout = await start('rollout');
    const rubricJob = await killAtWork(rubric, 'rewards');
    const between = await getJob(platform.url, id);
    const secondRubric = await start('reward-rubric');

    const disturbed = await outcomeOf(id);

    expect(between.status).toBe('running');
    expect([await stalls('rollouts', rolloutJob), await stalls('rewards', rubricJob)]).toEqual([1, 1]);
    expect(disturbed).toEqual(calm);
    expect(await Promise.all([secondRollout.stop(), secondRubric.stop()])).toEqual([0, 0]);
  });

  it('comes to the same bytes when the orchestrator and the learner die in a step', async () => {
    const workers = await Promise.all([start('rollout'), start('reward-rubric')]);
    const port = String(platform.learner.addresses['grpc']?.split(':')[1]);
    const id = await submit();
    const stepJob = await killAtWork(platform.orchestrator, 'steps');
    await platform.learner.kill();
    await start('learner', { RESIDENCY_GRPC_PORT: port });
    await start('orchestrator');

    const disturbed = await outcomeOf(id);

    expect(await stalls('steps', stepJob)).toBe(1);
    expect(disturbed).toEqual(calm);
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
  });
});

/** A job that plays episodes. */
async function submitEpisodes(): Promise<string> {
  const tasks = Array.from({ length: 4 }, (_, seed) => ({ task: { level: 1, maxSteps: 6 }, seed }));
  const file = await upload(platform.url, jsonl(tasks));
  const { id } = await createJob(platform.url, {
    model: 'tiny',
    training_file: file.id,
    seed: 7,
    method: { type: 'agent', agent: { environment: 'household', prompt_style: 'brief', history: 1 } },
    x_residency: {
      ...{ steps: 2, groups_per_step: 3, group_size: 4, max_new_tokens: 16 },
      ...{ eval_samples: 1, learning_rate: 0.01 },
    },
  });
  return id;
}

describe('a run of episodes whose processes are killed while they are at work', () => {
  it('comes to the same bytes when a rollout worker and the environments die', async () => {
    const calmWorkers = await Promise.all([start('rollout'), start('rollout'), start('reward-rubric')]);
    const calm = await outcomeOf(await submitEpisodes());
    expect(calm).toMatchObject({ error: null, status: 'succeeded', policy_version: 2 });
    expect(await Promise.all(calmWorkers.map((worker) => worker.stop()))).toEqual([0, 0, 0]);

    const rubric = await start('reward-rubric');
    const rollout = await start('rollout');
    const id = await submitEpisodes();
    const rolloutJob = await killAtWork(rollout, 'rollouts');
    const port = String(platform.environments.addresses['grpc']?.split(':')[1]);
    await platform.environments.kill();
    const second = await start('rollout');
    const back = await start('reward-environment', { RESIDENCY_GRPC_PORT: port });

    const disturbed = await outcomeOf(id);

    expect(await stalls('rollouts', rolloutJob)).toBe(1);
    expect(disturbed).toEqual(calm);
    expect(await Promise.all([rubric, second, back].map((worker) => worker.stop()))).toEqual([0, 0, 0]);
  });
});
