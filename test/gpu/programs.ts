import { type DecoderConfig, openWeights, readConfig } from '@residency/model';
import type { Bindings, Precision, Program, TensorData, WeightFiles } from '@residency/tensor';
import { type Trainable, trainableShapes } from '../../packages/model/src/binding.js';
import { generateFeeds } from '../../packages/model/src/engine/sample.js';
import { layoutGroups } from '../../packages/model/src/layout/group.js';
import type { TokenGroup } from '../../packages/model/src/layout/group-rows.js';
import { layoutTries } from '../../packages/model/src/layout/trie.js';
import type { Trajectory } from '../../packages/model/src/layout/trie-rows.js';
import { inputsOf, type LossSpec, lossInputs, lossKey } from '../../packages/model/src/losses/index.js';
import { generateProgram } from '../../packages/model/src/programs/generate.js';
import { type Packing, scoreProgram } from '../../packages/model/src/programs/score.js';
import { trainProgram } from '../../packages/model/src/programs/train.js';
import { randomNumbers } from '../support/numbers.js';
import { type TrainVariant, trainVariants } from './train-variants.js';

/**
 * The one place in this folder that knows how programs are built and what their inputs are called.
 */

/** A program with everything that one run of it takes. */
export interface ProgramCase {
  readonly name: string;
  readonly program: Program;
  readonly sizes: Bindings;
  readonly inputs: Readonly<Record<string, TensorData>>;
}

/** A sampler's run, whose samples can be scored; its outputs may have more columns than there are samples. */
export interface SamplerCase extends ProgramCase {
  readonly samples: number;
  /** Scores drawn completions, all of one length. */
  scoring(completions: readonly (readonly number[])[]): ProgramCase;
}

/** The first `length` values of each of the rows that a score program gives, [B, L]. */
export function scoredTokens(
  logprobs: TensorData | undefined,
  scoring: ProgramCase,
  length: number,
): number[] {
  const width = scoring.sizes['L'] ?? 1;
  return Array.from(logprobs ?? [], Number).filter((_, i) => i % width < length);
}

export const isSampler = (c: ProgramCase): c is SamplerCase => 'scoring' in c;

/** A model on disk, its weights in the type of each precision. */
export interface CaseModel {
  readonly config: DecoderConfig;
  weights(precision: Precision): Promise<WeightFiles>;
}

/** Tokens of a group: prompt, completion, completions. */
export interface GroupShape {
  readonly P: number;
  readonly S: number;
  readonly G: number;
}

export const TRAINABLE: Readonly<Record<'none' | 'lora' | 'full', Trainable>> = {
  none: { kind: 'none' },
  lora: { kind: 'lora', rank: 8, alpha: 16 },
  full: { kind: 'full' },
};

/** Names of outputs that are gradients. */
export const isGradient = (output: string): boolean => output.startsWith('grad:');

/** @param cacheDir folder for weights of 16 bits */
export async function openCaseModel(dir: string, cacheDir: string): Promise<CaseModel> {
  const config = await readConfig(dir);
  return {
    config,
    weights: async (precision) => (await openWeights(dir, config, { precision, cacheDir })).files,
  };
}

const variantName = ({ kind, loss, packing, recomputes }: TrainVariant): string =>
  ['train', kind, packing, lossKey(loss), ...(recomputes ? ['recomputing'] : [])].join(':');

/** Every program that the engine runs, by a name of its own. */
export function allPrograms(c: DecoderConfig): ReadonlyMap<string, Program> {
  const named: [string, Program][] = [];
  for (const kind of ['none', 'lora'] as const) {
    for (const packing of ['groups', 'tries'] as const)
      named.push([`score:${kind}:${packing}`, scoreProgram(c, TRAINABLE[kind], packing)]);
    named.push([`generate:${kind}`, generateProgram(c, TRAINABLE[kind], { isFiltered: false })]);
    named.push([`generate:${kind}:filtered`, generateProgram(c, TRAINABLE[kind], { isFiltered: true })]);
    named.push([
      `generate:${kind}:prompts`,
      generateProgram(c, TRAINABLE[kind], { isFiltered: false, hasOwnPrompts: true }),
    ]);
  }
  for (const variant of trainVariants) {
    const { kind, loss, packing, recomputes } = variant;
    named.push([variantName(variant), trainProgram(c, TRAINABLE[kind], loss, { packing, recomputes })]);
  }
  return new Map(named);
}

