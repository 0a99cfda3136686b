/**
 * What clinical objectives change on the built-in task, same budget and seeds for every arm, on held-out cases.
 * `npm run bench -- crpo [objectives|cold-start|shortcut ...] [--seeds 1,2,3] [--steps n] [--held-out n]` prints one JSON line
 * for each arm and seed and one for each arm, and a table on stderr.
 *
 * `objectives`: accuracy and general format (the released reward with CRPO's tags), CRPO's sum, and CRPO with each objective
 * normalised for itself. `cold-start`: a policy that was taught to guess, trained by CRPO alone, and by CRPO after supervised steps
 * on careful traces; the reinforcement budget is the same. `shortcut`: the question states the total that someone counted before,
 * so that the letter can be had without work; a policy that was taught to work on some cases and to copy on others is trained
 * by each objective, from one and the same start.
 */
import { type CaseOptions, caseRow, casesFrom, drawTrace, type TraceMix } from '@residency/bedside';
import { demoDefaults, demoJob } from '@residency/cli';
import type { CreateJobRequest, ResidencyRequest } from '@residency/protocol';
import { type ClinicalMeasures, measure } from './support/clinical-measures.js';
import { type JobRunner, withPlatform } from './support/platform-jobs.js';
import { textOptions } from './support/text-options.js';

const CONFIGS = ['objectives', 'cold-start', 'shortcut'] as const;
type Config = (typeof CONFIGS)[number];
const { values, words } = textOptions({ seeds: '1,2,3', steps: '', 'held-out': '100' });
const seeds = values.seeds.split(',').map(Number);
const heldOut = Number(values['held-out']);
/** Reinforcement steps; a taught policy is moved by fewer. */
const STEPS: { readonly [C in Config]: number } = { objectives: 30, 'cold-start': 30, shortcut: 12 };
const stepsOf = (config: Config): number => (values.steps === '' ? STEPS[config] : Number(values.steps));
/** What cases are drawn; two short scores teach a shortcut in a few minutes. */
const CASES: { readonly [C in Config]: Pick<CaseOptions, 'handover' | 'scores'> } = {
  objectives: {},
  'cold-start': {},
  shortcut: { handover: true, scores: ['curb65', 'qsofa'] },
};
const chosen = CONFIGS.filter((name) => words.includes(name));
const configs: readonly Config[] = chosen.length > 0 ? chosen : CONFIGS;

const PAPER = { type: 'crpo', name: 'crpo', profile: 'crpo-paper', crossref: 'case', verifier: 'bedside' };
const RELEASED = {
  type: 'crpo',
  name: 'grpo',
  profile: 'grpo-released',
  tags: { reasoning: 'dx', answer: 'conclusion' },
  verifier: 'bedside',
};

interface Arm {
  readonly name: string;
  readonly grader: Readonly<Record<string, unknown>>;
  readonly settings: ResidencyRequest;
}

const ARMS: readonly Arm[] = [
  { name: 'grpo', grader: RELEASED, settings: {} },
  { name: 'crpo', grader: PAPER, settings: {} },
  { name: 'crpo-decoupled', grader: PAPER, settings: { advantage: 'decoupled' } },
  {
    name: 'crpo-decoupled-verified',
    grader: PAPER,
    settings: { advantage: 'decoupled', objective_weights: { faithfulness: 1, comprehensiveness: 1 } },
  },
];

/** Cases as rows: those of the demonstration, but for a stated total. */
const rowsOf = (options: CaseOptions, count: number) =>
  casesFrom(options, 0, count).map((bedside) => ({ ...caseRow(bedside) }));

/** Cases with an answer drawn from a mix of traces, as demonstrations. */
const demonstrations = (options: CaseOptions, count: number, mix: TraceMix): unknown[] =>
  casesFrom(options, 0, count).map((bedside, index) => {
    const row = caseRow(bedside);
    const answer = { role: 'assistant', content: drawTrace(bedside, mix, [options.seed, index]).text };
    return { ...row, messages: [...row.messages, answer] };
  });

const show = (measures: ClinicalMeasures): Record<string, number> =>
  Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, Math.round(value * 1e4) / 1e4]));

interface Result {
  readonly arm: string;
  readonly before: ClinicalMeasures;
  readonly after: ClinicalMeasures;
}

/** What a configuration's jobs of one seed share. */
interface Session {
  readonly config: Config;
  readonly runner: JobRunner;
  readonly seed: number;
}

