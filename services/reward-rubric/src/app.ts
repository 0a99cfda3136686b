import {
  learnsFromData,
  methodOf,
  ResidencyError,
  type RewardPayload,
  type RewardResult,
  type SampleGrade,
  unitDataset,
} from '@residency/protocol';
import {
  type ConfigField,
  type ConfigOf,
  defaultPorts,
  integerField,
  openQueueWorker,
  openRedis,
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
import { givenGrades } from './given-grades.js';
import { GraderPool } from './grader-pool.js';

export { GraderPool } from './grader-pool.js';

interface RewardRubricFields extends ProcessFields, RedisFields, WorkerFields {
  readonly storeDir: ConfigField<string>;
  readonly gradeTimeoutMs: ConfigField<number>;
}

/** The settings of a rubric worker. */
export const rewardRubricFields: RewardRubricFields = {
  ...processFields(defaultPorts['reward-rubric'].http),
  ...redisFields(),
  ...workerFields(2),
  storeDir: storeDirField(),
  gradeTimeoutMs: integerField('RESIDENCY_GRADE_TIMEOUT_MS', 50, 600_000, 10_000),
};

export type RewardRubricConfig = ConfigOf<RewardRubricFields>;

export interface RewardRubricDependencies {
  /** Script of the grading threads, for graders of one's own. */
  readonly gradeThread?: URL;
}

/** A group without one grade would train on nothing, silently: it ends the run with the grader's own words. */
function checkGraded(grades: readonly SampleGrade[], index: number): void {
  if (grades.some((grade) => grade.graded)) return;
  const [first] = grades;
  const why = first !== undefined && !first.graded ? `${first.reason}: ${first.message}` : 'no samples';
  throw new ResidencyError('group_ungraded', `group ${index}: no sample could be graded (${why})`);
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
    const graders = new GraderPool({
      size: config.concurrency,
      timeoutMs: config.gradeTimeoutMs,
      ...(dependencies.gradeThread === undefined ? {} : { script: dependencies.gradeThread }),
    });
    shutdown.on('clients', 'graders', () => graders.close());
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
      const grades: SampleGrade[] = [];
      if (learnsFromData(spec, unit)) grades.push(...givenGrades(spec, group));
      else {
        const { item } = await datasets.row(unitDataset(spec, unit).sha256, payload.item, methodOf(spec));
        for (const { text } of group.samples)
          grades.push(await graders.grade({ grader: spec.grader, item, completion: text }, context.signal));
      }
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
