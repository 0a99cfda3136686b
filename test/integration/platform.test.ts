import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Platform, pollUntil, serviceNames, startPlatform } from '@residency/cli';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'residency-platform-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const isReady = async (url: string) => (await fetch(`${url}/readyz`).catch(() => null))?.ok === true;
const eventually = async (holds: () => Promise<boolean>) =>
  (await pollUntil(async () => ((await holds()) ? true : null), { intervalMs: 50, deadlineMs: 30_000 })) ===
  true;

test('the services are built, as `npm test` does first', () => {
  for (const name of serviceNames)
    expect(existsSync(join(root, 'services', name, 'dist', 'main.js'))).toBe(true);
});

describe('startPlatform', () => {
  const events: string[] = [];
  let platform: Platform;

  beforeEach(async () => {
    events.length = 0;
    platform = await startPlatform({
      dir,
      remove: [],
      modelsDir: join(dir, 'models'),
      redisUrl: undefined,
      queuePrefix: 'platform-test',
      gatewayPort: { preferred: 0, isFlexible: true },
      prefersDefaultPorts: false,
      rolloutWorkers: 2,
      signal: new AbortController().signal,
      hurry: new AbortController().signal,
      onEvent: (message) => events.push(message),
    });
  });
  afterEach(async () => {
    await platform.stop();
  });

  test('has every service ready, starts a killed one again, and leaves nothing behind', async () => {
    const started = platform.processes();
    expect(started.map(({ name }) => name)).toEqual([
      'gateway',
      'orchestrator',
      'rollout-1',
      'rollout-2',
      'reward-rubric',
      'reward-environment',
      'advantage',
      'learner',
    ]);
    for (const { url } of started) expect(await isReady(url)).toBe(true);

    const victim = started.find(({ name }) => name === 'rollout-2');
    expect(victim).toBeDefined();
    if (victim === undefined) return;
    process.kill(victim.pid, 'SIGKILL');
    const now = () => platform.processes().find(({ name }) => name === 'rollout-2');
    expect(await eventually(async () => now()?.pid !== victim.pid && (await isReady(victim.url)))).toBe(true);
    expect(events).toContain('rollout-2 ended with signal SIGKILL; starting it again');

    const running = platform.processes();
    await platform.stop();
    expect(running.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(existsSync(join(dir, 'platform.pid'))).toBe(false);
  });
});

/** Runs the built command line to its end. */
const residency = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [join(root, 'packages', 'cli', 'dist', 'main.js'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
};

describe('residency', () => {
  test('lists its commands', async () => {
    expect(await residency([], {})).toMatchObject({
      code: 0,
      output: expect.stringContaining('residency demo'),
    });
    expect(await residency(['train'], {})).toMatchObject({
      code: 2,
      output: expect.stringContaining('usage:'),
    });
  });

  test('names a wrong argument', async () => {
    expect(await residency(['demo', '--seed', 'x'], {})).toEqual({
      code: 2,
      output: '--seed is "x", want an integer from 0 to 2147483647\n',
    });
  });

  test('does not touch a folder that holds anything else', async () => {
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'thesis.txt'), '');

    const { code, output } = await residency(['demo', '--out', dir], {});

    expect({ code, output }).toEqual({
      code: 2,
      output: `--out is ${dir}, which holds thesis.txt; want an empty folder or a demo's own\n`,
    });
    expect(existsSync(join(dir, 'data'))).toBe(true);
  });

  test('shows why a service did not start, and stops the others', async () => {
    const { code, output } = await residency(['demo', '--out', dir], { RESIDENCY_LOCK_MS: 'long' });

    expect(code).toBe(1);
    expect(output).toContain('ended with exit code 2');
    expect(output).toContain('RESIDENCY_LOCK_MS: found \\"long\\"');
    expect(existsSync(join(dir, 'platform.pid'))).toBe(false);
  });

  test('says which model is missing', async () => {
    const { code, output } = await residency(['demo', '--out', dir, '--model', 'absent'], {
      RESIDENCY_MODELS_DIR: join(dir, 'models'),
    });

    expect(code).toBe(1);
    expect(output).toContain("model 'absent' is not in the models folder, which holds: none");
  });
});
