import {
  IMPORTANCE_LEVELS,
  KL_ESTIMATORS,
  POLICY_ESTIMATORS,
  type PolicyObjectiveInput,
  type TokenMatrix,
} from '@residency/algorithms';
import type { Program } from '@residency/tensor';
import type { LossNumbers } from '../../packages/model/src/losses/numbers.js';
import type { PolicyLossSpec } from '../../packages/model/src/losses/policy.js';
import { lossKey } from '../../packages/model/src/losses/table.js';
import { interpretLoss, type LossFeeds, type LossValues, lossProgram } from './loss-program.js';
import { randomNumbers } from './numbers.js';

/** Every policy loss: each estimator with every penalty, bonus and correction. */
export const POLICY_SPECS: readonly PolicyLossSpec[] = POLICY_ESTIMATORS.flatMap((estimator) =>
  [null, ...KL_ESTIMATORS].flatMap((kl) =>
    [false, true].flatMap((entropy) =>
      [null, ...IMPORTANCE_LEVELS].map((correction) => ({
        kind: 'policy' as const,
        estimator,
        kl,
        entropy,
        correction,
      })),
    ),
  ),
);

/**
 * Exact in single precision, so that definition and program compute with the same numbers; tight, so that all
 * bounds bind.
 */
export const POLICY_NUMBERS: LossNumbers = {
  clipLow: 0.125,
  clipHigh: 0.1875,
  dualClip: 1.25,
  importanceCap: 1.25,
  klCoefficient: 0.5,
  entropyCoefficient: 0.25,
  dpoBeta: 1,
  labelSmoothing: 0,
};

export const WIDTH: number = 5;
/** Ragged, with an empty sequence and one whose middle carries no loss. */
export const MASK: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1],
  [1, 0, 1, 1, 0],
  [0, 0, 0, 0, 0],
  [1, 0, 0, 0, 0],
];
/** Aggregation weight of each token of a sequence. */
export const ROW_WEIGHTS: readonly number[] = [0.125, 0.25, 0.5, 0.375];
export const SIZES: { readonly B: number; readonly S: number } = { B: MASK.length, S: WIDTH };
const MATRICES = [
  'logprobs',
  'oldLogprobs',
  'referenceLogprobs',
  'samplerLogprobs',
  'advantages',
  'entropies',
] as const;
export type Batch = Readonly<Record<(typeof MATRICES)[number], TokenMatrix>>;

const matrix = (seed: number, scale: number, shift: number): number[][] => {
  const values = randomNumbers(MASK.length * WIDTH, seed).map((v) => Math.fround(shift + scale * v));
  return MASK.map((_, s) => values.slice(s * WIDTH, (s + 1) * WIDTH));
};
/** Policies near each other, in nats; advantages in [-2, 2). */
export const BATCH: Batch = {
  logprobs: matrix(1, 0.4, -2),
  oldLogprobs: matrix(2, 0.4, -2),
  referenceLogprobs: matrix(3, 0.4, -2),
  samplerLogprobs: matrix(4, 0.4, -2.25),
  advantages: matrix(5, 2, 0),
  entropies: matrix(6, 0.5, 1),
};

/** The batch as the program takes it. */
export const feedsOf = (batch: Batch): LossFeeds => ({
  ...Object.fromEntries(MATRICES.map((name) => [name, batch[name].flat()])),
  mask: MASK.flat(),
  weights: MASK.flatMap((row, s) => row.map(() => ROW_WEIGHTS[s] ?? 0)),
});

/** The batch as the definition takes it. */
export const inputOf = (spec: PolicyLossSpec, batch: Batch): PolicyObjectiveInput => ({
  ...batch,
  ...POLICY_NUMBERS,
  estimator: spec.estimator,
  mask: MASK,
  weights: ROW_WEIGHTS,
  kl:
    spec.kl === null
      ? null
      : {
          estimator: spec.kl,
          coefficient: POLICY_NUMBERS.klCoefficient,
          referenceLogprobs: batch.referenceLogprobs,
        },
  entropy: spec.entropy ? { coefficient: POLICY_NUMBERS.entropyCoefficient, values: batch.entropies } : null,
  correction:
    spec.correction === null
      ? null
      : { level: spec.correction, cap: POLICY_NUMBERS.importanceCap, samplerLogprobs: batch.samplerLogprobs },
});

/** The batch with other values on padding. */
export const withPadding = (batch: Batch, filler: (index: number) => number): Batch => {
  const fill = (rows: TokenMatrix): number[][] =>
    rows.map((row, s) => row.map((v, t) => (MASK[s]?.[t] === 1 ? v : filler(s * WIDTH + t))));
  return {
    logprobs: fill(batch.logprobs),
    oldLogprobs: fill(batch.oldLogprobs),
    referenceLogprobs: fill(batch.referenceLogprobs),
    samplerLogprobs: fill(batch.samplerLogprobs),
    advantages: fill(batch.advantages),
    entropies: fill(batch.entropies),
  };
};

const programs = new Map<string, Program>();

/** The program of a policy loss, traced once. */
export function policyProgram(spec: PolicyLossSpec): Program {
  const key = lossKey(spec);
  const program = programs.get(key) ?? lossProgram(spec);
  programs.set(key, program);
  return program;
}

/** A policy loss of a batch of the mask's shape, in double precision. */
export const interpretPolicy = (
  spec: PolicyLossSpec,
  batch: Batch,
  numbers: LossNumbers = POLICY_NUMBERS,
): LossValues =>
  interpretLoss({ program: policyProgram(spec), spec, feeds: feedsOf(batch), numbers, sizes: SIZES });
