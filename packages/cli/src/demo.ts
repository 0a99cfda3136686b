import { readdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type EvaluationSummary, finalStatuses, type JobObject } from '@residency/protocol';
import { writeAdapterFolder } from './adapter-folder.js';
import { integerFlag, readFlags, textFlag } from './arguments.js';
import type { Command, CommandContext } from './command.js';
import { writeDemoData } from './demo-data.js';
import { DemoProgress, formatSeconds } from './demo-progress.js';
import { comparisonTable, type DemoReport, reportEvaluation } from './demo-report.js';
import { type DemoSettings, demoDefaults, demoJob, EVAL_SAMPLES } from './demo-settings.js';
import { CliError } from './errors.js';
import { createGatewayClient, type GatewayClient } from './gateway-client.js';
import { repositoryRoot, runsDir } from './paths.js';
import { type Platform, startPlatform } from './platform.js';
import { LOCK_FILE } from './platform-lock.js';
import { delay } from './wait.js';

const POLL_MS = 500;
const EVENTS_PER_POLL = 100;
/** Longer than any demonstration takes; a job that hangs must not hang its user. */
const JOB_DEADLINE_MS = 3_600_000;

/** All that a demonstration writes, and thus all that the next one may remove. */
const EARLIER_RESULTS = ['adapter', 'data', 'logs', 'redis', 'report.json', 'store'];

const flags = {
  seed: integerFlag(0, 2_147_483_647, demoDefaults.seed),
  steps: integerFlag(1, 10_000, demoDefaults.steps),
  'rollout-workers': integerFlag(1, 64, 2),
  'held-out': integerFlag(1, 1_000, demoDefaults.heldOutCases),
  training: integerFlag(1, 50_000, demoDefaults.trainingCases),
  model: textFlag('the name of a model folder', demoDefaults.model),
  out: textFlag('a folder', join(runsDir, 'demo')),
};

/** What a finished job must have for its results to be told. */
interface FinishedJob {
  readonly job: JobObject;
  readonly before: EvaluationSummary;
  readonly after: EvaluationSummary;
  readonly adapterSha256: string;
  readonly seconds: number;
}

/** Follows a job to its end. @throws CliError CLI_JOB_FAILED */
async function followJob(client: GatewayClient, id: string, context: CommandContext): Promise<JobObject> {
  const progress = new DemoProgress(context.terminal, () => performance.now() / 1_000);
  const end = performance.now() + JOB_DEADLINE_MS;
  for (;;) {
    // The job first: events that are listed afterwards hold everything that led to its state.
    const job = await client.job(id);
    progress.update(job, await client.events(id, EVENTS_PER_POLL));
    if (finalStatuses.includes(job.status)) return job;
    if (performance.now() > end) {
      throw new CliError(
        'CLI_JOB_FAILED',
        `job ${id} is still ${job.status} after ${JOB_DEADLINE_MS / 60_000} min`,
      );
    }
    await delay(POLL_MS, context.signal);
  }
}

function requireResults(job: JobObject, seconds: number): FinishedJob {
  const { before, after, adapter_sha256: adapterSha256 } = job.x_residency;
  if (job.status !== 'succeeded') {
    const reason = job.error === null ? 'no reason given' : `${job.error.code}: ${job.error.message}`;
    throw new CliError('CLI_JOB_FAILED', `job ${job.id} ${job.status}: ${reason}`);
  }
  if (before === null || after === null || adapterSha256 === null) {
    throw new CliError('CLI_JOB_FAILED', `job ${job.id} succeeded without evaluation or adapter`);
  }
  return { job, before, after, adapterSha256, seconds };
}

async function train(
  client: GatewayClient,
  dir: string,
  settings: DemoSettings,
  context: CommandContext,
): Promise<FinishedJob> {
  const { terminal } = context;
  const models = await client.models();
  if (!models.some(({ id }) => id === settings.model)) {
    const known =
      models
        .map(({ id }) => id)
        .sort()
        .join(', ') || 'none';
    throw new CliError(
      'CLI_GATEWAY',
      `model '${settings.model}' is not in the models folder, which holds: ${known}`,
    );
  }
  const data = await writeDemoData(join(dir, 'data'), settings);
  const training = await client.uploadDataset(data.trainingPath);
  const heldOut = await client.uploadDataset(data.heldOutPath);
  terminal.line(`uploaded ${settings.trainingCases} training and ${settings.heldOutCases} held-out cases`);
  const startedAt = performance.now();
  const { id } = await client.createJob(demoJob(settings, training.id, heldOut.id));
  terminal.line(`job ${id}`);
  return requireResults(await followJob(client, id, context), (performance.now() - startedAt) / 1_000);
}

