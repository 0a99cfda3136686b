/**
 * Agents on ward and household tasks of our own, GiGPO against GRPO: same start, budget, seeds and held-out tasks.
 * `npm run bench -- agents [ward|household ...] [--seeds 1,2,3] [--steps n] [--every n] [--held-out n] [--model NAME]
 * [--groups n] [--rate x] [--level n] [--arms a,b]` prints one
 * JSON line for each arm and seed with its success before training and after every so many steps, then one for each arm, and a table
 * on stderr. On the ward the reward is also given as a share of the best that any policy can expect.
 */
import { optimalValue } from '@residency/environments';
import type {
  AgentRequest,
  CreateJobRequest,
  EvaluationSummary,
  ResidencyRequest,
} from '@residency/protocol';
import { type JobRunner, withPlatform } from './support/platform-jobs.js';
import { textOptions } from './support/text-options.js';
import { measureWeighing, type Weighing } from './support/weighing.js';

const CONFIGS = ['ward', 'household'] as const;
type Config = (typeof CONFIGS)[number];

const { values, words } = textOptions({
  ...{ seeds: '1,2,3', steps: '40', every: '5', 'held-out': '64', model: 'resident', models: '' },
  ...{ arms: 'grpo,gigpo,gigpo_std', level: '2', groups: '2', rate: '0.001' },
});
const seeds = values.seeds.split(',').map(Number);
const [steps, every, heldOut] = [values.steps, values.every, values['held-out']].map(Number) as [
  number,
  number,
  number,
]; // three names
const chosen = CONFIGS.filter((name) => words.includes(name));
const configs: readonly Config[] = chosen.length > 0 ? chosen : CONFIGS;

/** Groups of a step; a group's episodes share their task and seed. */
const GROUPS = Number(values.groups);

interface Task {
  readonly environment: string;
  readonly task: Readonly<Record<string, unknown>>;
  readonly maxTurns: number;
  /** Discount of GiGPO: none where every action has its price already. */
  readonly gamma: number;
  /** Expected reward of the best policy, null where nobody knows it. */
  readonly optimum: () => number | null;
}

/** About three times the way of one who knows it, in levels 1 and 2. */
const HOUSEHOLD = { level: Number(values.level), maxSteps: values.level === '1' ? 10 : 15, anchor: 'state' };

const TASKS: { readonly [C in Config]: Task } = {
  ward: {
    ...{ environment: 'ward', task: { level: 'bay' }, maxTurns: 8, gamma: 1 },
    optimum: () => optimalValue('bay'),
  },
  household: {
    ...{
      environment: 'household',
      task: HOUSEHOLD,
      maxTurns: HOUSEHOLD.maxSteps,
      gamma: 0.95,
    },
    optimum: () => null,
  },
};

interface Arm {
  readonly name: string;
  readonly agent: Partial<AgentRequest>;
  readonly settings: ResidencyRequest;
}

/** Both estimators with the standard deviation and without: a difference between them is not one of scale. */
const ALL_ARMS: readonly Arm[] = [
  { name: 'grpo', agent: {}, settings: { advantage: 'grpo' } },
  { name: 'grpo_nostd', agent: {}, settings: { advantage: 'grpo_nostd' } },
  { name: 'gigpo', agent: {}, settings: {} },
  { name: 'gigpo_std', agent: { normalisation: 'mean_std_norm' }, settings: {} },
];
const ARMS = ALL_ARMS.filter(({ name }) => values.arms.split(',').includes(name));

/** Rows of a split: no seed is in both, none in the traces that the policy was taught with (those are below 2^31). */
const rowsOf = (task: Task, seed: number, split: 'train' | 'held-out', count: number): unknown[] =>
  Array.from({ length: count }, (_, index) => ({
    task: task.task,
    seed: 2 ** 31 + seed * 1_000_000 + (split === 'train' ? 0 : 500_000) + index,
  }));

/** A point of a learning curve. */
interface Point {
  readonly step: number;
  readonly success: number;
  readonly reward: number;
}

const pointOf = ({ policy_version: step, accuracy, mean_reward: reward }: EvaluationSummary): Point => ({
  ...{ step, success: accuracy ?? 0, reward: reward ?? 0 },
});

interface Result {
  readonly arm: string;
  readonly seed: number;
  readonly curve: readonly Point[];
  /** What weighing steps takes of a step. */
  readonly weighing: Weighing;
}

