import { readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import {
  buildReport,
  type EvaluatedRun,
  type EvaluationReport,
  type EvaluationSettings,
  type Judge,
  judgeOutcomes,
} from '@residency/evaluation';
import { type Engine, ModelError, openEngine } from '@residency/model';
import { createGrader, type Grader } from '@residency/rubric';
import {
  ConfigError,
  type ConfigOf,
  cacheDirField,
  deviceField,
  precisionField,
  precisionOption,
  readConfig,
  threadsField,
} from '@residency/service';
import { resolveDevice } from '@residency/tensor';
import { openTokenizer, TextError, type Tokenizer } from '@residency/text';
import type { Command, CommandContext } from '../command.js';
import { CliError } from '../errors.js';
import { type LoadedAdapter, loadAdapter } from './adapter.js';
import { readBaseline } from './baseline.js';
import { readEvalData } from './data.js';
import { checkJudges, openJudges } from './judges.js';
import { type EvalOptions, readEvalOptions } from './options.js';
import { reportLines } from './report-lines.js';
import { chooseMaxTokens, type PromptedRow, promptRows, sampleOutcomes } from './sample.js';
import { writeReport } from './write-report.js';

/** Read as rollout workers read them. */
const computeFields = {
  threads: threadsField(),
  cacheDir: cacheDirField(),
  device: deviceField(),
  precision: precisionField(),
};

/** What stays the same for every model that is asked. */
interface Evaluation {
  readonly rows: readonly PromptedRow[];
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly grader: Grader | null;
  readonly settings: EvaluationSettings;
  readonly judges: readonly Judge[];
  readonly context: CommandContext;
}

/** Errors of a user's files and settings, as one line each. */
function asCliError(error: unknown): unknown {
  if (error instanceof ModelError || error instanceof TextError)
    return new CliError('CLI_MODEL', error.message, { cause: error });
  if (error instanceof ConfigError) return new CliError('CLI_USAGE', error.message, { cause: error });
  return error;
}

function graderOf({ profile, verifier }: EvalOptions): Grader | null {
  if (profile === 'none') return null;
  return createGrader({
    type: 'crpo',
    name: 'evaluation',
    profile,
    ...(verifier === null ? {} : { verifier }),
  });
}

/** @throws CliError CLI_USAGE, before any work is done for a folder that could not be written */
async function checkNewFolder(dir: string): Promise<void> {
  const present = await readdir(dir).catch((error: unknown) => {
    if (Object(error).code === 'ENOENT') return [];
    throw new CliError('CLI_USAGE', `--out ${dir}: is no folder, want a new or empty one`, { cause: error });
  });
  if (present.length > 0)
    throw new CliError(
      'CLI_USAGE',
      `--out ${dir}: holds ${present.length} files, want a new or empty folder`,
    );
}

async function openComputing(modelDir: string, env: NodeJS.ProcessEnv): Promise<Engine> {
  const { threads, cacheDir, ...config }: ConfigOf<typeof computeFields> = readConfig(computeFields, env);
  const { device } = await resolveDevice(config.device);
  return await openEngine({
    modelDir,
    threads,
    device,
    ...(cacheDir === null ? {} : { cacheDir }),
    ...precisionOption(device, config.precision),
  });
}

/** Samples, grades and judges one model's answers. */
async function evaluateModel(
  evaluation: Evaluation,
  adapter: LoadedAdapter | null,
  what: string,
): Promise<EvaluatedRun> {
  const { rows, engine, tokenizer, grader, settings, judges, context } = evaluation;
  const { terminal, signal } = context;
  const sampled = await sampleOutcomes(rows, {
    ...settings,
    engine,
    tokenizer,
    grader,
    adapter: adapter?.ref ?? null,
    signal,
    onProgress: (done, total) => terminal.status(`${what}: answered ${done} of ${total} questions`),
  });
  const outcomes =
    judges.length === 0
      ? sampled
      : await judgeOutcomes(sampled, {
          judges,
          signal,
          onProgress: (done, total) => terminal.status(`${what}: judged ${done} of ${total} completions`),
        });
  const { dir, sha256 } = engine.model;
  const named = adapter === null ? null : { name: adapter.name, sha256: adapter.ref.sha256 };
  return { model: { name: basename(dir), sha256, adapter: named }, settings, outcomes };
}

async function evaluateAll(
  options: EvalOptions,
  context: CommandContext,
  place: (path: string) => string,
): Promise<{ readonly report: EvaluationReport; readonly sampledBaseline: EvaluatedRun | null }> {
  const { env, signal } = context;
  const judges = openJudges([options.judge, options.secondJudge], env);
  const grader = graderOf(options);
  const { rows, data } = await readEvalData(place(options.data), options.limit, (row) => {
    grader?.grade({ item: row.item, completion: '' });
  });
  const questions = rows.map(({ question }) => question);
  const earlier = options.baseline === null ? null : await readBaseline(place(options.baseline), questions);
  const modelDir = place(options.model);
  const load = async (path: string | null): Promise<LoadedAdapter | null> =>
    path === null ? null : await loadAdapter(place(path), modelDir);
  const adapter = await load(options.adapter);
  const baselinePath = options.baselineAdapter;
  const baselineAdapter = await load(baselinePath === 'none' ? null : baselinePath);
  const tokenizer = await openTokenizer(modelDir);
  const prompted = promptRows(rows, tokenizer, data.name);
  await checkJudges(judges, signal);
  const engine = await openComputing(modelDir, env);
  try {
    const settings: EvaluationSettings = {
      samples: options.samples,
      temperature: options.temperature,
      topP: options.topP,
      maxTokens: chooseMaxTokens(prompted, options.maxTokens, engine.model.maxPositions, data.name),
      seed: options.seed,
      profile: options.profile,
    };
    const evaluation = { rows: prompted, engine, tokenizer, grader, settings, judges, context };
    const run = await evaluateModel(evaluation, adapter, 'model');
    const sampledBaseline =
      baselinePath === null ? null : await evaluateModel(evaluation, baselineAdapter, 'baseline');
    return { report: buildReport({ ...run, data, baseline: sampledBaseline ?? earlier }), sampledBaseline };
  } finally {
    await engine.close();
  }
}

/** The figures of a report in one line, for programs. */
function figuresOf({ outcomes: _, baseline, ...figures }: EvaluationReport): string {
  const { outcomes: __, ...others } = baseline ?? { outcomes: null };
  return JSON.stringify({ ...figures, baseline: baseline === null ? null : others });
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const options = readEvalOptions(args);
  const { terminal, env, signal } = context;
  // npm runs scripts in the package's folder and says where it was called.
  const here = env['INIT_CWD'] ?? process.cwd();
  const place = (path: string): string => resolve(here, path);
  const out = place(options.out);
  await checkNewFolder(out);
  try {
    const { report, sampledBaseline } = await evaluateAll(options, context, place);
    signal.throwIfAborted();
    await writeReport(out, report, sampledBaseline?.outcomes ?? null);
    if (options.json) terminal.line(figuresOf(report));
    else for (const line of [...reportLines(report), '', `written to ${out}`]) terminal.line(line);
    return 0;
  } catch (error) {
    throw asCliError(error);
  }
}

/** `residency eval`: answers a data set with a model, grades the answers and reports what they amount to. */
export const evaluate: Command = {
  summary:
    'eval --model FOLDER [--adapter FILE|FOLDER] [--baseline-adapter FILE|FOLDER|none | --baseline REPORT] --data FILE --out FOLDER ' +
    '[--samples N] [--temperature T] [--top-p P] [--max-tokens N] [--limit N] [--seed S] [--profile crpo-paper|none] ' +
    '[--verifier bedside] [--judge MODEL [--second-judge MODEL]] [--json]: answer questions and report accuracy',
  run,
};
