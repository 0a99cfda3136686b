import { join } from 'node:path';
import { type NamedTensor, parseConfig, readConfig, SupervisedTrainer, scheduleAt } from '@residency/model';
import { DEFAULT_PRE_TOKEN_PATTERN, openTokenizer, trainBpe } from '@residency/text';
import { choiceFlag, integerFlag, readFlags, textFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { CliError } from '../errors.js';
import { repositoryRoot } from '../paths.js';
import { batchesOf } from './examples.js';
import { initialWeights } from './initial-weights.js';
import { INTERN_RECIPE } from './intern.js';
import { configJson, writeModelFiles, writeWeights } from './model-folder.js';
import type { PretrainRecipe, StageRecipe } from './recipe.js';
import { RESIDENT_RECIPE } from './resident.js';

/** Sequences computed at once: larger chunks only cost memory. */
const CHUNK = 16;
const REPORT_EVERY_STEPS = 25;
const EVALUATION_SEED = 3;
const STOP_TOKEN = '<|im_end|>';

/** Every policy that ships, and how it is made. */
const RECIPES = { intern: INTERN_RECIPE, resident: RESIDENT_RECIPE } as const;
type PolicyName = keyof typeof RECIPES;
// The keys of a total table.
const POLICY_NAMES: readonly PolicyName[] = Object.keys(RECIPES) as PolicyName[];

const flags = {
  policy: choiceFlag(POLICY_NAMES, 'intern'),
  out: textFlag('a folder', ''),
  threads: integerFlag(1, 64, 2),
  'eval-cases': integerFlag(0, 10_000, 300),
};

/** Learning rate of a step: linear warm-up, then cosine. */
export const learningRateAt = (stage: StageRecipe, step: number): number =>
  scheduleAt(
    {
      shape: 'cosine',
      learningRate: stage.learningRate,
      warmup: { steps: stage.warmupSteps },
      totalSteps: stage.steps,
      minShare: stage.finalShare,
    },
    step,
  );

async function runStage(
  recipe: PretrainRecipe,
  stageIndex: number,
  weights: readonly NamedTensor[],
  work: { readonly dir: string; readonly threads: number; readonly context: CommandContext },
): Promise<readonly NamedTensor[]> {
  const stage = recipe.stages[stageIndex];
  if (!stage) throw new RangeError(`internal: the recipe has no stage ${stageIndex}`);
  const { terminal, signal } = work.context;
  const tokenizer = await openTokenizer(work.dir);
  const config = await readConfig(work.dir);
  const trainer = await SupervisedTrainer.open(config, weights, work.threads);
  const started = performance.now();
  try {
    let step = 0;
    let sum = 0;
    for (const batch of batchesOf(tokenizer, recipe, stageIndex)) {
      if (signal.aborted) throw new CliError('CLI_STOPPED', 'stopped before the end');
      const h = {
        ...recipe.optimizer,
        learningRate: learningRateAt(stage, step),
        maxGradNorm: recipe.maxGradNorm,
      };
      const done = await trainer.step(batch, h, CHUNK);
      if (done.skipped !== null)
        throw new CliError(
          'CLI_JOB_FAILED',
          `${stage.name} step ${step + 1}: the update was left out: ${done.skipped}`,
        );
      sum += done.nll;
      step++;
      if (step % REPORT_EVERY_STEPS === 0) {
        const perStep = (performance.now() - started) / step / 1_000;
        const left = ((stage.steps - step) * perStep) / 60;
        terminal.line(
          `${stage.name} ${step}/${stage.steps}  nll ${(sum / REPORT_EVERY_STEPS).toFixed(4)}  gradient norm ${done.gradNorm.toFixed(2)}  ${perStep.toFixed(2)} s a step, ${left.toFixed(0)} min left`,
        );
        sum = 0;
      }
      // Signals are only heard between turns of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return trainer.parameters;
  } finally {
    await trainer.close();
  }
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { policy, out, threads, 'eval-cases': cases } = readFlags(flags, args);
  const dir = out === '' ? join(repositoryRoot, 'models', policy) : out;
  const recipe: PretrainRecipe = RECIPES[policy];
  const { wordPattern } = recipe;
  const bpe = trainBpe(recipe.corpus(), {
    vocabSize: recipe.vocabSize,
    specialTokens: ['<|endoftext|>', '<|im_start|>', STOP_TOKEN],
    wholeTokens: recipe.wholeTokens,
    preTokenPattern:
      wordPattern === undefined ? DEFAULT_PRE_TOKEN_PATTERN : `${wordPattern}|${DEFAULT_PRE_TOKEN_PATTERN}`,
  });
  const stop = bpe.tokenizer.added_tokens.find(({ content }) => content === STOP_TOKEN);
  if (!stop) throw new TypeError(`internal: the tokenizer has no ${STOP_TOKEN}`);
  const vocabSize = Object.keys(bpe.tokenizer.model.vocab).length + bpe.tokenizer.added_tokens.length;
  const config = configJson(recipe, vocabSize, stop.id);
  await writeModelFiles(dir, bpe, config);
  let weights: readonly NamedTensor[] = initialWeights(
    parseConfig(config, 'config.json'),
    recipe.initStd,
    recipe.seed,
  );
  context.terminal.line(`${weights.reduce((n, w) => n + w.data.length, 0)} parameters, ${vocabSize} tokens`);
  for (const [index, stage] of recipe.stages.entries()) {
    weights = await runStage(recipe, index, weights, { dir, threads, context });
    const sha256 = await writeWeights(dir, weights);
    context.terminal.line(`${stage.name}: model.safetensors ${sha256}`);
    if (cases > 0) {
      const shown = await recipe.tryOut({ modelDir: dir, seed: EVALUATION_SEED, cases, threads });
      context.terminal.line(`${stage.name}: ${shown}`);
    }
  }
  return 0;
}

export const pretrain: Command = {
  summary: `pretrain [--policy ${POLICY_NAMES.join('|')}] [--out FOLDER] [--threads N] [--eval-cases N]   trains a shipped policy from scratch`,
  run,
};
