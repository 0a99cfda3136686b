// The part of the package that loads no native library.
import { CPU, DEVICE_WANTED, type DeviceRequest, readDevice } from '@residency/tensor/device';
import {
  addressField,
  type ConfigField,
  choiceField,
  folderField,
  integerField,
  optionalFolderField,
  portField,
  redisUrlField,
  textField,
} from './config.js';

/** Log levels, most talkative first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Default ports: the service's own HTTP port, and its gRPC port where it has one. */
export const defaultPorts = {
  gateway: { http: 8080 },
  orchestrator: { http: 8081 },
  rollout: { http: 8082 },
  'reward-rubric': { http: 8083 },
  'reward-environment': { http: 8084, grpc: 9084 },
  advantage: { http: 8085, grpc: 9085 },
  learner: { http: 8086, grpc: 9086 },
} as const;

/** What every service reads. */
export interface ProcessFields {
  readonly host: ConfigField<string>;
  readonly httpPort: ConfigField<number>;
  readonly logLevel: ConfigField<LogLevel>;
  /** Milliseconds from the stop signal to the end of the process. */
  readonly shutdownMs: ConfigField<number>;
}

export function processFields(httpPort: number): ProcessFields {
  return {
    host: textField('RESIDENCY_HOST', '127.0.0.1'),
    httpPort: portField('RESIDENCY_HTTP_PORT', httpPort),
    logLevel: choiceField('RESIDENCY_LOG_LEVEL', logLevels, 'info'),
    shutdownMs: integerField('RESIDENCY_SHUTDOWN_MS', 100, 600_000, 25_000),
  };
}

export function grpcPortField(fallback: number): ConfigField<number> {
  return portField('RESIDENCY_GRPC_PORT', fallback);
}

/** What services that speak to Redis read. */
export interface RedisFields {
  readonly redisUrl: ConfigField<string>;
  /** Prefix of every Redis key; deployments and tests that share a server differ in it. */
  readonly queuePrefix: ConfigField<string>;
}

export function redisFields(): RedisFields {
  return {
    redisUrl: redisUrlField('REDIS_URL', 'redis://127.0.0.1:6379'),
    queuePrefix: {
      ...textField('RESIDENCY_QUEUE_PREFIX', 'residency'),
      wanted: '1 to 64 letters, digits, dots, dashes and underscores',
      parse: (text) => (/^[A-Za-z0-9._-]{1,64}$/.test(text) ? text : undefined),
    },
  };
}

/** What queue workers read. */
export interface WorkerFields {
  /** Jobs at once in this process. */
  readonly concurrency: ConfigField<number>;
  /** A killed worker's job is taken over after at most 1.5 times this. */
  readonly lockMs: ConfigField<number>;
}

export function workerFields(concurrency: number): WorkerFields {
  return {
    concurrency: integerField('RESIDENCY_CONCURRENCY', 1, 256, concurrency),
    lockMs: integerField('RESIDENCY_LOCK_MS', 500, 600_000, 15_000),
  };
}

export function storeDirField(): ConfigField<string> {
  return folderField('RESIDENCY_STORE_DIR', '.residency/store');
}

export function modelsDirField(): ConfigField<string> {
  return folderField('RESIDENCY_MODELS_DIR', 'models');
}

export function threadsField(): ConfigField<number> {
  return integerField('RESIDENCY_THREADS', 1, 256, 1);
}

/** Where rollout and learner keep weights that they widened; null means the system's temporary folder. */
export function cacheDirField(): ConfigField<string | null> {
  return optionalFolderField('RESIDENCY_CACHE_DIR');
}

/** What rollout and learner compute on; the processor by default, since another device gives other last bits. */
export function deviceField(): ConfigField<DeviceRequest> {
  return { env: 'RESIDENCY_DEVICE', wanted: DEVICE_WANTED, fallback: CPU, parse: readDevice };
}

export function learnerAddressField(): ConfigField<string> {
  return addressField('RESIDENCY_LEARNER_ADDRESS', `127.0.0.1:${defaultPorts.learner.grpc}`);
}

export function advantageAddressField(): ConfigField<string> {
  return addressField('RESIDENCY_ADVANTAGE_ADDRESS', `127.0.0.1:${defaultPorts.advantage.grpc}`);
}

export function rewardEnvironmentAddressField(): ConfigField<string> {
  return addressField(
    'RESIDENCY_REWARD_ENVIRONMENT_ADDRESS',
    `127.0.0.1:${defaultPorts['reward-environment'].grpc}`,
  );
}

/** Milliseconds that one call to the compute engine may take. */
export function engineTimeoutField(): ConfigField<number> {
  return integerField('RESIDENCY_ENGINE_TIMEOUT_MS', 1_000, 86_400_000, 1_800_000);
}
