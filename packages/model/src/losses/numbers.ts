import { ModelError } from '../errors.js';
import type { ScalarInput } from './loss.js';

/** Hyperparameters of losses. Each loss reads those that it has a use for. */
export interface LossNumbers {
  /** Ratios are clipped to [1 - clipLow, 1 + clipHigh]; in [0, 1] and at least 0. */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** Bound of the dual clip, in units of the advantage; above 1. */
  readonly dualClip: number;
  /** Largest importance weight; above 0. */
  readonly importanceCap: number;
  /** Weight of the KL penalty; at least 0. */
  readonly klCoefficient: number;
  /** Weight of the entropy bonus; at least 0. */
  readonly entropyCoefficient: number;
  /** Strength of the pull to the reference in preference losses; above 0. */
  readonly dpoBeta: number;
  /** Share of preference labels taken to be wrong; in [0, 0.5). */
  readonly labelSmoothing: number;
}
export type LossNumber = keyof LossNumbers;

interface NumberRule {
  readonly isValid: (value: number) => boolean;
  readonly want: string;
}

const notNegative: NumberRule = { isValid: (v) => v >= 0, want: 'a number of at least 0' };
const positive: NumberRule = { isValid: (v) => v > 0, want: 'a number above 0' };

const RULES: { readonly [N in LossNumber]: NumberRule } = {
  clipLow: { isValid: (v) => v >= 0 && v <= 1, want: 'a number in [0, 1]' },
  clipHigh: notNegative,
  dualClip: { isValid: (v) => v > 1, want: 'a number above 1' },
  importanceCap: positive,
  klCoefficient: notNegative,
  entropyCoefficient: notNegative,
  dpoBeta: positive,
  labelSmoothing: { isValid: (v) => v >= 0 && v < 0.5, want: 'a number in [0, 0.5)' },
};

const same = <N extends LossNumber>(number: N) => ({ number, toInput: (value: number): number => value });

/** Where each scalar input comes from. */
const SCALARS: {
  readonly [S in ScalarInput]: { readonly number: LossNumber; readonly toInput: (value: number) => number };
} = {
  ratioMin: { number: 'clipLow', toInput: (v) => 1 - v },
  ratioMax: { number: 'clipHigh', toInput: (v) => 1 + v },
  dualClip: same('dualClip'),
  importanceCap: same('importanceCap'),
  klCoefficient: same('klCoefficient'),
  entropyCoefficient: same('entropyCoefficient'),
  dpoBeta: same('dpoBeta'),
  labelSmoothing: same('labelSmoothing'),
};

/**
 * The value of a scalar input.
 * @throws ModelError `MODEL_REQUEST` naming the number that is missing or outside its range
 */
export function scalarValue(input: ScalarInput, numbers: Partial<LossNumbers>): number {
  const { number, toInput } = SCALARS[input];
  const value = numbers[number];
  const { isValid, want } = RULES[number];
  if (value === undefined || !Number.isFinite(value) || !isValid(value)) {
    throw new ModelError('MODEL_REQUEST', `${number} is ${value ?? 'missing'}, want ${want}`);
  }
  return toInput(value);
}
