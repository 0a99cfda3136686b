import type { Engine, EngineOptions } from '@residency/model';
import {
  EnvironmentService,
  LearnerService,
  methodOf,
  openClient,
  ResidencyError,
  type RolloutPayload,
  type RolloutResult,
  type SampledGroup,
  takesRowsAsTheyStand,
  unitDataset,
} from '@residency/protocol';
import {
  type ConfigField,
  type ConfigOf,
  cacheDirField,
  defaultPorts,
  deviceField,
  engineTimeoutField,
  integerField,
  learnerAddressField,
  modelsDirField,
  openQueueWorker,
  openRedis,
  type ProcessFields,
  precisionField,
  precisionOption,
  processFields,
  type RedisFields,
  ResourceTable,
  type RunningService,
  redisFields,
  rewardEnvironmentAddressField,
  startService,
  storeDirField,
  threadsField,
  type WorkContext,
  type WorkerFields,
  workerFields,
} from '@residency/service';
import { DatasetCache, FileStore, Jobs, Ledger, ModelsFolder } from '@residency/storage';
import type { Precision, ResolvedDevice } from '@residency/tensor';
import { type DeviceRequest, showDevice } from '@residency/tensor/device';
import type { PromptTokenizer } from './encode-prompt.js';
import { openEpisodeStream } from './episode-stream.js';
import { givenGroup } from './given-group.js';
import { PolicyCache } from './policy-cache.js';
import { sampleEpisodes } from './sample-episodes.js';
import { type SampleGroupRequest, sampleGroup } from './sample-group.js';

interface RolloutFields extends ProcessFields, RedisFields, WorkerFields {
  readonly storeDir: ConfigField<string>;
  readonly modelsDir: ConfigField<string>;
  readonly learnerAddress: ConfigField<string>;
  readonly rewardEnvironmentAddress: ConfigField<string>;
  /** Milliseconds that an environment may take for one action. */
  readonly actionTimeoutMs: ConfigField<number>;
  readonly cacheDir: ConfigField<string | null>;
  readonly threads: ConfigField<number>;
  readonly device: ConfigField<DeviceRequest>;
  readonly precision: ConfigField<Precision | null>;
  readonly engineTimeoutMs: ConfigField<number>;
}

/** The settings of a rollout worker. */
export const rolloutFields: RolloutFields = {
  ...processFields(defaultPorts.rollout.http),
  ...redisFields(),
  ...workerFields(1),
  storeDir: storeDirField(),
  modelsDir: modelsDirField(),
  learnerAddress: learnerAddressField(),
  rewardEnvironmentAddress: rewardEnvironmentAddressField(),
  actionTimeoutMs: integerField('RESIDENCY_ACTION_TIMEOUT_MS', 100, 3_600_000, 60_000),
  cacheDir: cacheDirField(),
  threads: threadsField(),
  device: deviceField(),
  precision: precisionField(),
  engineTimeoutMs: engineTimeoutField(),
};

export type RolloutConfig = ConfigOf<RolloutFields>;

/** What a rollout worker computes with. */
export interface RolloutDependencies {
  readonly openEngine: (options: EngineOptions) => Promise<Engine>;
  /** What a request stands for on this machine. Rejects where it cannot be used. */
  readonly resolveDevice: (request: DeviceRequest) => Promise<ResolvedDevice>;
  readonly openTokenizer: (modelDir: string) => Promise<PromptTokenizer>;
}

interface LoadedModel {
  readonly engine: Engine;
  readonly tokenizer: PromptTokenizer;
}

const POLICY_DEADLINE_MS = 120_000;
/** Longest that the episodes of a group may take together. */
const EPISODES_DEADLINE_MS = 24 * 3_600_000;