const product = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Values for trainable inputs: adapters that change what the model says, or small weights. */
function parametersOf(c: DecoderConfig, trainable: Trainable): Record<string, Float32Array> {
  return Object.fromEntries(
    [...trainableShapes(c, trainable)].map(([name, shape], i) => {
      const scale = 1 / Math.sqrt(shape.at(-1) ?? 1);
      const isNorm = name.includes('norm');
      const values = randomNumbers(product(shape), 100 + i);
      return [name, Float32Array.from(values, (v) => (isNorm ? 1 + v / 4 : v * scale))];
    }),
  );
}

const idsOf = (c: DecoderConfig, count: number, seed: number): number[] =>
  randomNumbers(count, seed).map((v) => Math.min(c.vocab - 1, Math.floor(((v + 1) / 2) * c.vocab)));

/** Groups whose completions are all of length S, as benches measure. */
const evenGroups = (c: DecoderConfig, { P, S, G }: GroupShape): TokenGroup[] => [
  { prefix: idsOf(c, P, 1), suffixes: Array.from({ length: G }, (_, g) => idsOf(c, S, 10 + g)) },
];

/** Groups of unlike prompts, numbers of completions and lengths, so that every kind of padding is there. */
function raggedGroups(c: DecoderConfig, { P, S, G }: GroupShape): TokenGroup[] {
  const lengthOf = (g: number): number => Math.max(1, S - 2 * g);
  const suffixes = (count: number, seed: number): number[][] =>
    Array.from({ length: count }, (_, g) => idsOf(c, lengthOf(g), seed + g));
  return [
    { prefix: idsOf(c, P, 1), suffixes: suffixes(G, 10) },
    { prefix: idsOf(c, Math.ceil(P / 2), 2), suffixes: suffixes(Math.max(1, G - 1), 40) },
  ];
}

/** Pairs of completions. */
const pairedGroups = (c: DecoderConfig, shape: GroupShape): TokenGroup[] =>
  raggedGroups(c, { ...shape, G: 3 }).map(({ prefix, suffixes }) => ({
    prefix,
    suffixes: suffixes.slice(0, 2),
  }));

/** Episodes of two turns that begin alike; the second half of them parts after the first turn, whose reply is shared. */
function tries(c: DecoderConfig, { P, S, G }: GroupShape): Trajectory[][] {
  const turn = Math.max(1, Math.ceil(S / 2));
  const trie = (prompt: number, count: number, seed: number): Trajectory[] => {
    const prefix = idsOf(c, prompt, seed);
    return Array.from({ length: count }, (_, g) => {
      const first = idsOf(c, turn, seed + 10 + Math.floor(g / 2));
      const observed = idsOf(c, 3, seed + 30 + Math.floor(g / 2));
      const second = idsOf(c, Math.max(1, S - turn - g), seed + 50 + g);
      const places = (start: number, length: number): number[] => Array.from({ length }, (_, i) => start + i);
      return {
        ids: [...prefix, ...first, ...observed, ...second],
        targets: [
          ...places(prompt, first.length),
          ...places(prompt + first.length + observed.length, second.length),
        ],
      };
    });
  };
  return [trie(P, G, 1), trie(Math.ceil(P / 2), Math.max(1, G - 1), 2)];
}

interface Layout {
  readonly sizes: Bindings & Readonly<Record<'N' | 'G' | 'L' | 'E', number>>;
  readonly feeds: Readonly<Record<string, TensorData>>;
}

const NUMBERS = {
  clipLow: 0.8,
  clipHigh: 4,
  dualClip: 3,
  importanceCap: 2,
  klCoefficient: 0.05,
  entropyCoefficient: 0.01,
  dpoBeta: 0.1,
  labelSmoothing: 0.1,
};

function trainCase(c: DecoderConfig, variant: TrainVariant, { sizes, feeds }: Layout): ProgramCase {
  const { kind, loss, packing, recomputes } = variant;
  const trainable = TRAINABLE[kind];
  const count = sizes.N * sizes.G * sizes.L;
  const tokens = (seed: number, scale: number, shift: number): Float32Array =>
    Float32Array.from(randomNumbers(count, seed), (v) => shift + scale * v);
  const surprise = -Math.log(c.vocab);
  const ofTokens: Readonly<Record<ReturnType<typeof inputsOf>['tokens'][number], () => Float32Array>> = {
    oldLogprobs: () => tokens(11, 0.3, surprise),
    referenceLogprobs: () => tokens(21, 0.3, surprise),
    samplerLogprobs: () => tokens(31, 0.3, surprise),
    advantages: () => tokens(41, 1, 0),
  };
  // What no pair of row and id predicts is padding.
  const mask = Float32Array.from(Array.from(feeds['tokenPair'] ?? [], Number), (pair) =>
    pair === sizes.E ? 0 : 1,
  );
  const real = mask.reduce((n, m) => n + m, 0);
  const { tokens: names, pairs } = inputsOf(loss);
  return {
    name: variantName(variant),
    program: trainProgram(c, trainable, loss, { packing, recomputes }),
    sizes,
    inputs: {
      ...parametersOf(c, trainable),
      ...feeds,
      ...lossInputs(loss, NUMBERS),
      inverseTemperature: Float32Array.of(1),
      mask,
      weights: mask.map((m) => m / real),
      ...Object.fromEntries(names.map((name) => [name, ofTokens[name]()])),
      ...Object.fromEntries(pairs.map((name) => [name, new Float32Array(sizes.N).fill(1 / sizes.N)])),
    },
  };
}

