import { type DecoderConfig, openWeights, readConfig } from '@residency/model';
import type { Bindings, Program, TensorData, WeightFiles } from '@residency/tensor';
import { type Trainable, trainableShapes } from '../../packages/model/src/binding.js';
import { packGroup } from '../../packages/model/src/engine/batch.js';
import { generateProgram } from '../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../packages/model/src/programs/score.js';
import { LOSSES, type LossName, trainProgram } from '../../packages/model/src/programs/train.js';
import { randomNumbers } from '../support/numbers.js';

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

/** A model on disk. */
export interface CaseModel {
  readonly config: DecoderConfig;
  readonly weights: WeightFiles;
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

const LOSS_NAMES: readonly LossName[] = Object.keys(LOSSES) as LossName[]; // a total table

/** Names of outputs that are gradients. */
export const isGradient = (output: string): boolean => output.startsWith('grad:');

export async function openCaseModel(dir: string): Promise<CaseModel> {
  const config = await readConfig(dir);
  return { config, weights: (await openWeights(dir, config)).files };
}

/** Every program that the engine runs, by a name of its own. */
export function allPrograms(c: DecoderConfig): ReadonlyMap<string, Program> {
  const named: [string, Program][] = [];
  for (const kind of ['none', 'lora'] as const) {
    named.push([`score:${kind}`, scoreProgram(c, TRAINABLE[kind])]);
    named.push([`generate:${kind}`, generateProgram(c, TRAINABLE[kind])]);
  }
  for (const kind of ['lora', 'full'] as const) {
    for (const loss of LOSS_NAMES)
      named.push([`train:${kind}:${loss}`, trainProgram(c, TRAINABLE[kind], loss)]);
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

/** A learner's run: forward and backward of one group. */
export function learnerCase(
  c: DecoderConfig,
  kind: 'lora' | 'full',
  loss: LossName,
  { P, S, G }: GroupShape,
): ProgramCase {
  const trainable = TRAINABLE[kind];
  const suffixes = Array.from({ length: G }, (_, g) => idsOf(c, S, 10 + g));
  const { sizes, ids } = packGroup(idsOf(c, P, 1), suffixes);
  const tokens = (seed: number, scale: number, shift: number): Float32Array =>
    Float32Array.from(randomNumbers(G * S, seed), (v) => shift + scale * v);
  const surprise = -Math.log(c.vocab);
  return {
    name: `train:${kind}:${loss}`,
    program: trainProgram(c, trainable, loss),
    sizes: { ...sizes },
    inputs: {
      ...parametersOf(c, trainable),
      ids,
      inverseTemperature: Float32Array.of(1),
      mask: new Float32Array(G * S).fill(1),
      lossScale: Float32Array.of(1 / (G * S)),
      oldLogprobs: tokens(11, 0.3, surprise),
      referenceLogprobs: tokens(21, 0.3, surprise),
      advantages: tokens(31, 1, 0),
      ratioMin: Float32Array.of(0.2),
      ratioMax: Float32Array.of(5),
      klCoefficient: Float32Array.of(0.05),
    },
  };
}

/** Log-probabilities of a group. */
export function scoreCase(c: DecoderConfig, kind: 'none' | 'lora', { P, S, G }: GroupShape): ProgramCase {
  const suffixes = Array.from({ length: G }, (_, g) => idsOf(c, S, 10 + g));
  const { sizes, ids } = packGroup(idsOf(c, P, 1), suffixes);
  return {
    name: `score:${kind}`,
    program: scoreProgram(c, TRAINABLE[kind]),
    sizes: { ...sizes },
    inputs: { ...parametersOf(c, TRAINABLE[kind]), ids, inverseTemperature: Float32Array.of(1) },
  };
}

/** A sampler's run of exactly S tokens for each of G samples: no token ends one. */
export function samplerCase(
  c: DecoderConfig,
  kind: 'none' | 'lora',
  { P, S, G }: GroupShape,
  temperature: number,
): ProgramCase {
  const isGreedy = temperature === 0;
  return {
    name: `generate:${kind}`,
    program: generateProgram(c, TRAINABLE[kind]),
    sizes: { P, G, M: S, K: 1 },
    inputs: {
      ...parametersOf(c, TRAINABLE[kind]),
      promptIds: BigInt64Array.from(idsOf(c, P, 1), BigInt),
      uniforms: Float32Array.from(randomNumbers(S * G, 5), (v) => (v + 1) / 2),
      inverseTemperatures: new Float32Array(G).fill(isGreedy ? 1 : 1 / temperature),
      isGreedy: new Float32Array(G).fill(isGreedy ? 1 : 0),
      stopIds: BigInt64Array.of(-1n),
      maxNewTokens: BigInt64Array.of(BigInt(S)),
    },
  };
}

/** A run of each program: scores, steps with each loss, greedy samples. */
export function allCases(c: DecoderConfig, shape: GroupShape): ProgramCase[] {
  return [
    scoreCase(c, 'none', shape),
    scoreCase(c, 'lora', shape),
    ...LOSS_NAMES.flatMap((loss) => [
      learnerCase(c, 'lora', loss, shape),
      learnerCase(c, 'full', loss, shape),
    ]),
    samplerCase(c, 'none', shape, 0),
    samplerCase(c, 'lora', shape, 0),
  ];
}
