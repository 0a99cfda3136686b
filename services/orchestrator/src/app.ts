import { AdvantageService, LearnerService, openClient } from '@residency/protocol';
import {
  advantageAddressField,
  type ConfigField,
  type ConfigOf,
  defaultPorts,
  engineTimeoutField,
  integerField,
  learnerAddressField,
  openQueueWorker,
  openRedis,
  type ProcessFields,
  processFields,
  type RedisFields,
  type RunningService,
  redisFields,
  startService,
  storeDirField,
  type WorkerFields,
  workerFields,
} from '@residency/service';
import { FileStore, Files, Jobs, Ledger } from '@residency/storage';
import { type AdvanceContext, advance } from './advance.js';
import { JobScanner } from './job-scanner.js';
import { UnitFlows } from './unit-flow.js';
import { runUnit, type StepContext } from './unit-step.js';

export { unitItems } from './prompt-order.js';
export { UnitFlows } from './unit-flow.js';

interface OrchestratorFields extends ProcessFields, RedisFields, WorkerFields {
  readonly storeDir: ConfigField<string>;
  readonly learnerAddress: ConfigField<string>;
  readonly advantageAddress: ConfigField<string>;
  readonly engineTimeoutMs: ConfigField<number>;
  readonly scanMs: ConfigField<number>;
}

/** The settings of the orchestrator. */
export const orchestratorFields: OrchestratorFields = {
  ...processFields(defaultPorts.orchestrator.http),
  ...redisFields(),
  ...workerFields(8),
  storeDir: storeDirField(),
  learnerAddress: learnerAddressField(),
  advantageAddress: advantageAddressField(),
  engineTimeoutMs: engineTimeoutField(),
  scanMs: integerField('RESIDENCY_SCAN_MS', 50, 60_000, 500),
};

export type OrchestratorConfig = ConfigOf<OrchestratorFields>;

/** Starts the orchestrator: it takes jobs from creation to their end, unit by unit. */
export function startOrchestrator(config: OrchestratorConfig): Promise<RunningService> {
  return startService('orchestrator', config, async ({ log, metrics, shutdown }) => {
    const { redisUrl, queuePrefix: prefix } = config;
    const store = await FileStore.open(config.storeDir);
    const redis = openRedis(redisUrl, 'service', log);
    shutdown.on('clients', 'redis', async () => redis.disconnect());
    const jobs = new Jobs(redis, prefix);
    const ledger = new Ledger(redis, prefix);
    const files = new Files(redis, prefix);
    const learner = openClient(LearnerService, { address: config.learnerAddress });
    const advantage = openClient(AdvantageService, { address: config.advantageAddress });
    const flows = new UnitFlows(redisUrl, prefix, (error) => log.debug({ err: error }, 'queue connection'));
    shutdown.on('clients', 'learner', async () => learner.close());
    shutdown.on('clients', 'advantage', async () => advantage.close());
    shutdown.on('clients', 'queues', () => flows.close());

    const stopping = new AbortController();
    const openTimeoutMs = config.engineTimeoutMs;
    const signal = stopping.signal;
    const moves: AdvanceContext = {
      jobs,
      files,
      ledger,
      store,
      flows,
      learner,
      metrics,
      log,
      openTimeoutMs,
      signal,
    };
    const scanner = new JobScanner({
      jobs,
      intervalMs: config.scanMs,
      log,
      advance: (jobId) => advance(jobId, moves),
    });
    const steps: StepContext = {
      jobs,
      ledger,
      store,
      advantage,
      learner,
      learnTimeoutMs: config.engineTimeoutMs,
    };
    const committed = metrics.counter('residency_units_total');
    const worker = openQueueWorker({
      queue: 'steps',
      redisUrl,
      prefix,
      concurrency: config.concurrency,
      lockMs: config.lockMs,
      log,
      metrics,
      isRunning: async (jobId) => (await jobs.status(jobId)) === 'running',
      process: async (payload, context) => {
        const result = await runUnit(payload, context, steps);
        if (result.outcome === 'committed') committed.inc({ phase: payload.phase });
        await scanner.nudge(payload.jobId);
        return result;
      },
    });
    metrics.gauge('residency_queue_jobs', async (gauge) => {
      for (const { queue, state, count } of await flows.counts()) gauge.set({ queue, state }, count);
    });
    shutdown.on('intake', 'worker', () => worker.stopIntake());
    shutdown.on('drain', 'worker', (outOfTime) => worker.stop(outOfTime));
    shutdown.on('drain', 'scanner', async () => {
      stopping.abort();
      await scanner.close();
    });
    const checks = {
      redis: async () => {
        await redis.ping();
      },
    };
    return { checks };
  });
}