/** Starts a rollout worker: it takes groups from the queue, samples them and writes them to the ledger once. */
export function startRollout(
  config: RolloutConfig,
  dependencies: RolloutDependencies,
): Promise<RunningService> {
  return startService('rollout', config, async ({ log, metrics, shutdown }) => {
    const store = await FileStore.open(config.storeDir);
    const { device, reason } = await dependencies.resolveDevice(config.device);
    const precision = precisionOption(device, config.precision);
    log.info({ device: showDevice(device), ...precision, reason }, 'computing device');
    const redis = openRedis(config.redisUrl, 'service', log);
    shutdown.on('clients', 'redis', async () => redis.disconnect());
    const jobs = new Jobs(redis, config.queuePrefix);
    const ledger = new Ledger(redis, config.queuePrefix);
    const datasets = new DatasetCache(store);
    const models = new ModelsFolder(config.modelsDir);
    const learner = openClient(LearnerService, { address: config.learnerAddress });
    shutdown.on('clients', 'learner', async () => learner.close());
    const environment = openClient(EnvironmentService, { address: config.rewardEnvironmentAddress });
    shutdown.on('clients', 'environment', async () => environment.close());
    const fetched = metrics.counter('residency_policy_bytes_total');
    const policies = new PolicyCache({ learner, onFetch: (bytes) => fetched.inc(bytes) });
    const loaded = new ResourceTable<LoadedModel>(
      async (name) => {
        const { folder } = await models.find(name);
        const tokenizer = await dependencies.openTokenizer(folder);
        const engine = await dependencies.openEngine({
          modelDir: folder,
          threads: config.threads,
          device,
          ...(config.cacheDir === null ? {} : { cacheDir: config.cacheDir }),
          ...precision,
        });
        return { engine, tokenizer };
      },
      ({ engine }) => engine.close(),
    );
    shutdown.on('clients', 'engines', () => loaded.close());
    const tokens = metrics.counter('residency_sampled_tokens_total');
    const seconds = metrics.histogram('residency_sample_seconds');

    const groupOf = async (request: SampleGroupRequest, traceparent?: string): Promise<SampledGroup> => {
      const { spec, payload, signal } = request;
      if (takesRowsAsTheyStand(spec, payload)) return givenGroup(request);
      const { agent } = spec;
      if (agent === undefined) return await sampleGroup(request);
      const host = openEpisodeStream({
        client: environment,
        streamMs: EPISODES_DEADLINE_MS,
        commandMs: config.actionTimeoutMs,
        signal,
        ...(traceparent !== undefined && { traceparent }),
      });
      try {
        return await sampleEpisodes({ ...request, agent, host });
      } finally {
        await host.end();
      }
    };

    const roll = async (payload: RolloutPayload, context: WorkContext): Promise<RolloutResult> => {
      const { jobId, phase, step, index } = payload;
      const unit = { phase, step };
      if ((await ledger.readGroup(jobId, unit, index)) !== null) return { tokens: 0, reused: true };
      const record = await jobs.get(jobId);
      if (record === null) throw new ResidencyError('job_not_found', `job: found no ${jobId}`);
      const { spec } = record;
      const { signal } = context;
      const call = {
        deadlineMs: POLICY_DEADLINE_MS,
        signal,
        ...(payload.traceparent === undefined ? {} : { traceparent: payload.traceparent }),
      };
      const [row, model, adapter] = await Promise.all([
        datasets.row(unitDataset(spec, unit).sha256, payload.item, methodOf(spec)),
        loaded.get(spec.model),
        policies.get(payload.policy, call),
      ]);
      const end = seconds.startTimer();
      const deadlineMs = config.engineTimeoutMs;
      const request = { payload, spec, row, adapter, ...model, deadlineMs, signal };
      const group = await groupOf(request, payload.traceparent);
      end();
      // What was cut short by the end of this worker is not a result.
      signal.throwIfAborted();
      const outcome = await ledger.writeGroup(jobId, unit, group);
      if (outcome === 'closed')
        throw new ResidencyError('cancelled', `${jobId}: the unit takes no more groups`);
      const sampled = group.samples.reduce((sum, sample) => sum + sample.ids.length, 0);
      tokens.inc(sampled);
      return { tokens: sampled, reused: outcome === 'exists' };
    };

    const worker = openQueueWorker({
      queue: 'rollouts',
      redisUrl: config.redisUrl,
      prefix: config.queuePrefix,
      concurrency: config.concurrency,
      lockMs: config.lockMs,
      log,
      metrics,
      isRunning: async (jobId) => (await jobs.status(jobId)) === 'running',
      process: roll,
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
