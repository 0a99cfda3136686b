import type { CallOptions, Engine, EngineOptions } from '@residency/model';
import {
  addService,
  type CallContext,
  type Handlers,
  LearnerService,
  type LearnPart,
  learnAnswerToProto,
  learnPartFromProto,
  policyToProto,
  ResidencyError,
  runFromProto,
  scoreAnswerToProto,
  scorePartFromProto,
} from '@residency/protocol';
import {
  type ConfigField,
  type ConfigOf,
  cacheDirField,
  defaultPorts,
  deviceField,
  engineTimeoutField,
  flagField,
  grpcPortField,
  integerField,
  type Metrics,
  Mutex,
  modelsDirField,
  type ProcessFields,
  precisionField,
  precisionOption,
  processFields,
  ResourceTable,
  type RunningService,
  startGrpcServer,
  startService,
  storeDirField,
  threadsField,
} from '@residency/service';
import { type ArtifactStore, FileStore, ModelsFolder, readBytes } from '@residency/storage';
import type { Precision, ResolvedDevice } from '@residency/tensor';
import { type DeviceRequest, showDevice } from '@residency/tensor/device';
import { learnStep, readStep } from './learn-step.js';
import { openRun } from './open-run.js';
import { PolicyManifests } from './policy-manifest.js';
import { scorePolicy } from './score-policy.js';
import { showStep } from './step-gauges.js';

interface LearnerFields extends ProcessFields {
  readonly grpcPort: ConfigField<number>;
  readonly storeDir: ConfigField<string>;
  readonly modelsDir: ConfigField<string>;
  readonly cacheDir: ConfigField<string | null>;
  readonly threads: ConfigField<number>;
  /** Rows of tokens that one learning run may have: more is faster and takes more memory. */
  readonly maxRows: ConfigField<number>;
  /** Whether layers are computed again in the backward pass, which takes less memory and more time. */
  readonly recompute: ConfigField<boolean>;
  readonly device: ConfigField<DeviceRequest>;
  readonly precision: ConfigField<Precision | null>;
  readonly engineTimeoutMs: ConfigField<number>;
}

/** The settings of the learner. */
export const learnerFields: LearnerFields = {
  ...processFields(defaultPorts.learner.http),
  grpcPort: grpcPortField(defaultPorts.learner.grpc),
  storeDir: storeDirField(),
  modelsDir: modelsDirField(),
  cacheDir: cacheDirField(),
  threads: threadsField(),
  maxRows: integerField('RESIDENCY_MAX_ROWS', 1, 1_048_576, 2_048),
  recompute: flagField('RESIDENCY_RECOMPUTE', false),
  device: deviceField(),
  precision: precisionField(),
  engineTimeoutMs: engineTimeoutField(),
};

export type LearnerConfig = ConfigOf<LearnerFields>;

/** What the learner computes with. */
export interface LearnerDependencies {
  readonly openEngine: (options: EngineOptions) => Promise<Engine>;
  /** What a request stands for on this machine. Rejects where it cannot be used. */
  readonly resolveDevice: (request: DeviceRequest) => Promise<ResolvedDevice>;
}

interface Parts {
  readonly store: ArtifactStore;
  readonly engine: (model: string) => Promise<Engine>;
  readonly engineTimeoutMs: number;
  readonly metrics: Metrics;
}

async function* decoded<M>(
  requests: AsyncIterable<M>,
  partOf: (message: M) => LearnPart,
): AsyncGenerator<LearnPart, void, undefined> {
  for await (const request of requests) yield partOf(request);
}

function handlers(parts: Parts): Handlers<typeof LearnerService> {
  const { store, metrics } = parts;
  const manifests = new PolicyManifests(store);
  // Steps and openings take turns: one step at a time is what the machine is sized for.
  const turns = new Mutex();
  const learned = metrics.counter('residency_learn_tokens_total');
  const seconds = metrics.histogram('residency_learn_seconds');
  const limits = (call: CallContext): CallOptions => ({
    deadlineMs: Math.max(1, Math.min(parts.engineTimeoutMs, call.remainingMs())),
    signal: call.signal,
  });
  return {
    openRun: (request, call) =>
      turns.run(
        () => openRun(runFromProto(request), { store, manifests, engine: parts.engine, call: limits(call) }),
        call.signal,
      ),
    async *getPolicy(request) {
      if (!(await manifests.hasAdapter(request.sha256)) || (await store.head(request.sha256)) === null) {
        throw new ResidencyError(
          'policy_not_found',
          `policy: found none of ${JSON.stringify(request.sha256)}`,
          {
            param: 'sha256',
          },
        );
      }
      yield* policyToProto(await readBytes(store, request.sha256));
    },
    async learn(requests, call) {
      const step = await readStep(decoded(requests, learnPartFromProto));
      const end = seconds.startTimer();
      const answer = await turns.run(
        () => learnStep(step, { store, manifests, engine: parts.engine, call: limits(call) }),
        call.signal,
      );
      end();
      learned.inc(answer.metrics.tokens);
      showStep(metrics, answer.metrics);
      return learnAnswerToProto(answer);
    },
    async score(requests, call) {
      const step = await readStep(decoded(requests, scorePartFromProto));
      const answer = await turns.run(
        () => scorePolicy(step, { store, manifests, engine: parts.engine, call: limits(call) }),
        call.signal,
      );
      return scoreAnswerToProto(answer);
    },
  };
}

/** Starts the learner: owner of an engine per base model and of every run's policy versions. */
export function startLearner(
  config: LearnerConfig,
  dependencies: LearnerDependencies,
): Promise<RunningService> {
  return startService('learner', config, async ({ log, metrics, shutdown }) => {
    const store = await FileStore.open(config.storeDir);
    const { device, reason } = await dependencies.resolveDevice(config.device);
    const precision = precisionOption(device, config.precision);
    log.info({ device: showDevice(device), ...precision, reason }, 'computing device');
    const models = new ModelsFolder(config.modelsDir);
    const engines = new ResourceTable(
      async (name) => {
        const { folder } = await models.find(name);
        return await dependencies.openEngine({
          modelDir: folder,
          threads: config.threads,
          device,
          maxRows: config.maxRows,
          recomputes: config.recompute,
          ...(config.cacheDir === null ? {} : { cacheDir: config.cacheDir }),
          ...precision,
        });
      },
      (engine) => engine.close(),
    );
    shutdown.on('clients', 'engines', () => engines.close());
    const grpc = await startGrpcServer({
      host: config.host,
      port: config.grpcPort,
      log,
      metrics,
      add: (server, onError) =>
        addService(
          server,
          LearnerService,
          handlers({
            store,
            engine: (model) => engines.get(model),
            engineTimeoutMs: config.engineTimeoutMs,
            metrics,
          }),
          onError,
        ),
    });
    shutdown.on('intake', 'grpc', async () => grpc.stopIntake());
    shutdown.on('drain', 'grpc', (outOfTime) => grpc.stop(outOfTime));
    const checks = {
      store: async () => {
        await store.readReference('ready');
      },
    };
    return { checks, addresses: { grpc: `${config.host}:${grpc.port}` } };
  });
}
