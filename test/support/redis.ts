import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis server of one test file: own port, own folder, append-only file. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** A key prefix that no other test has. */
  prefix(): string;
  /** Opens a client that is closed with the server. */
  client(): Redis;
  /** Ends the server by SIGKILL; `start` brings it back with its data. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

const START_MS = 10_000;

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

async function spawnRedis(port: number, dir: string): Promise<() => Promise<void>> {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'yes',
  ];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`redis-server: not ready in ${START_MS} ms`)), START_MS);
    let output = '';
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      action();
    };
    child.once('error', (cause) =>
      settle(() => reject(new Error('these tests need redis-server on the PATH', { cause }))),
    );
    child.once('exit', (code) =>
      settle(() => reject(new Error(`redis-server ended with ${code}: ${output}`))),
    );
    child.stderr.resume();
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ready to accept connections')) settle(resolve);
    });
  });
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

/** Starts a throwaway Redis server; fails where there is no redis-server. */
export async function startRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'residency-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let end = await spawnRedis(port, dir);
  const clients: Redis[] = [];
  return {
    url,
    port,
    prefix: () => `test-${randomUUID()}`,
    client() {
      const client = new Redis(url, { maxRetriesPerRequest: 5 });
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    kill: () => end(),
    async start() {
      end = await spawnRedis(port, dir);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect();
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
