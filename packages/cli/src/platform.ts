import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CliError, messageOf } from './errors.js';
import { lockFolder } from './platform-lock.js';
import type { PortWish } from './ports.js';
import { type Reaper, startReaper } from './reaper.js';
import { openRedisServer, type RedisHandle } from './redis-server.js';
import { planServices, stopStages } from './service-table.js';
import { SupervisedService, type SupervisionOptions } from './supervised-service.js';

/** Time for all services to become ready: a cold disk may have to give up a model first. */
const READY_MS = 90_000;
/** What a service is told, and a little more that it gets before it is killed. */
const SHUTDOWN_MS = 8_000;
const SHUTDOWN_GRACE_MS = 9_500;
const REDIS_GRACE_MS = 10_000;

export interface PlatformOptions {
  /** Gets the folders redis, store and logs. */
  readonly dir: string;
  /** Entries of that folder which are removed first, once it is sure that no other platform uses them. */
  readonly remove: readonly string[];
  readonly modelsDir: string;
  /** REDIS_URL, where the user names a server. */
  readonly redisUrl: string | undefined;
  readonly queuePrefix: string;
  readonly gatewayPort: PortWish;
  readonly prefersDefaultPorts: boolean;
  readonly rolloutWorkers: number;
  /** Aborts the start; a running platform is stopped with `stop`. */
  readonly signal: AbortSignal;
  /** Ends the patience of a stop: whatever still runs is killed. */
  readonly hurry: AbortSignal;
  /** Told what happens, one line each. */
  readonly onEvent: (message: string) => void;
}

export interface PlatformProcess {
  readonly name: string;
  /** Base URL of its HTTP port. */
  readonly url: string;
  readonly pid: number;
}

/** A platform that runs: every service has said that it is ready. */
export interface Platform {
  readonly gatewayUrl: string;
  readonly redisUrl: string;
  readonly logsDir: string;
  processes(): PlatformProcess[];
  /** Settles with the reason when a process keeps dying and the platform is of no more use. */
  readonly failure: Promise<CliError>;
  /** Stops every process in order; safe to call more than once. */
  stop(): Promise<void>;
}

/** Everything that was opened, so that it can be closed whatever has happened in between. */
interface Opened {
  readonly unlock: () => void;
  readonly reaper: Reaper;
  redis: RedisHandle | null;
  readonly services: SupervisedService[];
}

async function closeAll(opened: Opened, hurry: AbortSignal): Promise<void> {
  for (const stage of stopStages) {
    const members = opened.services.filter(({ plan }) => plan.stage === stage);
    await Promise.all(members.map((service) => service.stop(SHUTDOWN_GRACE_MS, hurry)));
  }
  await opened.redis?.process?.stop(REDIS_GRACE_MS, hurry);
  await opened.reaper.close();
  opened.unlock();
}

async function openAll(
  opened: Opened,
  options: PlatformOptions,
  supervision: SupervisionOptions,
): Promise<void> {
  const logsDir = join(options.dir, 'logs');
  for (const name of options.remove) await rm(join(options.dir, name), { recursive: true, force: true });
  options.onEvent('starting Redis');
  opened.redis = await openRedisServer({
    url: options.redisUrl,
    dataDir: join(options.dir, 'redis'),
    logFile: join(logsDir, 'redis.log'),
    reaper: opened.reaper,
    signal: options.signal,
  });
  const plans = await planServices({
    redisUrl: opened.redis.url,
    queuePrefix: options.queuePrefix,
    storeDir: join(options.dir, 'store'),
    modelsDir: options.modelsDir,
    logsDir,
    gatewayPort: options.gatewayPort,
    prefersDefaultPorts: options.prefersDefaultPorts,
    rolloutWorkers: options.rolloutWorkers,
    shutdownMs: SHUTDOWN_MS,
  });
  options.onEvent(`starting ${plans.length} services`);
  for (const plan of plans) {
    options.signal.throwIfAborted();
    opened.services.push(await SupervisedService.start(plan, supervision));
  }
  await Promise.all(opened.services.map((service) => service.ready()));
}

/**
 * Starts Redis and all services as processes of their own and waits until each is ready. Where anything fails,
 * everything that was started is stopped again before the error is thrown.
 * @throws CliError
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const unlock = lockFolder(options.dir);
  const opened: Opened = { unlock, reaper: await startReaper(), redis: null, services: [] };
  let onFailure: (error: CliError) => void = () => undefined;
  const failure = new Promise<CliError>((resolve) => {
    onFailure = resolve;
  });
  // Ends the waits of services that are still starting when one has failed.
  const abandon = new AbortController();
  const supervision: SupervisionOptions = {
    reaper: opened.reaper,
    readyMs: READY_MS,
    signal: AbortSignal.any([options.signal, abandon.signal]),
    onRestart: options.onEvent,
    onFailure,
  };
  try {
    await openAll(opened, options, supervision);
  } catch (error) {
    abandon.abort(error);
    options.onEvent(`stopping: ${messageOf(error).split('\n', 1)[0] ?? ''}`);
    await closeAll(opened, options.hurry);
    throw error;
  }
  for (const service of opened.services) service.supervise();
  let stopping: Promise<void> | null = null;
  return {
    gatewayUrl: opened.services.find(({ plan }) => plan.service === 'gateway')?.plan.url ?? '',
    redisUrl: opened.redis?.url ?? '',
    logsDir: join(options.dir, 'logs'),
    processes: () =>
      opened.services.map(({ plan, pid }) => ({ name: plan.process.name, url: plan.url, pid })),
    failure,
    stop: () => {
      abandon.abort(new Error('the platform is being stopped'));
      stopping ??= closeAll(opened, options.hurry);
      return stopping;
    },
  };
}
