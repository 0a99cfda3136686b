import { type CreateJobRequest, type ErrorBody, type JobObject, ResidencyError } from '@residency/protocol';
import { queueConnection } from '@residency/service';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allEvents, call, createJob, hasEnded, jsonl, post, upload, waitForJob } from '../support/api.js';
import { MODEL, type PlatformOptions, startPlatform, type TestPlatform } from '../support/platform.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { answerOf, seen, startScripted } from '../support/scripted-environment.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = (options: Partial<PlatformOptions> = {}): Promise<TestPlatform> =>
  startPlatform({ redisUrl: redis.url, prefix: redis.prefix(), ...options });

type AgentRequest = NonNullable<CreateJobRequest['method']['agent']>;

const tasks = (count: number, task: unknown = { level: 1, maxSteps: 4 }): string =>
  jsonl(Array.from({ length: count }, (_, seed) => ({ task, seed })));

async function submit(
  platform: TestPlatform,
  agent: Partial<AgentRequest> = {},
  { rows = tasks(3), settings = {} }: { rows?: string; settings?: CreateJobRequest['x_residency'] } = {},
): Promise<JobObject> {
  const file = await upload(platform.url, rows);
  const created = await createJob(platform.url, {
    model: MODEL,
    training_file: file.id,
    seed: 11,
    method: {
      type: 'agent',
      agent: {
        environment: 'household',
        prompt_style: 'brief',
        ...(agent.form !== 'conversation' && { history: 1 }),
        ...agent,
      },
    },
    x_residency: {
      ...{ group_size: 3, groups_per_step: 2, steps: 2, max_new_tokens: 8, eval_samples: 1 },
      ...settings,
    },
  });
  return await waitForJob(platform.url, created.id, hasEnded);
}

interface ArchivedTurn {
  readonly tokens: number;
  readonly action: string;
  readonly observation: string;
  readonly anchor: string;
  readonly isValid: boolean;
  readonly reward: number;
}

interface ArchivedGroup {
  readonly samples: readonly {
    readonly ids: number[];
    readonly text: string;
    readonly episode: { readonly turns: readonly ArchivedTurn[]; readonly outcome: string };
  }[];
  readonly grades: readonly { readonly graded: boolean; readonly total: number }[];
  readonly advantages: { readonly advantages: number[]; readonly steps: number[][] } | null;
}

async function archived(platform: TestPlatform, sha256: unknown): Promise<ArchivedGroup[]> {
  const text = await (await fetch(`${platform.url}/v1/artifacts/${String(sha256)}`)).text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ArchivedGroup);
}

/** Tries of a queue job that fails. */
const TRIES = 5;

/** Waits until a rollout has been begun more often than that. */
async function refusedMoreOftenThanTried(prefix: string): Promise<void> {
  const queue = new Queue('rollouts', { connection: queueConnection(redis.url), prefix });
  try {
    const begun = async (): Promise<number> => {
      const jobs = await queue.getJobs(['active', 'delayed', 'wait']);
      return Math.max(0, ...jobs.map(({ attemptsStarted }) => attemptsStarted));
    };
    await expect.poll(begun, { timeout: 60_000 }).toBeGreaterThan(TRIES);
  } finally {
    await queue.close();
  }
}

/** Ends the environments, with all episodes that are open, and starts them again at the same address. */
async function comeBack(platform: TestPlatform): Promise<void> {
  const port = Number(platform.addresses('reward-environment')['grpc']?.split(':').at(-1));
  // Open episodes keep it from an end in order, which is what is wanted.
  await platform.stop('reward-environment').catch(() => undefined);
  await platform.startEnvironments(port);
}

const outcomeOf = ({ status, error, x_residency: { before, after, adapter_sha256 } }: JobObject) => ({
  ...{ status, error, before, after, adapter_sha256 },
});

