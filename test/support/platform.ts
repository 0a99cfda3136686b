import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Engine, type EngineOptions, openEngine } from '@residency/model';
import { type RunningService, readConfig, stopService } from '@residency/service';
import { advantageFields, startAdvantage } from '@residency/service-advantage';
import { gatewayFields, startGateway } from '@residency/service-gateway';
import { learnerFields, startLearner } from '@residency/service-learner';
import { orchestratorFields, startOrchestrator } from '@residency/service-orchestrator';
import { rewardEnvironmentFields, startRewardEnvironment } from '@residency/service-reward-environment';
import { rewardRubricFields, startRewardRubric } from '@residency/service-reward-rubric';
import { type RolloutDependencies, rolloutFields, startRollout } from '@residency/service-rollout';
import { resolveDevice } from '@residency/tensor';
import { openTokenizer } from '@residency/text';
import { type HashEngineHooks, openHashEngine, openHashTokenizer } from './hash-engine.js';
import { temporaryFolder } from './temporary-folder.js';
import { writeTinyCheckpoint } from './tiny-checkpoint.js';

export interface PlatformOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly hooks?: HashEngineHooks;
  /** Hashes that look like samples, or a tiny model that samples and learns. @defaultValue `hashes` */
  readonly computesWith?: 'hashes' | 'model';
  /** Rollout and rubric workers. @defaultValue 1 each */
  readonly workers?: number;
}

/** All services in this process, on free ports. */
export interface TestPlatform extends AsyncDisposable {
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  readonly storeDir: string;
  readonly modelsDir: string;
  /** Stops one service by name, in order. */
  stop(name: string): Promise<void>;
  startOrchestrator(): Promise<void>;
  startLearner(port: number): Promise<void>;
  startEnvironments(port: number): Promise<void>;
  startWorkers(): Promise<void>;
  addresses(name: string): Readonly<Record<string, string>>;
}

export const MODEL = 'tiny';

/** What a platform of a test computes with. */
interface Computer {
  /** Makes the folder that stands for the model. */
  readonly write: (folder: string) => Promise<void>;
  readonly openEngine: (options: EngineOptions, hooks: HashEngineHooks) => Promise<Engine>;
  readonly openTokenizer: RolloutDependencies['openTokenizer'];
}

const computers: { readonly [C in NonNullable<PlatformOptions['computesWith']>]: Computer } = {
  hashes: {
    write: async (folder) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'config.json'), '{}');
    },
    openEngine: openHashEngine,
    openTokenizer: openHashTokenizer,
  },
  model: { write: writeTinyCheckpoint, openEngine: (options) => openEngine(options), openTokenizer },
};

export async function startPlatform(options: PlatformOptions): Promise<TestPlatform> {
  const folder = await temporaryFolder();
  const storeDir = join(folder.path, 'store');
  const modelsDir = join(folder.path, 'models');
  const { computesWith = 'hashes' } = options;
  const computer = computers[computesWith];
  await computer.write(join(modelsDir, MODEL));
  const env: NodeJS.ProcessEnv = {
    REDIS_URL: options.redisUrl,
    RESIDENCY_QUEUE_PREFIX: options.prefix,
    RESIDENCY_STORE_DIR: storeDir,
    RESIDENCY_MODELS_DIR: modelsDir,
    RESIDENCY_HTTP_PORT: '0',
    RESIDENCY_GRPC_PORT: '0',
    RESIDENCY_LOG_LEVEL: 'silent',
    RESIDENCY_LOCK_MS: '1000',
    RESIDENCY_SCAN_MS: '100',
    RESIDENCY_SHUTDOWN_MS: '8000',
    ...options.env,
  };
  const hooks = options.hooks ?? {};
  const running: RunningService[] = [];
  const start = async (service: Promise<RunningService>): Promise<RunningService> => {
    const started = await service;
    running.push(started);
    return started;
  };
  const open = (engine: EngineOptions) => computer.openEngine(engine, hooks);

  const learner = async (port: number): Promise<void> => {
    const config = readConfig(learnerFields, { ...env, RESIDENCY_GRPC_PORT: String(port) });
    const service = await start(startLearner(config, { openEngine: open, resolveDevice }));
    env['RESIDENCY_LEARNER_ADDRESS'] = service.addresses['grpc'];
  };
  const environments = async (port: number): Promise<void> => {
    const config = readConfig(rewardEnvironmentFields, { ...env, RESIDENCY_GRPC_PORT: String(port) });
    const service = await start(startRewardEnvironment(config));
    env['RESIDENCY_REWARD_ENVIRONMENT_ADDRESS'] = service.addresses['grpc'];
  };
  const orchestrator = async (): Promise<void> => {
    await start(startOrchestrator(readConfig(orchestratorFields, env)));
  };
  const workers = async (): Promise<void> => {
    await start(
      startRollout(readConfig(rolloutFields, env), {
        openEngine: open,
        openTokenizer: computer.openTokenizer,
        resolveDevice,
      }),
    );
    await start(startRewardRubric(readConfig(rewardRubricFields, { ...env, RESIDENCY_CONCURRENCY: '1' })));
  };
  const stop = async (name: string): Promise<void> => {
    const named = running.filter((service) => service.name === name);
    for (const service of named) running.splice(running.indexOf(service), 1);
    const clean = await Promise.all(named.map((service) => stopService(service)));
    if (named.length === 0 || clean.includes(false)) throw new Error(`${name} did not stop in order`);
  };

  await environments(0);
  const advantage = await start(startAdvantage(readConfig(advantageFields, env)));
  env['RESIDENCY_ADVANTAGE_ADDRESS'] = advantage.addresses['grpc'];
  await learner(0);
  await orchestrator();
  for (let at = 0; at < (options.workers ?? 1); at++) await workers();
  const gateway = await start(startGateway(readConfig(gatewayFields, env)));

  return {
    url: `http://${gateway.addresses['http']}`,
    env,
    storeDir,
    modelsDir,
    stop,
    startOrchestrator: orchestrator,
    startLearner: learner,
    startEnvironments: environments,
    startWorkers: workers,
    addresses: (name) => running.find((service) => service.name === name)?.addresses ?? {},
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((service) => stopService(service)));
      await folder[Symbol.asyncDispose]();
    },
  };
}
