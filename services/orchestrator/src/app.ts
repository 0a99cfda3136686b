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
  withDeadline,
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

/** Scrapers give up after ten seconds; the metrics besides must reach them in an outage too. */
const COUNT_DEADLINE_MS = 1_000;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

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
    const flows = new UnitFlows(redisUrl, prefix, log);
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
      // Old counts would pass for new ones: without Redis there are none.
      gauge.reset();
      const counts = await withDeadline(flows.counts(), COUNT_DEADLINE_MS, 'queue counts').catch(
        (error: unknown) => {
          log.debug({ err: error }, 'the queues could not be counted');
          return [];
        },
      );
      for (const { queue, state, count } of counts) gauge.set({ queue, state }, count);
    });
    shutdown.on('intake', 'worker', () => worker.stopIntake());
    shutdown.on('drain', 'worker', (outOfTime) => worker.stop(outOfTime));
    shutdown.on('drain', 'scanner', async (outOfTime) => {
      stopping.abort();
      // A move that waits for Redis is left: whatever it did not do, the next scan of any orchestrator does.
      await Promise.race([scanner.close(), aborted(outOfTime)]);
    });
    const checks = {
      redis: async () => {
        await redis.ping();
      },
    };
    return { checks };
  });
}