async function train(runner: JobRunner, task: Task, arm: Arm, seed: number): Promise<Result> {
  const training = await runner.upload('train', rowsOf(task, seed, 'train', steps * GROUPS));
  const validation = await runner.upload('held-out', rowsOf(task, seed, 'held-out', heldOut));
  const request: CreateJobRequest = {
    model: values.model,
    training_file: training,
    validation_file: validation,
    seed,
    method: {
      type: 'agent',
      agent: {
        ...{ environment: task.environment, max_turns: task.maxTurns, prompt_style: 'brief', history: 4 },
        ...arm.agent,
        ...(arm.name.startsWith('gigpo') && { gamma: task.gamma }),
      },
    },
    x_residency: {
      ...{ group_size: 8, groups_per_step: GROUPS, steps, max_new_tokens: 32 },
      ...{
        learning_rate: Number(values.rate),
        lora: { rank: 16, alpha: 32 },
        eval_samples: 2,
        eval_interval: every,
      },
      ...arm.settings,
    },
  };
  const job = await runner.run(request);
  const events = await runner.client.events(job.id, 100);
  const curve = events
    .filter(({ type, data }) => type === 'metrics' && typeof data['cases'] === 'number')
    // An evaluation's event holds its summary.
    .map(({ data }) => pointOf(data as unknown as EvaluationSummary))
    .sort((a, b) => a.step - b.step);
  return { arm: arm.name, seed, curve, weighing: await measureWeighing(runner.client, events) };
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
const mean = (numbers: readonly number[]): number =>
  numbers.reduce((n, x) => n + x, 0) / Math.max(1, numbers.length);

/** The curves of an arm's seeds as one. */
function meanCurve(results: readonly Result[]): Point[] {
  const [first] = results;
  return (first?.curve ?? []).map(({ step }, at) => ({
    step,
    success: rounded(mean(results.map(({ curve }) => curve[at]?.success ?? 0))),
    reward: rounded(mean(results.map(({ curve }) => curve[at]?.reward ?? 0))),
  }));
}

/** First step from which a curve is at least this high, or null. */
const firstAt = (curve: readonly Point[], success: number | null): number | null =>
  success === null ? null : (curve.find((point) => point.success >= success)?.step ?? null);

function summarise(config: Config, results: readonly Result[]): void {
  const optimum = TASKS[config].optimum();
  const curves = ARMS.map(({ name }) => ({
    name,
    curve: meanCurve(results.filter(({ arm }) => arm === name)),
  }));
  // Null where the baseline was not asked for.
  const final = curves.find(({ name }) => name === 'grpo')?.curve.at(-1)?.success ?? null;
  process.stderr.write(`${config}\n`);
  for (const { name, curve } of curves) {
    const shares =
      optimum === null
        ? {}
        : { optimum: rounded(optimum), shares: curve.map((p) => rounded(p.reward / optimum)) };
    console.log(
      JSON.stringify({ config, arm: name, curve, ...shares, stepsToFinalOfGrpo: firstAt(curve, final) }),
    );
    const cells = curve.map(({ step, success }) => `${step}: ${(100 * success).toFixed(1)} %`).join('  ');
    process.stderr.write(`  ${name.padEnd(6)} ${cells}\n`);
    if (optimum !== null) {
      const share = (point: Point | undefined): string =>
        `${((100 * (point?.reward ?? 0)) / optimum).toFixed(1)} %`;
      process.stderr.write(
        `         reward as a share of the optimum ${rounded(optimum)}: ${share(curve[0])} before, ${share(curve.at(-1))} after\n`,
      );
    }
    const own = results.filter(({ arm }) => arm === name).map(({ weighing }) => weighing);
    const [weighingMs, stepMs] = [mean(own.map((w) => w.weighingMs)), mean(own.map((w) => w.stepMs))];
    // Without two steps in a row nobody knows what a step takes.
    if (stepMs > 0) {
      process.stderr.write(
        `         weighing steps takes ${weighingMs.toFixed(2)} ms of ${(stepMs / 1_000).toFixed(1)} s a step, ${((100 * weighingMs) / stepMs).toFixed(3)} %\n`,
      );
    }
    if (final === null) continue;
    const first = firstAt(curve, final);
    process.stderr.write(
      `         ${first === null ? 'never reaches' : `at step ${first} reaches`} the final success of grpo, ${(100 * final).toFixed(1)} %\n`,
    );
  }
}

await withPlatform(values.models === '' ? {} : { modelsDir: values.models }, async (runner) => {
  for (const config of configs) {
    const results: Result[] = [];
    for (const seed of seeds) {
      for (const arm of ARMS) {
        const started = performance.now();
        const result = await train(runner, TASKS[config], arm, seed);
        results.push(result);
        const seconds = Math.round((performance.now() - started) / 1_000);
        console.log(JSON.stringify({ config, ...result, seconds }));
      }
    }
    summarise(config, results);
  }
});
