// Entry of `npm run ...` and `npx residency ...`: sets up what a fresh clone lacks, then runs
// the command.
// Plain JavaScript without dependencies, because it runs before any are installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants as osConstants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const stateDir = join(root, '.residency');
const cli = join(root, 'packages', 'cli', 'dist', 'main.js');
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** A condition that the user has to change; its message is all that is printed. */
class SetupError extends Error {}

/** The oldest Node.js that runs every dependency. */
const MIN_NODE = [20, 19];

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  throw new SetupError(
    `Node.js ${process.versions.node} is too old: Residency needs ${MIN_NODE.join('.')} or newer (nodejs.org).`,
  );
}

/** Runs a step to its end, its output among the messages: what a command itself prints may be read by another one. */
function step(title, command, args) {
  process.stderr.write(`> ${title}\n`);
  const { status, error, signal } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error !== undefined) throw new SetupError(`${title}: ${error.message}`);
  if (signal !== null) throw new SetupError(`${title}: stopped by ${signal}`);
  if (status !== 0) throw new SetupError(`${title}: failed with exit code ${status}, see above`);
}

/** npm as it was started, so that it is the same version; else the one on PATH. */
function npm(title, args) {
  const entry = process.env.npm_execpath;
  if (entry?.endsWith('.js')) step(title, process.execPath, [entry, ...args]);
  else step(title, 'npm', args);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Whether node_modules holds what package-lock.json asks for; platform packages of other machines may be absent. */
function areDependenciesInstalled() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const installed = readJson(installedPath).packages;
  const wanted = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  return wanted
    .filter(([path, entry]) => path.includes('node_modules/') && entry.optional !== true)
    .every(([path, entry]) => {
      const found = installed[path];
      return found !== undefined && found.version === entry.version && found.resolved === entry.resolved;
    });
}

function ensureDependencies() {
  if (!areDependenciesInstalled()) npm('installing dependencies', ['ci', '--no-audit', '--no-fund']);
}

/** Paths of all files under a folder, sorted. */
function filesUnder(dir) {
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function ensureGenerated() {
  const tensorProto = join(root, 'packages', 'tensor', 'proto');
  const templates = ['buf.yaml', 'buf.gen.yaml', 'packages/tensor/buf.gen.yaml'].map((name) =>
    join(root, name),
  );
  const inputs = [...filesUnder(join(root, 'proto')), ...filesUnder(tensorProto), ...templates];
  const hash = createHash('sha256');
  for (const path of inputs) hash.update(`${path}\n`).update(readFileSync(path));
  const digest = hash.digest('hex');
  const stamp = join(stateDir, 'generated.sha256');
  const outputs = ['packages/protocol/src/gen', 'packages/tensor/src/gen'].map((name) => join(root, name));
  const isFresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest && outputs.every(existsSync);
  if (isFresh) return;
  npm('generating code from proto files', ['run', '--silent', 'generate']);
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(stamp, digest);
}

function build() {
  step('building', bin('tsc'), ['-b']);
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return dir !== '';
    } catch {
      return false;
    }
  });
}

const hasRedisServer = () => onPath('redis-server') || onPath('valkey-server');

/** Makes sure that a Redis server can be started; it is never one that happens to run already. */
function ensureRedisServer() {
  if (hasRedisServer()) return;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && onPath('apt-get')) {
    step('updating package lists', 'apt-get', ['update', '-qq']);
    step('installing redis-server', 'apt-get', [
      ...['install', '-y', '-qq', '--no-install-recommends'],
      'redis-server',
    ]);
    if (hasRedisServer()) return;
  }
  throw new SetupError(
    'Residency needs a redis-server or valkey-server (version 7 or newer) on PATH, and there is none.\n' +
      'Install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis),\n' +
      'or set REDIS_URL to a server that demo and start may use.',
  );
}

/** How long a command that was told to stop may take before it is killed. */
const STOP_DEADLINE_MS = 60_000;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The process id of the npm that started this script, which may have put a shell in between; null without one. */
function npmProcess() {
  if (process.env.npm_lifecycle_event === undefined) return null;
  const { status, stdout } = spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(process.ppid)], {
    encoding: 'utf8',
  });
  if (status !== 0) return null;
  const [, grandparent, name] = /^\s*(\d+)\s+(\S+)/.exec(stdout) ?? [];
  const isShell = ['sh', 'dash', 'bash', 'ash', 'zsh'].includes(name?.split('/').pop() ?? '');
  return isShell ? Number(grandparent) : process.ppid;
}

