import { join } from 'node:path';
import { defaultPorts } from '@residency/service';
import type { ProcessSpec } from './managed-process.js';
import { repositoryRoot } from './paths.js';
import { choosePorts, type PortWish } from './ports.js';

export type ServiceName = keyof typeof defaultPorts;

/** When a service is stopped: first those that take work, then those that do it, last those that others call. */
export type StopStage = 'intake' | 'workers' | 'servers';

export const stopStages: readonly StopStage[] = ['intake', 'workers', 'servers'];

/** What a supervisor has to know of each service. */
export const serviceTable: {
  readonly [S in ServiceName]: { readonly hasGrpc: boolean; readonly stage: StopStage };
} = {
  gateway: { hasGrpc: false, stage: 'intake' },
  orchestrator: { hasGrpc: false, stage: 'workers' },
  rollout: { hasGrpc: false, stage: 'workers' },
  'reward-rubric': { hasGrpc: false, stage: 'workers' },
  'reward-environment': { hasGrpc: true, stage: 'servers' },
  advantage: { hasGrpc: true, stage: 'servers' },
  learner: { hasGrpc: true, stage: 'servers' },
};

/** All services, in the order in which they are started and listed. */
// The table is total, so that its keys are exactly the names.
export const serviceNames: readonly ServiceName[] = Object.keys(serviceTable) as ServiceName[];

/** One process that a platform consists of. */
export interface PlannedService {
  readonly service: ServiceName;
  readonly stage: StopStage;
  /** Base URL of its HTTP port. */
  readonly url: string;
  readonly process: ProcessSpec;
}

export interface ServicePlanOptions {
  readonly redisUrl: string;
  readonly queuePrefix: string;
  readonly storeDir: string;
  readonly modelsDir: string;
  readonly logsDir: string;
  readonly gatewayPort: PortWish;
  /** Whether the other services ask for their default ports first; otherwise all get free ones. */
  readonly prefersDefaultPorts: boolean;
  /** Processes of the service `rollout`, at least 1. */
  readonly rolloutWorkers: number;
  /** Milliseconds that a service may take to stop. */
  readonly shutdownMs: number;
}

interface Instance {
  readonly service: ServiceName;
  readonly name: string;
}

function instancesOf(rolloutWorkers: number): Instance[] {
  return serviceNames.flatMap((service): Instance[] => {
    if (service !== 'rollout' || rolloutWorkers === 1) return [{ service, name: service }];
    return Array.from({ length: rolloutWorkers }, (_, index) => ({
      service,
      name: `${service}-${index + 1}`,
    }));
  });
}

function httpWish(instance: Instance, isFirst: boolean, options: ServicePlanOptions): PortWish {
  if (instance.service === 'gateway') return options.gatewayPort;
  const isPreferred = options.prefersDefaultPorts && isFirst;
  return { preferred: isPreferred ? defaultPorts[instance.service].http : 0, isFlexible: true };
}

function grpcWish(service: ServiceName, options: ServicePlanOptions): PortWish {
  const ports: { readonly http: number; readonly grpc?: number } = defaultPorts[service];
  return { preferred: options.prefersDefaultPorts ? (ports.grpc ?? 0) : 0, isFlexible: true };
}

/**
 * Chooses ports and settles the environment of every process.
 * @throws CliError CLI_PORT_TAKEN
 */
export async function planServices(options: ServicePlanOptions): Promise<PlannedService[]> {
  const instances = instancesOf(options.rolloutWorkers);
  const isFirst = (instance: Instance, index: number): boolean =>
    instances.findIndex(({ service }) => service === instance.service) === index;
  const servers = instances.filter(({ service }) => serviceTable[service].hasGrpc);
  const ports = await choosePorts([
    ...instances.map((instance, index) => httpWish(instance, isFirst(instance, index), options)),
    ...servers.map(({ service }) => grpcWish(service, options)),
  ]);
  const grpcPorts = new Map(
    servers.map(({ service }, index) => [service, ports[instances.length + index] ?? 0]),
  );
  const address = (service: ServiceName): string => `127.0.0.1:${grpcPorts.get(service) ?? 0}`;
  const shared: NodeJS.ProcessEnv = {
    ...process.env,
    REDIS_URL: options.redisUrl,
    RESIDENCY_HOST: '127.0.0.1',
    RESIDENCY_QUEUE_PREFIX: options.queuePrefix,
    RESIDENCY_STORE_DIR: options.storeDir,
    RESIDENCY_MODELS_DIR: options.modelsDir,
    RESIDENCY_SHUTDOWN_MS: String(options.shutdownMs),
    RESIDENCY_LEARNER_ADDRESS: address('learner'),
    RESIDENCY_ADVANTAGE_ADDRESS: address('advantage'),
    RESIDENCY_REWARD_ENVIRONMENT_ADDRESS: address('reward-environment'),
  };
  return instances.map(({ service, name }, index) => ({
    service,
    stage: serviceTable[service].stage,
    url: `http://127.0.0.1:${ports[index] ?? 0}`,
    process: {
      name,
      command: process.execPath,
      args: [join('services', service)],
      cwd: repositoryRoot,
      env: {
        ...shared,
        RESIDENCY_HTTP_PORT: String(ports[index] ?? 0),
        RESIDENCY_GRPC_PORT: String(grpcPorts.get(service) ?? 0),
      },
      logFile: join(options.logsDir, `${name}.log`),
    },
  }));
}
