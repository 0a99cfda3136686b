/**
 * Times the learner: forward and backward of one group by the train program, and a whole step of
 * SmolLM2-135M.
 * `npm run bench -- learner [default|default-repeat|shared|smollm2 ...] [--peers] [--P n] [--runs n] ...`
 *
 * default: a group of the Python peer's default sizes, beside the same computation in PyTorch;
 * default-repeat: beside PyTorch that repeats the prompt for every completion; shared: a long prompt, beside
 * our own program without sharing; smollm2: a whole step, beside transformers and PEFT. Prints one line of
 * JSON each.
 */
import { readConfig } from '@residency/model';
import { trainFlops } from './support/arithmetic.js';
import {
  DEFAULT_MODEL,
  MODEL_SIZES,
  type ModelShape,
  randomModel,
  smollm2Model,
} from './support/bench-model.js';
import { compare, ourSide, peerSide, type Side } from './support/compare.js';
import { compareGradients, pytorchSide } from './support/learner-sides.js';
import { optionsOf, withGiven } from './support/options.js';
import { findPeer } from './support/peers.js';
import { report, rounded } from './support/report.js';
import { DEFAULT_GROUP, type GroupShape, LORA, learnGroup, repeatedPrompt } from './support/requests.js';

const CONFIGS = ['default', 'default-repeat', 'shared', 'smollm2'] as const;
const options = optionsOf({ name: 'learner', configs: CONFIGS, sizes: [...MODEL_SIZES, 'P', 'S', 'G'] });
const { sizes: given, runs, warmups, rounds, threads } = options;

const model: ModelShape = withGiven(DEFAULT_MODEL, given);
const groupOf = (group: GroupShape): GroupShape => withGiven(group, given);
const tokensOf = ({ S, G }: GroupShape): number => S * G;
const measured = { rank: LORA.rank, threads, runs };

const gradients = (modelDir: string, group: GroupShape, isRepeated: boolean): Side =>
  ourSide(isRepeated ? 'residency, prompt repeated' : 'residency', {
    task: 'time',
    kind: 'gradients',
    work: { modelDir, threads, warmups, runs, ...group, recomputes: false, isRepeated, measuresRate: true },
  });

async function besidePytorch(name: string, mode: 'shared' | 'repeat'): Promise<void> {
  const work = { model, group: groupOf(DEFAULT_GROUP), recomputes: false };
  const other = options.peers ? pytorchSide(findPeer('learner_torch'), mode, work, options) : null;
  report({
    bench: 'learner',
    config: { name, ...model, ...work.group, ...measured },
    ...(await compareGradients(work, other, options)),
  });
}

async function besideRepeated(): Promise<void> {
  const group = groupOf({ P: 2048, S: 128, G: 8 });
  const dir = await randomModel(model);
  const config = await readConfig(dir);
  const [shared, repeated] = [gradients(dir, group, false), gradients(dir, group, true)];
  const comparison = await compare(shared, repeated, rounds);
  const own = learnGroup(group, config.vocab);
  const flops = trainFlops(config, [own], false);
  const repeatedFlops = trainFlops(config, repeatedPrompt(own), false);
  const speedup = 1 / (comparison.ratio?.time ?? Number.NaN);
  const fewer = repeatedFlops / flops;
  report(
    {
      bench: 'learner',
      config: { name: 'shared', ...model, ...group, ...measured },
      comparison,
      tokens: tokensOf(group),
      flops,
    },
    {
      speedup: rounded(speedup),
      arithmetic: {
        gflop: rounded(flops / 1e9),
        repeatedGflop: rounded(repeatedFlops / 1e9),
        ratio: rounded(fewer),
        // How much of what arithmetic allows is gained.
        share: rounded(speedup / fewer),
      },
    },
  );
}

async function smollm2(): Promise<void> {
  const dir = await smollm2Model();
  if (dir === null) return;
  const group = groupOf({ P: 256, S: 64, G: 8 });
  const config = await readConfig(dir);
  const ours = ourSide('residency', {
    task: 'time',
    kind: 'step',
    work: { modelDir: dir, threads, warmups, runs, ...group, measuresRate: true },
  });
  const sizes = JSON.stringify({ ...group, ...LORA, threads, warmups, runs });
  const other = options.peers
    ? peerSide('transformers and peft', findPeer('smollm2_step'), [dir, sizes])
    : null;
  report({
    bench: 'learner',
    config: { name: 'smollm2', model: 'SmolLM2-135M-Instruct', ...group, ...measured },
    comparison: await compare(ours, other, rounds),
    tokens: tokensOf(group),
    flops: trainFlops(config, [learnGroup(group, config.vocab)], false),
  });
}

const RUN: { readonly [C in (typeof CONFIGS)[number]]: () => Promise<void> } = {
  default: () => besidePytorch('default', 'shared'),
  'default-repeat': () => besidePytorch('default-repeat', 'repeat'),
  shared: besideRepeated,
  smollm2,
};
for (const name of options.configs) await RUN[name]();