/** A learner's run as benches measure it: forward and backward of one group of even completions, PPO. */
export const learnerCase = (c: DecoderConfig, shape: GroupShape): ProgramCase => {
  const loss: LossSpec = { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction: null };
  const variant: TrainVariant = { kind: 'lora', loss, packing: 'groups', recomputes: false };
  return trainCase(c, variant, layoutGroups(evenGroups(c, shape), c));
};

function scoreCase(c: DecoderConfig, kind: 'none' | 'lora', packing: Packing, layout: Layout): ProgramCase {
  return {
    name: `score:${kind}:${packing}`,
    program: scoreProgram(c, TRAINABLE[kind], packing),
    sizes: layout.sizes,
    inputs: {
      ...parametersOf(c, TRAINABLE[kind]),
      ...layout.feeds,
      inverseTemperature: Float32Array.of(1),
    },
  };
}

/** A sampler's run of exactly S tokens for each of G samples: no token ends one. */
export function samplerCase(
  c: DecoderConfig,
  kind: 'none' | 'lora',
  { P, S, G }: GroupShape,
  { temperature, isFiltered }: { readonly temperature: number; readonly isFiltered: boolean },
): SamplerCase {
  const promptIds = idsOf(c, P, 1);
  const { sizes, feeds } = generateFeeds(
    {
      adapter: null,
      promptIds,
      temperatures: new Array<number>(G).fill(temperature),
      maxNewTokens: S,
      stopIds: [],
      key: { seed: 1, step: 0, prompt: 0 },
      ...(isFiltered ? { topK: Math.min(40, c.vocab), topP: 0.95, minP: 0.01 } : {}),
    },
    c,
  );
  return {
    name: `generate:${kind}${isFiltered ? ':filtered' : ''}`,
    program: generateProgram(c, TRAINABLE[kind], { isFiltered }),
    sizes,
    inputs: { ...parametersOf(c, TRAINABLE[kind]), ...feeds },
    samples: G,
    scoring: (suffixes) => scoreCase(c, kind, 'groups', layoutGroups([{ prefix: promptIds, suffixes }], c)),
  };
}

/** A sampler's run in which every sample has a prompt of its own, the first ones of one length and the last one shorter. */
function promptsCase(c: DecoderConfig, kind: 'none' | 'lora', { P, S, G }: GroupShape): ProgramCase {
  const ownPrompts = Array.from({ length: G }, (_, g) => idsOf(c, g === G - 1 ? Math.ceil(P / 2) : P, g + 1));
  const { sizes, feeds } = generateFeeds(
    {
      adapter: null,
      promptIds: [],
      ownPrompts,
      temperatures: new Array<number>(G).fill(0),
      maxNewTokens: S,
      stopIds: [],
      key: { seed: 1, step: 0, prompt: 0 },
    },
    c,
  );
  return {
    name: `generate:${kind}:prompts`,
    program: generateProgram(c, TRAINABLE[kind], { isFiltered: false, hasOwnPrompts: true }),
    sizes,
    inputs: { ...parametersOf(c, TRAINABLE[kind]), ...feeds },
  };
}

/** A run of each program: scores, steps with each loss, greedy samples. */
export function allCases(c: DecoderConfig, shape: GroupShape): ProgramCase[] {
  const layouts: Readonly<Record<Packing, Layout>> = {
    groups: layoutGroups(raggedGroups(c, shape), c),
    tries: layoutTries(tries(c, shape), c),
  };
  const pairs = layoutGroups(pairedGroups(c, shape), c);
  const kinds = ['none', 'lora'] as const;
  return [
    ...kinds.flatMap((kind) => [
      scoreCase(c, kind, 'groups', layouts.groups),
      scoreCase(c, kind, 'tries', layouts.tries),
    ]),
    ...trainVariants.map((v) => trainCase(c, v, v.loss.kind === 'dpo' ? pairs : layouts[v.packing])),
    ...kinds.flatMap((kind) =>
      [false, true].map((isFiltered) => samplerCase(c, kind, shape, { temperature: 0, isFiltered })),
    ),
    ...kinds.map((kind) => promptsCase(c, kind, shape)),
  ];
}