/** A path as the user would type it. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

function showExample(title: string, summary: EvaluationSummary, context: CommandContext): void {
  const { example } = summary;
  const reward = example.reward === null ? 'ungraded' : `reward ${example.reward.toFixed(2)}`;
  context.terminal.line('');
  context.terminal.line(`${title}, held-out case ${example.item + 1}, greedy, ${reward}:`);
  for (const line of example.completion.split('\n')) context.terminal.line(`  ${line}`);
}

async function tell(
  client: GatewayClient,
  dir: string,
  settings: DemoSettings,
  finished: FinishedJob,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const { before, after, adapterSha256, seconds } = finished;
  const adapterDir = join(dir, 'adapter');
  await writeAdapterFolder(adapterDir, {
    bytes: await client.artifact(adapterSha256),
    sha256: adapterSha256,
    baseModel: settings.model,
  });
  const report: DemoReport = {
    seed: settings.seed,
    seconds: Math.round(10 * seconds) / 10,
    adapterSha256,
    before: reportEvaluation(before),
    after: reportEvaluation(after),
    heldOutCases: after.cases,
  };
  const reportPath = join(dir, 'report.json');
  await writeFile(reportPath, `${JSON.stringify(report, null, 2)}\n`);
  terminal.line('');
  for (const line of comparisonTable(before, after, EVAL_SAMPLES)) terminal.line(line);
  showExample('before', before, context);
  showExample('after', after, context);
  terminal.line('');
  terminal.line(`trained in ${formatSeconds(seconds)} with seed ${settings.seed}`);
  terminal.line(`adapter: ${shownPath(adapterDir)} (sha256 ${adapterSha256})`);
  terminal.line(`report:  ${shownPath(reportPath)}`);
}

/** A folder that holds anything else is not one whose contents may be removed. @throws CliError CLI_USAGE */
async function requireOwnFolder(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new CliError('CLI_USAGE', `--out: ${error.message}`, { cause: error });
  });
  const foreign = names.find((name) => name !== LOCK_FILE && !EARLIER_RESULTS.includes(name));
  if (foreign === undefined) return;
  throw new CliError(
    'CLI_USAGE',
    `--out is ${dir}, which holds ${foreign}; want an empty folder or a demo's own`,
  );
}

/** Runs a task beside a platform; a platform that fails ends the task. */
async function beside<T>(platform: Platform, task: Promise<T>): Promise<T> {
  const failed = platform.failure.then((error) => Promise.reject(error));
  return await Promise.race([task, failed]);
}

/** `residency demo`: starts a platform, trains the shipped model on generated cases, and shows what changed. */
export const demo: Command = {
  summary:
    'demo [--seed N] [--steps N] [--rollout-workers N] [--training N] [--held-out N] [--model NAME] [--out DIR]: ' +
    'train the shipped model on generated cases and compare before with after',
  async run(args, context) {
    const { terminal, env, signal, hurry } = context;
    const given = readFlags(flags, args);
    const settings: DemoSettings = {
      model: given.model,
      seed: given.seed,
      steps: given.steps,
      trainingCases: given.training,
      heldOutCases: given['held-out'],
    };
    const dir = resolve(given.out);
    await requireOwnFolder(dir);
    const platform = await startPlatform({
      dir,
      remove: EARLIER_RESULTS,
      modelsDir: resolve(env['RESIDENCY_MODELS_DIR'] ?? join(repositoryRoot, 'models')),
      redisUrl: env['REDIS_URL'],
      // A server that others use too must not mix this run's keys with theirs.
      queuePrefix: `demo-${process.pid}-${Date.now()}`,
      gatewayPort: { preferred: 0, isFlexible: true },
      prefersDefaultPorts: false,
      rolloutWorkers: given['rollout-workers'],
      signal,
      hurry,
      onEvent: (message) => terminal.line(message),
    });
    try {
      terminal.line(`gateway ${platform.gatewayUrl}, logs ${shownPath(platform.logsDir)}`);
      const client = createGatewayClient({
        url: platform.gatewayUrl,
        apiKey: env['RESIDENCY_API_KEY'],
        signal,
      });
      const finished = await beside(platform, train(client, dir, settings, context));
      await beside(platform, tell(client, dir, settings, finished, context));
      return 0;
    } finally {
      if (signal.aborted) terminal.line('stopping');
      await platform.stop();
    }
  },
};