async function train(
  { config, runner, seed }: Session,
  arm: Arm,
  model: string,
): Promise<{ before: ClinicalMeasures; after: ClinicalMeasures }> {
  const held = rowsOf({ seed, split: 'held-out', ...CASES[config] }, heldOut);
  const rows = rowsOf({ seed, split: 'train', ...CASES[config] }, demoDefaults.trainingCases);
  const training = await runner.upload('train', rows);
  const validation = await runner.upload('held-out', held);
  const sizes = { ...demoDefaults, model, seed, steps: stepsOf(config) };
  const base: CreateJobRequest = demoJob(sizes, training, validation);
  const isBase = !model.startsWith('ft:');
  const { lora, ...settings } = base.x_residency ?? {};
  const job = await runner.run({
    ...base,
    method: { type: 'reinforcement', reinforcement: { grader: arm.grader } },
    x_residency: { ...settings, ...(isBase && lora && { lora }), eval_samples: 4, ...arm.settings },
  });
  const { before, after } = job.x_residency;
  return { before: await measure(runner, before, held), after: await measure(runner, after, held) };
}

/** Teaches a policy by demonstrations. @returns the name of what it became */
async function teach(
  { config, runner, seed }: Session,
  { model, mix, count, rate }: { model: string; mix: TraceMix; count: number; rate: number },
): Promise<string> {
  const cases = { seed: seed + 100, split: 'train', ...CASES[config] } as const;
  const file = await runner.upload('demonstrations', demonstrations(cases, count, mix));
  const shape = model.startsWith('ft:') ? {} : { lora: { rank: 16, alpha: 32 } };
  const job = await runner.run({
    model,
    training_file: file,
    seed,
    method: { type: 'supervised', supervised: { hyperparameters: { batch_size: 32 } } },
    x_residency: { learning_rate: rate, ...shape },
  });
  return String(job.fine_tuned_model);
}

const GUESSING: TraceMix = { careful: 0.05, skip: 0.1, misquote: 0.1, guess: 0.75 };
const CAREFUL: TraceMix = { careful: 1, skip: 0, misquote: 0, guess: 0 };

/** Some work, and more that needs none: what a policy is like that was never paid for its reasoning. */
const MIXED: TraceMix = { careful: 0.3, skip: 0.2, misquote: 0.15, guess: 0.35 };

/** Every arm from one model. */
async function trainArms(session: Session, model: string): Promise<Result[]> {
  const results: Result[] = [];
  for (const arm of ARMS) results.push({ arm: arm.name, ...(await train(session, arm, model)) });
  return results;
}

const RUN: { readonly [C in Config]: (session: Session) => Promise<Result[]> } = {
  objectives: (session) => trainArms(session, 'intern'),
  'cold-start': async (session) => {
    const weak = await teach(session, { model: 'intern', mix: GUESSING, count: 1024, rate: 2e-3 });
    const crpo: Arm = { name: 'crpo', grader: PAPER, settings: {} };
    const alone = await train(session, crpo, weak);
    const taught = await teach(session, { model: weak, mix: CAREFUL, count: 512, rate: 1e-3 });
    const started = await train(session, crpo, taught);
    return [
      { arm: 'crpo', ...alone },
      // Both began as the weak policy.
      { arm: 'cold-start+crpo', before: alone.before, after: started.after },
      { arm: 'cold-start', before: alone.before, after: started.before },
    ];
  },
  shortcut: async (session) =>
    trainArms(session, await teach(session, { model: 'intern', mix: MIXED, count: 4096, rate: 2e-3 })),
};

function summarise(config: Config, results: readonly Result[]): void {
  const arms = [...new Set(results.map(({ arm }) => arm))];
  const names = Object.keys(results[0]?.after ?? {}) as (keyof ClinicalMeasures)[]; // the keys of the measures
  process.stderr.write(`${config.padEnd(28)}${names.map((name) => name.padStart(18)).join('')}\n`);
  for (const arm of arms) {
    const own = results.filter((result) => result.arm === arm);
    const mean = (of: (result: Result) => number): number => own.reduce((n, r) => n + of(r), 0) / own.length;
    const range = (of: (result: Result) => number): readonly [number, number] => {
      const values = own.map(of);
      return [Math.min(...values), Math.max(...values)];
    };
    const after = Object.fromEntries(names.map((name) => [name, mean((r) => r.after[name])]));
    const before = Object.fromEntries(names.map((name) => [name, mean((r) => r.before[name])]));
    const ranges = Object.fromEntries(names.map((name) => [name, range((r) => r.after[name])]));
    console.log(
      JSON.stringify({
        bench: 'crpo',
        config,
        arm,
        seeds: own.length,
        steps: stepsOf(config),
        heldOut,
        before,
        after,
        ranges,
      }),
    );
    const cells = names.map((name) =>
      `${before[name]?.toFixed(3)} -> ${after[name]?.toFixed(3)}`.padStart(18),
    );
    process.stderr.write(`${arm.padEnd(28)}${cells.join('')}\n`);
  }
}

for (const config of configs) {
  const all: Result[] = [];
  await withPlatform({}, async (runner) => {
    for (const seed of seeds) {
      for (const result of await RUN[config]({ config, runner, seed })) {
        all.push(result);
        const { arm, before, after } = result;
        console.log(
          JSON.stringify({ bench: 'crpo', config, seed, arm, before: show(before), after: show(after) }),
        );
      }
    }
  });
  summarise(config, all);
}
