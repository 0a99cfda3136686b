import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';
import { CliError, messageOf } from './errors.js';
import { describeExit, logTail, ManagedProcess } from './managed-process.js';
import { choosePorts } from './ports.js';
import type { Reaper } from './reaper.js';
import { pollUntil } from './wait.js';

/** Programs that speak the protocol, in order of preference. */
const PROGRAMS = ['redis-server', 'valkey-server'];
const START_DEADLINE_MS = 15_000;
const PING_DEADLINE_MS = 1_000;

/** A server that answers, with the process that this platform owns; null for one that was given by its URL. */
export interface RedisHandle {
  readonly url: string;
  readonly process: ManagedProcess | null;
}

export interface RedisOptions {
  /** REDIS_URL, where the user names a server; otherwise one is started. */
  readonly url: string | undefined;
  /** Holds the append-only file. */
  readonly dataDir: string;
  readonly logFile: string;
  readonly reaper: Reaper;
  readonly signal: AbortSignal;
}

/** The first program on PATH, or null. */
export function findRedisProgram(path: string = process.env['PATH'] ?? ''): string | null {
  for (const program of PROGRAMS) {
    for (const dir of path.split(delimiter).filter((part) => part !== '')) {
      try {
        accessSync(join(dir, program), constants.X_OK);
        return join(dir, program);
      } catch {
        // Not here: the next folder may have it.
      }
    }
  }
  return null;
}

/** The reason why a server does not answer PING, or null where it does. */
async function pingProblem(url: string): Promise<string | null> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PING_DEADLINE_MS,
    commandTimeout: PING_DEADLINE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let problem = 'no answer';
  redis.on('error', (error) => {
    problem = messageOf(error);
  });
  try {
    await redis.connect();
    const answer = await redis.ping();
    return answer === 'PONG' ? null : `PING was answered with ${answer}`;
  } catch (error) {
    return problem === 'no answer' ? messageOf(error) : problem;
  } finally {
    redis.disconnect();
  }
}

/** A URL without its password, for messages. */
function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'a text that is no URL';
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  return parsed.href;
}

async function useGiven(url: string, signal: AbortSignal): Promise<RedisHandle> {
  let problem: string | null = null;
  const ask = async (): Promise<true | null> => {
    problem = await pingProblem(url);
    return problem === null ? true : null;
  };
  const isUp = await pollUntil(ask, { intervalMs: 200, deadlineMs: START_DEADLINE_MS, signal });
  if (isUp === true) return { url, process: null };
  throw new CliError('CLI_REDIS_UNREACHABLE', `REDIS_URL: ${shownUrl(url)} does not answer: ${problem}`);
}

/** Starts a server of our own: on a free port, in its own folder, with an append-only file. */
async function startOwn(options: RedisOptions): Promise<RedisHandle> {
  const program = findRedisProgram();
  if (program === null) {
    throw new CliError(
      'CLI_REDIS_MISSING',
      `no Redis: install redis-server or valkey-server (Debian, Ubuntu: sudo apt-get install redis-server; ` +
        `macOS: brew install redis), or set REDIS_URL`,
    );
  }
  mkdirSync(options.dataDir, { recursive: true });
  const [port = 0] = await choosePorts([{ preferred: 0, isFlexible: true }]);
  const url = `redis://127.0.0.1:${port}`;
  const server = await ManagedProcess.start(
    {
      name: 'redis',
      command: program,
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', options.dataDir, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
      ],
      cwd: options.dataDir,
      env: process.env,
      logFile: options.logFile,
    },
    options.reaper,
  );
  // Ended by itself, or answering: either way there is no more to wait for.
  const ask = async (): Promise<true | null> =>
    server.hasExited || (await pingProblem(url)) === null ? true : null;
  try {
    const settled = await pollUntil(ask, {
      intervalMs: 50,
      deadlineMs: START_DEADLINE_MS,
      signal: options.signal,
    });
    if (settled === true && !server.hasExited) return { url, process: server };
  } catch (error) {
    await server.stop(1_000);
    throw error;
  }
  const how = server.hasExited ? `ended with ${describeExit(await server.exited)}` : 'does not answer';
  await server.stop(1_000);
  throw new CliError('CLI_REDIS_UNREACHABLE', `${program} ${how}${await logTail(options.logFile)}`);
}

/**
 * A Redis server for one platform: the given one, or a child of ours. Never one that happens to listen somewhere.
 * @throws CliError CLI_REDIS_MISSING, CLI_REDIS_UNREACHABLE
 */
export async function openRedisServer(options: RedisOptions): Promise<RedisHandle> {
  const { url } = options;
  return url === undefined || url === '' ? await startOwn(options) : await useGiven(url, options.signal);
}
