import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineOptions } from '@residency/model';
import {
  type Client,
  type LearnAnswer,
  LearnerService,
  type LearnGroup,
  type LearnHeader,
  type LearnTrajectory,
  learnAnswerFromProto,
  learnPartToProto,
  openClient,
  type PolicyRef,
  policyFromProto,
  policyRefFromProto,
  runToProto,
  scoreAnswerFromProto,
  scorePartToProto,
} from '@residency/protocol';
import { type RunningService, readConfig, stopService } from '@residency/service';
import { learnerFields, startLearner } from '@residency/service-learner';
import { FileStore, putBytes } from '@residency/storage';
import { resolveDevice } from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { PolicyManifests } from '../../services/learner/src/policy-manifest.js';
import { type HashEngineHooks, openHashEngine } from '../support/hash-engine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Harness extends AsyncDisposable {
  readonly learner: Client<typeof LearnerService>;
  readonly learned: () => number;
  /** What engines were opened with. */
  readonly opened: readonly EngineOptions[];
  /** The store that the learner keeps its versions in. */
  readonly store: FileStore;
  restart(): Promise<void>;
}

const call = { deadlineMs: 10_000 };

async function harness(
  hooks: HashEngineHooks = {},
  settings: Readonly<Record<string, string>> = {},
): Promise<Harness> {
  const folder = await temporaryFolder();
  const models = join(folder.path, 'models');
  await mkdir(join(models, 'tiny'), { recursive: true });
  await writeFile(join(models, 'tiny', 'config.json'), '{}');
  let learned = 0;
  const opened: EngineOptions[] = [];
  let service: RunningService;
  let learner: Client<typeof LearnerService>;
  const start = async (): Promise<void> => {
    const env = {
      RESIDENCY_STORE_DIR: join(folder.path, 'store'),
      RESIDENCY_MODELS_DIR: models,
      RESIDENCY_HTTP_PORT: '0',
      RESIDENCY_GRPC_PORT: '0',
      RESIDENCY_LOG_LEVEL: 'silent',
      ...settings,
    };
    service = await startLearner(readConfig(learnerFields, env), {
      openEngine: (options) => {
        opened.push(options);
        return openHashEngine(options, {
          ...hooks,
          onLearn: async (request, limits) => {
            learned += 1;
            await hooks.onLearn?.(request, limits);
          },
        });
      },
      resolveDevice,
    });
    learner = openClient(LearnerService, { address: service.addresses['grpc'] ?? '' });
  };
  const stop = async (): Promise<void> => {
    learner.close();
    await stopService(service);
  };
  await start();
  return {
    get learner() {
      return learner;
    },
    learned: () => learned,
    opened,
    store: await FileStore.open(join(folder.path, 'store')),
    async restart() {
      await stop();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const run = { jobId: 'ftjob-1', model: 'tiny', seed: 7, loraRank: 8, loraAlpha: 16 };

async function open(test: Harness, change: Partial<typeof run> = {}): Promise<PolicyRef> {
  return policyRefFromProto((await test.learner.openRun(runToProto({ ...run, ...change }), call)).policy);
}

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

const header = (policy: PolicyRef, change: Partial<LearnHeader> = {}): LearnHeader => ({
  jobId: run.jobId,
  step: policy.version,
  model: run.model,
  policy,
  hyperparameters,
  groupCount: 2,
  ...change,
});

const group = (policy: PolicyRef, index: number, change: Partial<LearnGroup> = {}): LearnGroup => ({
  index,
  policySha256: policy.sha256,
  promptIds: [1, 2, 3],
  samples: [{ ids: [4, 5], logprobs: [-0.5, -0.25], advantage: index - 0.5 }],
  ...change,
});

async function learn(
  test: Harness,
  head: LearnHeader | null,
  groups: readonly LearnGroup[],
): Promise<LearnAnswer> {
  const parts = async function* () {
    if (head !== null) yield learnPartToProto({ kind: 'header', header: head });
    for (const part of groups) yield learnPartToProto({ kind: 'group', group: part });
  };
  return learnAnswerFromProto(await test.learner.learn(parts(), call));
}

const step = (test: Harness, policy: PolicyRef) =>
  learn(test, header(policy), [group(policy, 0), group(policy, 1)]);

describe('opening an engine', () => {
  it('hands the settings of the service on, and no folder where none is set', async () => {
    await using plain = await harness();
    await open(plain);
    await using set = await harness(
      {},
      { RESIDENCY_CACHE_DIR: '/cache', RESIDENCY_MAX_ROWS: '512', RESIDENCY_RECOMPUTE: 'true' },
    );
    await open(set);

    expect(plain.opened).toEqual([
      {
        modelDir: expect.stringMatching(/tiny$/),
        threads: 1,
        device: { kind: 'cpu' },
        maxRows: 2_048,
        recomputes: false,
      },
    ]);
    expect(set.opened).toMatchObject([{ cacheDir: '/cache', maxRows: 512, recomputes: true }]);
  });
});

describe('opening a run', () => {
  it('makes version 0 once and hands it out under its hash', async () => {
    await using test = await harness();

    const first = await open(test);
    const second = await open(test);
    await test.restart();
    const third = await open(test);

    expect([second, third]).toEqual([first, first]);
    const bytes = await policyFromProto(test.learner.getPolicy({ sha256: first.sha256 }, call), first.sha256);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256);
  });

  it('does not depend on the job, only on its settings', async () => {
    await using test = await harness();

    const [one, other, seeded] = [
      await open(test),
      await open(test, { jobId: 'ftjob-2' }),
      await open(test, { jobId: 'ftjob-3', seed: 8 }),
    ];

    expect(other.sha256).toBe(one.sha256);
    expect(seeded.sha256).not.toBe(one.sha256);
  });

  it('is refused with other settings, an unknown model or a path for one', async () => {
    await using test = await harness();
    await open(test);

    await expect(open(test, { loraRank: 4 })).rejects.toMatchObject({ code: 'run_conflict' });
    await expect(open(test, { jobId: 'ftjob-4', model: 'none' })).rejects.toMatchObject({
      code: 'model_not_found',
    });
    await expect(open(test, { jobId: 'ftjob-5', model: '../models/tiny' })).rejects.toMatchObject({
      code: 'model_not_found',
      param: 'model',
    });
  });
});

describe('a training step', () => {
  it('is taken once, however often it is asked for, also after a restart', async () => {
    await using test = await harness();
    const policy = await open(test);

    const answers = await Promise.all([step(test, policy), step(test, policy), step(test, policy)]);
    await test.restart();
    const later = await step(test, policy);

    expect(answers[0]?.policy.version).toBe(1);
    for (const answer of [...answers, later]) expect(answer).toEqual(answers[0]);
    expect(test.learned()).toBe(1);
  });

  it('builds on the version before it', async () => {
    await using test = await harness();
    const zero = await open(test);
    const one = (await step(test, zero)).policy;
    const two = (await step(test, one)).policy;

    expect(two.version).toBe(2);
    expect(new Set([zero.sha256, one.sha256, two.sha256]).size).toBe(3);
  });

  it('may be scored beforehand: the loss is that of the step, which is not taken by it', async () => {
    await using test = await harness();
    const zero = await open(test);
    const score = async (policy: PolicyRef, head = header(policy)): Promise<number> => {
      const parts = async function* () {
        yield scorePartToProto({ kind: 'header', header: head });
        for (const at of [0, 1]) yield scorePartToProto({ kind: 'group', group: group(policy, at) });
      };
      return scoreAnswerFromProto(await test.learner.score(parts(), call)).loss;
    };

    const before = await score(zero);
    const taken = await step(test, zero);

    expect(before).toBe(taken.metrics.loss);
    // Version 0 is what it was, and the last version of a schedule is scored too.
    expect(await score(zero)).toBe(before);
    const schedule = { shape: 'linear', warmupSteps: 0, totalSteps: 1, minShare: 0 } as const;
    const last = header(taken.policy, { hyperparameters: { ...hyperparameters, schedule } });
    expect(Number.isFinite(await score(taken.policy, last))).toBe(true);
    await expect(score({ version: 2, sha256: zero.sha256 })).rejects.toMatchObject({
      code: 'policy_not_found',
    });
  });

  it('is refused when it was taken from other groups', async () => {
    await using test = await harness();
    const policy = await open(test);
    await step(test, policy);

    const changed = learn(test, header(policy), [group(policy, 0), group(policy, 1, { promptIds: [9] })]);

    await expect(changed).rejects.toMatchObject({ code: 'learn_conflict' });
  });

  it('is the same step whether the trajectories of a group come in one message or in several', async () => {
    await using test = await harness();
    const first = await open(test);
    const other = await open(test, { jobId: 'ftjob-2' });
    const trajectory = (id: number) => ({ ids: [1, 2, id], targets: [2], logprobs: [-1], advantages: [0.5] });
    const [a, b, c] = [trajectory(3), trajectory(4), trajectory(5)];
    const of = (trajectories: readonly LearnTrajectory[], more: Partial<LearnGroup> = {}) =>
      group(first, 0, { promptIds: [], samples: [], trajectories, ...more });
    const head = header(first, { groupCount: 1 });

    const whole = await learn(test, head, [of([a, b, c])]);
    const parts = await learn(test, { ...head, jobId: 'ftjob-2', policy: other }, [
      of([a], { continues: true }),
      of([b], { continues: true }),
      of([c]),
    ]);

    expect(parts.policy).toEqual(whole.policy);
    await expect(learn(test, head, [of([a, b, c], { continues: true })])).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('found the end of the stream, wanted the rest of its trajectories'),
    });
    await expect(learn(test, head, [of([{ ...a, targets: [1, 2] }])])).rejects.toMatchObject({
      message: expect.stringContaining('trajectory 0: found 2 targets, 1 log-probabilities and 1 advantages'),
    });
  });

  it('refuses groups that another policy version sampled', async () => {
    await using test = await harness();
    const zero = await open(test);
    const one = (await step(test, zero)).policy;

    const stale = learn(test, header(one), [group(one, 0), group(zero, 1)]);
    const forged = learn(test, header({ version: 1, sha256: zero.sha256 }), [group(zero, 0), group(zero, 1)]);

    await expect(stale).rejects.toMatchObject({ code: 'policy_mismatch', param: 'group.policy_sha256' });
    await expect(forged).rejects.toMatchObject({ code: 'policy_mismatch', param: 'policy.sha256' });
    expect(test.learned()).toBe(1);
  });

  it('learns at the rate that the schedule gives the step', async () => {
    const rates: number[] = [];
    await using test = await harness({
      onLearn: ({ hyperparameters: { learningRate } }) => void rates.push(learningRate),
    });
    const schedule = { shape: 'linear', warmupSteps: 1, totalSteps: 3, minShare: 0 } as const;
    let policy = await open(test);
    for (let at = 0; at < 3; at++) {
      const head = header(policy, { hyperparameters: { ...hyperparameters, schedule } });
      policy = (await learn(test, head, [group(policy, 0), group(policy, 1)])).policy;
    }

    expect(rates).toEqual([1e-4, 1e-4, 5e-5]);
  });

  it('is refused with a schedule that makes no sense, or a loss that nobody knows', async () => {
    await using test = await harness();
    const policy = await open(test);
    const take = (change: object) =>
      learn(test, header(policy, { hyperparameters: { ...hyperparameters, ...change } }), [
        group(policy, 0),
        group(policy, 1),
      ]);
    const schedule = { shape: 'linear', warmupSteps: 9, totalSteps: 3, minShare: 0 };

    await expect(take({ schedule })).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringContaining('warmup.steps is 9'),
    });
    await expect(take({ estimator: 'trpo' })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'hyperparameters.estimator',
    });
    expect(test.learned()).toBe(0);
  });

  it('that was taken before updates were measured is answered with what is known of it', async () => {
    await using test = await harness();
    const policy = await open(test);
    await step(test, policy);
    // The same step of another job, as an earlier learner would have kept it.
    const manifests = new PolicyManifests(test.store);
    const kept = await manifests.read(run.jobId, 1);
    const { loss = 0, policyLoss = 0, kl = 0, entropy = 0, clipFraction = 0 } = kept?.metrics ?? {};
    const metrics = { loss, policyLoss, kl, entropy, clipFraction, gradNorm: 1, tokens: 4, skipped: null };
    if (kept === null) throw new Error('no manifest');
    await open(test, { jobId: 'ftjob-old' });
    await manifests.write({ ...kept, jobId: 'ftjob-old', metrics });

    const answer = await learn(test, header(policy, { jobId: 'ftjob-old' }), [
      group(policy, 0),
      group(policy, 1),
    ]);

    expect(answer.metrics).toEqual(metrics);
    expect(test.learned()).toBe(1);
  });

  it('is refused without its run, or for a version that does not exist yet', async () => {
    await using test = await harness();
    const policy = { version: 0, sha256: 'a'.repeat(64) };

    await expect(step(test, policy)).rejects.toMatchObject({ code: 'policy_not_found' });
  });

  it.each([
    ['no header', (p: PolicyRef) => [null, [group(p, 0)]] as const],
    ['too few groups', (p: PolicyRef) => [header(p), [group(p, 0)]] as const],
    ['no groups', (p: PolicyRef) => [header(p, { groupCount: 0 }), []] as const],
    ['groups out of order', (p: PolicyRef) => [header(p), [group(p, 1), group(p, 0)]] as const],
    [
      'a step that is not the version',
      (p: PolicyRef) => [header(p, { step: 3 }), [group(p, 0), group(p, 1)]] as const,
    ],
    [
      'ids without log-probabilities',
      (p: PolicyRef) =>
        [
          header(p, { groupCount: 1 }),
          [group(p, 0, { samples: [{ ids: [1], logprobs: [], advantage: 0 }] })],
        ] as const,
    ],
  ])('refuses a stream with %s', async (_what, parts) => {
    await using test = await harness();
    const [head, groups] = parts(await open(test));

    await expect(learn(test, head, groups)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(test.learned()).toBe(0);
  });

  it('leaves nothing behind when the engine fails, and can be taken again', async () => {
    let failures = 1;
    await using test = await harness({
      onLearn: () => {
        if (failures-- > 0) throw Object.assign(new Error('out of memory'), { code: 'ENGINE_CRASHED' });
      },
    });
    const policy = await open(test);

    await expect(step(test, policy)).rejects.toMatchObject({
      code: 'engine_failed',
      message: 'out of memory',
    });
    await expect(step(test, policy)).resolves.toMatchObject({ policy: { version: 1 } });
  });
});

describe('fetching a policy', () => {
  it('is answered for adapters alone, whatever else the store holds', async () => {
    await using test = await harness();
    const first = await open(test);
    const second = await step(test, first);
    await putBytes(test.store, Buffer.from('an uploaded file with patient text'));

    const fetched: string[] = [];
    const refused: unknown[] = [];
    for await (const { sha256 } of test.store.list()) {
      await policyFromProto(test.learner.getPolicy({ sha256 }, call), sha256).then(
        () => fetched.push(sha256),
        (error: unknown) => refused.push(error),
      );
    }

    expect(fetched.sort()).toEqual([first.sha256, second.policy.sha256].sort());
    // Two manifests, two optimizer states and the upload.
    expect(refused).toHaveLength(5);
    for (const error of refused) expect(error).toMatchObject({ code: 'policy_not_found' });
  });

  it.each(['0'.repeat(64), '../../etc/passwd', ''])(
    'refuses a name that no version has: %j',
    async (sha256) => {
      await using test = await harness();
      const read = policyFromProto(test.learner.getPolicy({ sha256 }, call), sha256);

      await expect(read).rejects.toMatchObject({ code: 'policy_not_found' });
    },
  );
});
