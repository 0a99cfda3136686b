import {
  methodOf,
  ResidencyError,
  type RewardPayload,
  type RewardResult,
  type SampleGrade,
  takesRowsAsTheyStand,
  type UngradedReason,
  unitDataset,
} from '@residency/protocol';
import {
  type ConfigField,
  type ConfigOf,
  defaultPorts,
  integerField,
  openQueueWorker,
  openRedis,
  optionalSecretField,
  type ProcessFields,
  processFields,
  type RedisFields,
  type RunningService,
  redisFields,
  startService,
  storeDirField,
  type WorkContext,
  type WorkerFields,
  workerFields,
} from '@residency/service';
import { DatasetCache, FileStore, Jobs, Ledger } from '@residency/storage';
import { episodeGrades } from './episode-grades.js';
import { givenGrades } from './given-grades.js';
import { GraderPool } from './grader-pool.js';
import { JudgeClient } from './judge-client.js';
import { judgeModelsField, judgeUrlField } from './judge-fields.js';
import { PythonSandboxes } from './python/sandbox-pool.js';
import { SampleGrader } from './sample-grader.js';

export { AnswerCache } from './answer-cache.js';
export { GraderPool } from './grader-pool.js';
export { JudgeClient, type JudgeSettings, judgeRetryPolicy } from './judge-client.js';
export { PythonSandboxes, type SandboxOptions } from './python/sandbox-pool.js';
export { SampleGrader, toSampleGrade } from './sample-grader.js';

interface RewardRubricFields extends ProcessFields, RedisFields, WorkerFields {
  readonly storeDir: ConfigField<string>;
  readonly gradeTimeoutMs: ConfigField<number>;
  readonly judgeUrl: ConfigField<string | null>;
  readonly judgeApiKey: ConfigField<string | null>;
  readonly judgeModels: ConfigField<readonly string[]>;
  readonly judgeTimeoutMs: ConfigField<number>;
  readonly judgeConcurrency: ConfigField<number>;
  readonly pythonProcesses: ConfigField<number>;
  readonly pythonTimeoutMs: ConfigField<number>;
  readonly pythonMemoryMb: ConfigField<number>;
}

/** The settings of a rubric worker. */
export const rewardRubricFields: RewardRubricFields = {
  ...processFields(defaultPorts['reward-rubric'].http),
  ...redisFields(),
  ...workerFields(2),
  storeDir: storeDirField(),
  gradeTimeoutMs: integerField('RESIDENCY_GRADE_TIMEOUT_MS', 50, 600_000, 10_000),
  judgeUrl: judgeUrlField('RESIDENCY_JUDGE_URL'),
  judgeApiKey: optionalSecretField('RESIDENCY_JUDGE_API_KEY'),
  judgeModels: judgeModelsField('RESIDENCY_JUDGE_MODELS'),
  judgeTimeoutMs: integerField('RESIDENCY_JUDGE_TIMEOUT_MS', 100, 600_000, 60_000),
  judgeConcurrency: integerField('RESIDENCY_JUDGE_CONCURRENCY', 1, 256, 8),
  pythonProcesses: integerField('RESIDENCY_PYTHON_PROCESSES', 1, 64, 1),
  pythonTimeoutMs: integerField('RESIDENCY_PYTHON_TIMEOUT_MS', 50, 120_000, 10_000),
  pythonMemoryMb: integerField('RESIDENCY_PYTHON_MEMORY_MB', 64, 2_048, 256),
};

export type RewardRubricConfig = ConfigOf<RewardRubricFields>;

export interface RewardRubricDependencies {
  /** Script of the grading threads, for graders of one's own. */
  readonly gradeThread?: URL;
}

/**
 * What becomes of a group of which no sample could be graded: `end` where no other sample will fare better, which the
 * run would only learn after training on nothing; `wait` for an endpoint that is away; `leave` it out of its step.
 */
const ungradedGroups: { readonly [R in UngradedReason]: 'end' | 'leave' | 'wait' } = {
  episode_failed: 'leave',
  grader_deadline: 'leave',
  grader_failed: 'end',
  item_variable_missing: 'end',
  model_deadline: 'leave',
  model_not_allowed: 'end',
  model_rejected: 'leave',
  model_unavailable: 'wait',
  python_crashed: 'leave',
  python_deadline: 'leave',
  text_too_long: 'leave',
};

/** @throws ResidencyError `group_ungraded`, which ends the run; `service_unavailable`, which waits */
function checkGraded(grades: readonly SampleGrade[], index: number): void {
  const [first] = grades;
  if (first === undefined) throw new ResidencyError('group_ungraded', `group ${index}: no samples`);
  const ungraded = grades.flatMap((grade) => (grade.graded ? [] : [grade]));
  if (ungraded.length < grades.length) return;
  const all = (fate: 'end' | 'wait') => ungraded.every(({ reason }) => ungradedGroups[reason] === fate);
  const why = ungraded.slice(0, 1).map(({ reason, message }) => `${reason}: ${message}`);
  if (all('end')) {
    throw new ResidencyError('group_ungraded', `group ${index}: no sample could be graded (${why})`);
  }
  if (all('wait')) throw new ResidencyError('service_unavailable', `group ${index}: ${why}`);
}

