import { Redis } from 'ioredis';
import type { Logger } from './logger.js';

/**
 * `request`: fails at once while Redis is away; `service`: waits for it, up to the command timeout; `queue`: waits for
 * it without end, as BullMQ wants, so that whoever uses the queues sets the deadline.
 */
export type RedisRole = 'request' | 'service' | 'queue';

interface RoleOptions {
  readonly maxRetriesPerRequest: number | null;
  readonly enableOfflineQueue: boolean;
  /** Milliseconds. */
  readonly commandTimeout?: number;
}

const roles: { readonly [R in RedisRole]: RoleOptions } = {
  request: { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 2_000 },
  service: { maxRetriesPerRequest: 20, enableOfflineQueue: true, commandTimeout: 10_000 },
  queue: { maxRetriesPerRequest: null, enableOfflineQueue: true },
};

/** Opens a command connection. It reconnects by itself; its owner calls `disconnect()`. */
export function openRedis(url: string, role: RedisRole, log: Logger): Redis {
  const redis = new Redis(url, {
    ...roles[role],
    connectTimeout: 2_000,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 1_000),
  });
  let isDown = false;
  redis.on('error', (error: Error) => {
    // One line per outage: the client emits an error for every attempt.
    if (!isDown) log.warn({ err: error }, 'Redis is away');
    isDown = true;
  });
  redis.on('ready', () => {
    if (isDown) log.info('Redis is back');
    isDown = false;
  });
  return redis;
}

/** Waits until the connection is usable, at most `timeoutMs`; gives up with `false`. */
export async function redisReady(redis: Redis, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true;
  return await new Promise((resolve) => {
    const finish = (isReady: boolean) => (): void => {
      clearTimeout(timer);
      redis.off('ready', ready);
      resolve(isReady);
    };
    const ready = finish(true);
    const timer = setTimeout(finish(false), timeoutMs);
    redis.on('ready', ready);
  });
}

/** Connection settings for BullMQ: workers block on Redis, so requests are retried without end. */
export function queueConnection(url: string): { url: string; maxRetriesPerRequest: null } {
  return { url, maxRetriesPerRequest: null };
}
