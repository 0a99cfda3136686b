import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  choosePorts,
  delay,
  findRedisProgram,
  lockFolder,
  ManagedProcess,
  openRedisServer,
  type ProcessSpec,
  pollUntil,
  type Reaper,
  startReaper,
} from '@residency/cli';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let dir: string;
let reaper: Reaper;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'residency-cli-'));
  reaper = await startReaper();
});
afterEach(async () => {
  await reaper.close();
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

/** A node program of one line; what it writes goes to the log. */
const program = (name: string, source: string): ProcessSpec => ({
  name,
  command: process.execPath,
  args: ['-e', source],
  cwd: dir,
  env: process.env,
  logFile: join(dir, 'logs', `${name}.log`),
});

/** Waits for a line of a log; the deadline makes a missing one a failure. */
const logged = async (spec: ProcessSpec, text: string): Promise<string> => {
  const found = await pollUntil(
    async () => {
      const log = await readFile(spec.logFile, 'utf8').catch(() => '');
      return log.includes(text) ? log : null;
    },
    { intervalMs: 20, deadlineMs: 10_000 },
  );
  if (found === null) throw new Error(`${text} is not in ${spec.logFile}`);
  return found;
};
const gone = async (pid: number): Promise<boolean> =>
  (await pollUntil(async () => (isAlive(pid) ? null : true), { intervalMs: 20, deadlineMs: 10_000 })) ===
  true;

const IDLE = 'setInterval(() => {}, 1000)';

describe('ManagedProcess', () => {
  test('keeps the output of a process and tells how it ended', async () => {
    const spec = program('ends', "console.log('out'); console.error('err'); process.exitCode = 3");
    const managed = await ManagedProcess.start(spec, reaper);

    expect(await managed.exited).toEqual({ code: 3, signal: null });
    expect(managed.hasExited).toBe(true);
    expect(await readFile(spec.logFile, 'utf8')).toBe('out\nerr\n');
    await managed.stop(1_000);
  });

  test('lets a process end in order when it is stopped', async () => {
    const source = `process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); console.log('up'); ${IDLE}`;
    const spec = program('orderly', source);
    const managed = await ManagedProcess.start(spec, reaper);
    await logged(spec, 'up');

    await managed.stop(10_000);

    expect(await managed.exited).toEqual({ code: 0, signal: null });
    expect(await readFile(spec.logFile, 'utf8')).toBe('up\nbye\n');
  });

  test('kills a process that does not stop, with its children', async () => {
    const child = `require('node:child_process').spawn(process.execPath, ['-e', '${IDLE}'], { stdio: 'inherit' })`;
    const source = `process.on('SIGTERM', () => {}); console.log('child ' + ${child}.pid + '.'); ${IDLE}`;
    const spec = program('stubborn', source);
    const managed = await ManagedProcess.start(spec, reaper);
    const pid = Number(/child (\d+)\./.exec(await logged(spec, '.\n'))?.[1]);
    expect(isAlive(pid)).toBe(true);

    await managed.stop(50);

    expect(await managed.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await gone(pid)).toBe(true);
  });

  test('kills at once when its owner is in a hurry', async () => {
    const spec = program(
      'slow',
      `process.on('SIGTERM', () => console.log('asked')); console.log('up'); ${IDLE}`,
    );
    const managed = await ManagedProcess.start(spec, reaper);
    await logged(spec, 'up');
    const hurry = new AbortController();

    const stopped = managed.stop(3_600_000, hurry.signal);
    await logged(spec, 'asked');
    hurry.abort();
    await stopped;

    expect(await managed.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('says which program cannot be started', async () => {
    const spec = { ...program('none', ''), command: join(dir, 'no-such-program') };

    await expect(ManagedProcess.start(spec, reaper)).rejects.toMatchObject({
      code: 'CLI_PROCESS_DIED',
      message: expect.stringContaining('none: spawn'),
    });
  });
});

describe('startReaper', () => {
  test('ends what a killed owner has left behind', async () => {
    const module = (name: string) => new URL(`../../../packages/cli/src/${name}.ts`, import.meta.url).href;
    const source = [
      `import { ManagedProcess } from ${JSON.stringify(module('managed-process'))};`,
      `import { startReaper } from ${JSON.stringify(module('reaper'))};`,
      `const spec = ${JSON.stringify(program('orphan', IDLE))};`,
      'const managed = await ManagedProcess.start(spec, await startReaper());',
      "process.send?.(managed.pid, () => process.kill(process.pid, 'SIGKILL'));",
    ].join('\n');
    await writeFile(join(dir, 'owner.mts'), source);
    const flags = ['--import', import.meta.resolve('tsx'), '--conditions=source'];
    const owner = spawn(process.execPath, [...flags, join(dir, 'owner.mts')], {
      cwd: new URL('../../..', import.meta.url),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ownerEnd = once(owner, 'exit');
    const pids: unknown[] = [];
    owner.on('message', (pid) => pids.push(pid));

    expect((await ownerEnd)[1]).toBe('SIGKILL');
    const [pid] = pids;
    expect(pid).toEqual(expect.any(Number));
    expect(await gone(Number(pid))).toBe(true);
  });
});

describe('choosePorts', () => {
  test('gives different ports that can be listened on', async () => {
    const ports = await choosePorts(Array.from({ length: 8 }, () => ({ preferred: 0, isFlexible: true })));

    expect(new Set(ports).size).toBe(8);
    for (const port of ports) {
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    }
  });

  test('moves a flexible wish away from a taken port, and refuses a fixed one', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;

    const [moved] = await choosePorts([{ preferred: taken, isFlexible: true }]);
    expect(moved).not.toBe(taken);
    await expect(choosePorts([{ preferred: taken, isFlexible: false }])).rejects.toMatchObject({
      code: 'CLI_PORT_TAKEN',
      message: expect.stringContaining(`port ${taken}`),
    });
    server.close();
    await once(server, 'close');
  });
});

describe('lockFolder', () => {
  test('refuses a folder that another live process holds', async () => {
    const owner = spawn(process.execPath, ['-e', IDLE], { stdio: 'ignore' });
    await once(owner, 'spawn');
    await writeFile(join(dir, 'platform.pid'), `${owner.pid}\n`);

    expect(() => lockFolder(dir)).toThrow(
      expect.objectContaining({
        code: 'CLI_ALREADY_RUNNING',
        message: expect.stringContaining(`${owner.pid}`),
      }),
    );

    const end = once(owner, 'exit');
    owner.kill('SIGKILL');
    await end;
    lockFolder(dir)();
  });

  test('gives the folder back', async () => {
    const unlock = lockFolder(dir);
    expect(await readFile(join(dir, 'platform.pid'), 'utf8')).toBe(`${process.pid}\n`);

    unlock();

    await expect(readFile(join(dir, 'platform.pid'), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('openRedisServer', () => {
  const open = (url?: string) => {
    const files = { dataDir: join(dir, 'redis'), logFile: join(dir, 'logs', 'redis.log') };
    return openRedisServer({ url, ...files, reaper, signal: AbortSignal.timeout(30_000) });
  };

  test('starts a server of its own that keeps what it is given over a restart', async () => {
    const first = await open();
    const writer = new Redis(first.url);
    await writer.set('kept', 'yes');
    writer.disconnect();
    await first.process?.stop(10_000);

    const second = await open();
    const reader = new Redis(second.url);
    expect(await reader.get('kept')).toBe('yes');
    expect(await reader.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await reader.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    reader.disconnect();

    const given = await open(second.url);
    expect(given).toEqual({ url: second.url, process: null });
    await second.process?.stop(10_000);
  });

  test('shows the end of the log of a server that does not start', async () => {
    await writeFile(join(dir, 'redis'), 'a file where the folder should be');

    await expect(open()).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  test('gives up on a given server that does not answer when its caller does', async () => {
    const [port = 0] = await choosePorts([{ preferred: 0, isFlexible: true }]);
    const stop = new AbortController();
    const options = { dataDir: dir, logFile: join(dir, 'redis.log'), reaper, signal: stop.signal };

    const opening = openRedisServer({ url: `redis://127.0.0.1:${port}`, ...options });
    stop.abort(new Error('enough'));

    await expect(opening).rejects.toThrow('enough');
  });
});

test('findRedisProgram takes the first program on the path', async () => {
  expect(findRedisProgram(dir)).toBeNull();
  await writeFile(join(dir, 'redis-server'), '', { mode: 0o644 });
  await writeFile(join(dir, 'valkey-server'), '', { mode: 0o755 });
  expect(findRedisProgram(`:${dir}`)).toBe(join(dir, 'valkey-server'));
});

describe('waits', () => {
  test('delay ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const waiting = delay(3_600_000, stop.signal);
    stop.abort(new Error('enough'));

    await expect(waiting).rejects.toThrow('enough');
    await expect(delay(0, stop.signal)).rejects.toThrow('enough');
  });

  test('pollUntil answers null at its deadline', async () => {
    let asked = 0;
    const ask = async () => {
      asked++;
      return null;
    };

    expect(await pollUntil(ask, { intervalMs: 5, deadlineMs: 20 })).toBeNull();
    expect(asked).toBeGreaterThanOrEqual(1);
  });
});