/** Runs the command itself: signals reach it, and its exit code becomes ours. */
function runToEnd(command, args, cwd = root) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    let killer;
    const stop = (signal) => {
      child.kill(signal);
      killer ??= setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
    // A killed npm cannot pass its signal on: the command must not outlive it.
    const starter = npmProcess();
    const watch = setInterval(() => {
      if (starter !== null && !isAlive(starter)) stop('SIGTERM');
    }, 1_000);
    const end = () => {
      clearInterval(watch);
      clearTimeout(killer);
    };
    child.on('error', (error) => {
      end();
      fail(new SetupError(`${command}: ${error.message}`));
    });
    child.on('exit', (code, signal) => {
      end();
      done(code ?? 128 + (osConstants.signals[signal] ?? 0));
    });
  });
}

/** Where the user is: npm runs scripts in the package's folder and says where it was called. */
const here = process.env.INIT_CWD ?? process.cwd();

const runCli = (name, args) => runToEnd(process.execPath, [cli, name, ...args], here);

/** Counts of a vitest report; a file that fails before its first test counts as one failure. */
function countTests(report) {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

/** Runs vitest and ends with the line `N passed, N failed`. */
async function runTests(args) {
  const reportPath = join(stateDir, `test-report-${process.pid}.json`);
  mkdirSync(stateDir, { recursive: true });
  rmSync(reportPath, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const code = await runToEnd(process.execPath, [bin('vitest'), 'run', ...reporters, ...args]);
  const counts = existsSync(reportPath) ? countTests(readJson(reportPath)) : { passed: 0, failed: 1 };
  rmSync(reportPath, { force: true });
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  return code === 0 && counts.failed > 0 ? 1 : code;
}

async function runBench([name, ...args]) {
  const dir = join(root, 'test', 'bench');
  const names = existsSync(dir)
    ? readdirSync(dir)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => file.slice(0, -3))
        .sort()
    : [];
  if (name === undefined || !names.includes(name)) {
    const list = names.length === 0 ? 'there are none' : `there are: ${names.join(', ')}`;
    throw new SetupError(`npm run bench -- <name>: ${name ?? 'no name'} is not a benchmark; ${list}`);
  }
  const flags = ['--import', 'tsx', '--conditions=source'];
  return await runToEnd(process.execPath, [...flags, join(dir, `${name}.ts`), ...args]);
}

function prepare({ redis }) {
  ensureDependencies();
  ensureGenerated();
  build();
  if (redis) ensureRedisServer();
}

/** Commands of the command line that need nothing but a build, and those that start the platform. */
const OFFLINE = ['import', 'pretrain', 'export', 'data', 'grade', 'advantages', 'eval', 'play', 'doctor'];
const PLATFORM = ['demo', 'start'];

const cliCommand = (name, needs) => [
  name,
  (args) => {
    prepare({ redis: needs.redis && (process.env.REDIS_URL ?? '') === '' });
    return runCli(name, args);
  },
];

/** What a command needs beforehand and how it runs; each run resolves to an exit code. */
const commands = {
  ...Object.fromEntries(PLATFORM.map((name) => cliCommand(name, { redis: true }))),
  ...Object.fromEntries(OFFLINE.map((name) => cliCommand(name, { redis: false }))),
  bench: (args) => {
    prepare({ redis: false });
    return runBench(args);
  },
  test: (args) => {
    // Tests start servers of their own.
    prepare({ redis: true });
    return runTests(args);
  },
  check: (args) => {
    prepare({ redis: true });
    npm('checking types', ['run', '--silent', 'typecheck']);
    npm('checking style', ['run', '--silent', 'lint']);
    return runTests(args);
  },
};

const [name, ...args] = process.argv.slice(2);
try {
  requireNode();
  const run = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (run === undefined) {
    throw new SetupError(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
  }
  process.exitCode = await run(args);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  // Whoever reads the last line of a test run learns that nothing passed.
  if (name === 'test' || name === 'check') process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}
