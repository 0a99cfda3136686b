import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestRedis } from './redis.js';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.js';
import { writeTinyCheckpoint } from './tiny-checkpoint.js';

const root = join(import.meta.dirname, '../..');
const START_MS = 90_000;

export type ServiceName =
  | 'advantage'
  | 'gateway'
  | 'learner'
  | 'orchestrator'
  | 'reward-environment'
  | 'reward-rubric'
  | 'rollout';

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly name: ServiceName;
  readonly addresses: Readonly<Record<string, string>>;
  /** Sends a signal without waiting. */
  signal(name: NodeJS.Signals): void;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; the answer is its exit code. */
  stop(): Promise<number | null>;
}

/** All services as processes, with the real engine on a tiny random model. */
export interface ProcessPlatform extends AsyncDisposable {
  readonly url: string;
  readonly prefix: string;
  /** The learner and the orchestrator that it was started with. */
  readonly learner: ServiceProcess;
  readonly orchestrator: ServiceProcess;
  readonly environments: ServiceProcess;
  start(name: ServiceName, env?: NodeJS.ProcessEnv): Promise<ServiceProcess>;
}

function listening(name: ServiceName, child: ChildProcess): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${name}: ${why}\n${lines.join('\n')}`));
    };
    const timer = setTimeout(() => fail(`not listening in ${START_MS} ms`), START_MS);
    child.once('exit', (code) => fail(`ended with ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (lines.length < 200) lines.push(line);
        if (!line.includes('"msg":"listening"')) return;
        clearTimeout(timer);
        const { addresses } = JSON.parse(line) as { addresses: Record<string, string> };
        resolve(addresses);
      });
    }
  });
}

async function startProcess(name: ServiceName, env: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  const main = join(root, 'services', name, 'src/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', main], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const addresses = await listening(name, child);
  return {
    name,
    addresses,
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return await ended;
    },
  };
}

/** Starts every service, `workers` rollout and rubric processes each; only addresses and folders are configured. */
export async function startProcesses(
  redis: TestRedis,
  options: { readonly workers: number },
): Promise<ProcessPlatform> {
  const folder: TemporaryFolder = await temporaryFolder();
  await writeTinyCheckpoint(join(folder.path, 'models', 'tiny'));
  const prefix = redis.prefix();
  const env: NodeJS.ProcessEnv = {
    REDIS_URL: redis.url,
    RESIDENCY_QUEUE_PREFIX: prefix,
    RESIDENCY_STORE_DIR: join(folder.path, 'store'),
    RESIDENCY_MODELS_DIR: join(folder.path, 'models'),
    RESIDENCY_HTTP_PORT: '0',
    RESIDENCY_GRPC_PORT: '0',
    RESIDENCY_LOCK_MS: '1500',
    RESIDENCY_SHUTDOWN_MS: '8000',
  };
  const running: ServiceProcess[] = [];
  const start = async (name: ServiceName, more: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> => {
    const service = await startProcess(name, { ...env, ...more });
    running.push(service);
    return service;
  };
  const dispose = async (): Promise<void> => {
    await Promise.all(running.map((service) => service.kill()));
    await folder[Symbol.asyncDispose]();
  };
  try {
    const [learner, advantage, gateway, environments] = await Promise.all([
      start('learner'),
      start('advantage'),
      start('gateway'),
      start('reward-environment'),
    ]);
    env['RESIDENCY_LEARNER_ADDRESS'] = learner.addresses['grpc'];
    env['RESIDENCY_ADVANTAGE_ADDRESS'] = advantage.addresses['grpc'];
    env['RESIDENCY_REWARD_ENVIRONMENT_ADDRESS'] = environments.addresses['grpc'];
    const workers = Array.from({ length: options.workers }, () => [start('rollout'), start('reward-rubric')]);
    const [orchestrator] = await Promise.all([start('orchestrator'), ...workers.flat()]);
    const url = `http://${gateway.addresses['http']}`;
    return { url, prefix, learner, orchestrator, environments, start, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