/** Starts a rubric worker: it grades sampled groups and writes the grades to the ledger once. */
export function startRewardRubric(
  config: RewardRubricConfig,
  dependencies: RewardRubricDependencies = {},
): Promise<RunningService> {
  return startService('reward-rubric', config, async ({ log, metrics, shutdown }) => {
    const store = await FileStore.open(config.storeDir);
    const redis = openRedis(config.redisUrl, 'service', log);
    shutdown.on('clients', 'redis', async () => redis.disconnect());
    const jobs = new Jobs(redis, config.queuePrefix);
    const ledger = new Ledger(redis, config.queuePrefix);
    const datasets = new DatasetCache(store);
    const threads = new GraderPool({
      size: config.concurrency,
      timeoutMs: config.gradeTimeoutMs,
      ...(dependencies.gradeThread === undefined ? {} : { script: dependencies.gradeThread }),
    });
    shutdown.on('clients', 'graders', () => threads.close());
    const sandboxes = new PythonSandboxes({
      size: config.pythonProcesses,
      timeoutMs: config.pythonTimeoutMs,
      memoryMb: config.pythonMemoryMb,
    });
    shutdown.on('clients', 'sandboxes', () => sandboxes.close());
    const judgeTokens = metrics.counter('residency_judge_tokens_total');
    const judge = new JudgeClient(
      {
        url: config.judgeUrl,
        apiKey: config.judgeApiKey,
        models: config.judgeModels,
        timeoutMs: config.judgeTimeoutMs,
        concurrency: config.judgeConcurrency,
      },
      {
        onUsage: (model, usage) => {
          for (const [kind, count] of Object.entries(usage)) judgeTokens.inc({ model, kind }, count);
        },
      },
    );
    const grader = new SampleGrader({ threads, judge, sandboxes });
    const graded = metrics.counter('residency_grades_total');
    const seconds = metrics.histogram('residency_grade_seconds');

    const reward = async (payload: RewardPayload, context: WorkContext): Promise<RewardResult> => {
      const { jobId, phase, step, index } = payload;
      const unit = { phase, step };
      if ((await ledger.readGrades(jobId, unit, index)) !== null)
        return { graded: 0, ungraded: 0, reused: true };
      const [record, group] = await Promise.all([jobs.get(jobId), ledger.readGroup(jobId, unit, index)]);
      if (record === null) throw new ResidencyError('job_not_found', `job: found no ${jobId}`);
      if (group === null) {
        throw new ResidencyError('group_missing', `ledger of ${jobId} ${phase} ${step}: no group ${index}`);
      }
      const { spec } = record;
      const end = seconds.startTimer();
      const gradeAll = async (): Promise<SampleGrade[]> => {
        const { item } = await datasets.row(unitDataset(spec, unit).sha256, payload.item, methodOf(spec));
        // In sample order, whatever order they end in.
        return await Promise.all(
          group.samples.map(({ text }) =>
            grader.grade(spec.grader, { item, completion: text }, context.signal),
          ),
        );
      };
      const gradesOf = async (): Promise<SampleGrade[]> => {
        if (spec.agent !== undefined) return episodeGrades(group);
        return takesRowsAsTheyStand(spec, unit) ? givenGrades(spec, group) : await gradeAll();
      };
      const grades = await gradesOf();
      end();
      for (const grade of grades) graded.inc({ outcome: grade.graded ? 'graded' : grade.reason });
      checkGraded(grades, index);
      const outcome = await ledger.writeGrades(jobId, unit, { index, grades });
      if (outcome === 'closed')
        throw new ResidencyError('cancelled', `${jobId}: the unit takes no more grades`);
      const count = grades.filter((grade) => grade.graded).length;
      return { graded: count, ungraded: grades.length - count, reused: outcome === 'exists' };
    };

    const worker = openQueueWorker({
      queue: 'rewards',
      redisUrl: config.redisUrl,
      prefix: config.queuePrefix,
      concurrency: config.concurrency,
      lockMs: config.lockMs,
      log,
      metrics,
      isRunning: async (jobId) => (await jobs.status(jobId)) === 'running',
      process: reward,
    });
    shutdown.on('intake', 'worker', () => worker.stopIntake());
    shutdown.on('drain', 'worker', (outOfTime) => worker.stop(outOfTime));
    const checks = {
      redis: async () => {
        await redis.ping();
      },
    };
    return { checks };
  });
}