describe('a job that plays episodes', () => {
  it('plays, weighs and learns every step, and archives each turn with what came of it', async () => {
    await using platform = await start();

    const job = await submit(platform);

    expect(job.error).toBeNull();
    expect(job.x_residency.settings).toMatchObject({
      advantage: 'gigpo',
      agent: { environment: 'household', form: 'steps', gamma: 0.95, omega: 1, invalid_penalty: 0.1 },
    });
    const steps = (await allEvents(platform.url, job.id)).filter(({ data }) => data['total_steps'] === 2);
    expect(steps).toHaveLength(2);
    for (const { data } of steps) {
      const groups = await archived(platform, data['ledger_sha256']);
      expect(groups).toHaveLength(2);
      for (const { samples, grades, advantages } of groups) {
        expect(samples).toHaveLength(3);
        for (const [at, { ids, episode, text }] of samples.entries()) {
          expect(episode.turns).toHaveLength(4);
          expect(episode.outcome).toBe('step limit');
          expect(episode.turns.reduce((n, turn) => n + turn.tokens, 0)).toBe(ids.length);
          expect(advantages?.steps[at]).toHaveLength(4);
          expect(grades[at]).toMatchObject({ graded: true, total: 0 });
          expect(text).toContain(`> ${episode.turns[0]?.action}`);
        }
        const [first, ...others] = samples.map(({ episode }) => episode.turns[0]);
        for (const other of others) expect(other?.observation).toBe(first?.observation);
      }
    }
    expect(job.x_residency.after).toMatchObject({ accuracy: 0, mean_reward: 0, majority_accuracy: null });
  });

  it.each(['steps', 'conversation'] as const)(
    'gives the same bytes whatever the number of workers: %s',
    async (form) => {
      const outcomes: unknown[] = [];
      for (const workers of [1, 3]) {
        await using platform = await start({ workers });
        outcomes.push(outcomeOf(await submit(platform, { form })));
      }

      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(outcomes[0]).toMatchObject({ status: 'succeeded' });
    },
  );

  it('gives the same bytes where the environments end in the middle of episodes and come back', async () => {
    const outcomes: unknown[] = [];
    for (const isDisturbed of [false, true]) {
      let calls = 0;
      let disturbance: Promise<void> | undefined;
      const platform: TestPlatform = await start({
        env: { RESIDENCY_SHUTDOWN_MS: '300' },
        hooks: {
          onSample: () => {
            calls += 1;
            if (!isDisturbed || calls !== 5) return undefined;
            // Episodes are open, and lose their stream while they wait for what is sampled here.
            disturbance = comeBack(platform);
            return disturbance;
          },
        },
      });
      await using _ = platform;
      outcomes.push(outcomeOf(await submit(platform)));
      await disturbance;
      expect(disturbance !== undefined).toBe(isDisturbed);
    }

    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0]).toMatchObject({ status: 'succeeded' });
  });

  it('waits for a free place where more episodes are wanted than may be open', async () => {
    // One group plays on only when the other was refused more often than a job is tried.
    const prefix = redis.prefix();
    let calls = 0;
    await using platform = await start({
      prefix,
      workers: 2,
      env: { RESIDENCY_MAX_EPISODES: '4' },
      hooks: { onSample: () => (++calls === 3 ? refusedMoreOftenThanTried(prefix) : undefined) },
    });

    const job = await submit(platform, {}, { settings: { eval_samples: 0, steps: 1 } });

    expect(outcomeOf(job)).toMatchObject({ status: 'succeeded', error: null });
  });

  it.each(['steps', 'conversation'] as const)(
    'learns the tokens that were sampled, at the places where they stood: %s',
    async (form) => {
      await using platform = await start({ computesWith: 'model' });

      const job = await submit(
        platform,
        { form, prompt_style: 'brief', environment: 'triage', max_turns: 3 },
        { rows: tasks(2, { maxSteps: 3 }), settings: { steps: 1, max_new_tokens: 4, eval_samples: 0 } },
      );

      expect(job.error).toBeNull();
      const [row] = (await allEvents(platform.url, job.id))
        .map(({ data }) => data)
        .filter((data) => data['total_steps'] === 1);
      // The learner scores every token again: one that stood elsewhere would have another probability.
      expect(row?.['tokens']).toBeGreaterThan(2 * 3 * 3);
      expect(Number(row?.['ratio'])).toBeCloseTo(1, 4);
      expect(Number(row?.['old_kl'])).toBeLessThan(1e-8);
    },
  );

  it('says why no episode could be opened, and ends', async () => {
    await using platform = await start();

    const job = await submit(platform, { environment: 'moonbase' });

    expect(job.status).toBe('failed');
    expect(job.error).toMatchObject({ code: 'environment_unknown' });
    expect(job.error?.message).toMatch(/"moonbase", wanted one of .*household/);
  });

  it('learns from GRPO and others by name, and refuses settings that they do not read', async () => {
    await using platform = await start();

    const job = await submit(platform, {}, { settings: { advantage: 'grpo', steps: 1 } });
    expect(job.error).toBeNull();

    const file = await upload(platform.url, tasks(1));
    const request = (agent: Partial<AgentRequest>, settings: object = {}) => ({
      model: MODEL,
      training_file: file.id,
      method: { type: 'agent', agent: { environment: 'household', ...agent } },
      x_residency: settings,
    });
    const refused = async (body: object): Promise<ErrorBody['error']> =>
      (await post<ErrorBody>(`${platform.url}/v1/fine_tuning/jobs`, body)).body.error;
    expect(await refused(request({ omega: 0.5 }, { advantage: 'grpo' }))).toMatchObject({
      code: 'invalid_request',
      param: 'method.agent.omega',
      message: 'method.agent.omega: found 0.5 with advantage grpo, wanted gigpo',
    });
    expect(await refused(request({ form: 'conversation', history: 3 }))).toMatchObject({
      param: 'method.agent.history',
    });
    expect(await refused(request({}, { advantage: 'decoupled' }))).toMatchObject({
      param: 'x_residency.advantage',
    });
    expect(await refused(request({}, { grader: { type: 'string_check' } }))).toMatchObject({
      param: 'x_residency.grader',
    });
  });

  it.each([
    [{ task: { level: 9 }, seed: 1 }, /training_file line 1: task.level is 9, want an integer from 1 to 5/],
    [{ task: {}, seed: -1 }, /training_file line 1: seed: found -1, wanted an integer from 0/],
    [{ task: {}, messages: [] }, /training_file line 1: messages: found a key that is not read/],
  ])('refuses a row that its environment cannot play: %j', async (row, message) => {
    await using platform = await start();
    const file = await upload(platform.url, jsonl([row]));

    const answer = await post<ErrorBody>(`${platform.url}/v1/fine_tuning/jobs`, {
      model: MODEL,
      training_file: file.id,
      method: { type: 'agent', agent: { environment: 'household' } },
    });

    expect(answer.body.error).toMatchObject({ code: 'invalid_dataset', param: 'training_file' });
    expect(answer.body.error.message).toMatch(message);
    expect((await call<{ data: unknown[] }>(`${platform.url}/v1/fine_tuning/jobs`)).body.data).toEqual([]);
  });

  it('plays an environment that is registered by address, and leaves out episodes that end abnormally, with the reason', async () => {
    const opened: string[] = [];
    await using clinic = await startScripted(({ episodeId, command }, stream) => {
      if (command.kind === 'open') {
        opened.push(episodeId);
        stream.write(answerOf(episodeId, seen({ text: 'Your task is to: rest.', admissible: ['rest'] })));
      } else if (command.kind === 'act') {
        const isEven = opened.indexOf(episodeId) % 2 === 0;
        const error = new ResidencyError('environment_failed', 'the patient left');
        stream.write(
          answerOf(episodeId, isEven ? seen({ reward: 1, done: true }) : { kind: 'failure', error }),
        );
      } else stream.write(answerOf(episodeId, { kind: 'closed' }));
    });
    await using platform = await start({ env: { RESIDENCY_ENVIRONMENTS: `clinic=${clinic.address}` } });

    const job = await submit(
      platform,
      { environment: 'clinic' },
      { settings: { steps: 1, group_size: 4, eval_samples: 0 } },
    );

    expect(job.error).toBeNull();
    const rows = (await allEvents(platform.url, job.id)).map(({ data }) => data);
    const row = rows.find((data) => data['total_steps'] === 1);
    expect(row).toMatchObject({ mean_unresponsive_rewards: 0.5, train_mean_reward: 1 });
    const groups = await archived(platform, row?.['ledger_sha256']);
    expect(groups.flatMap(({ grades }) => grades).filter(({ graded }) => !graded)).toEqual(
      Array.from({ length: 4 }, () => ({
        graded: false,
        reason: 'episode_failed',
        message: 'environment_failed: clinic: the patient left',
      })),
    );
  });
});
