import { EvaluationError } from '../errors.js';

/** A range that holds the true value with a probability of about `level`. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** In (0, 1): 0.95 for the usual one. */
  readonly level: number;
}

/** What intervals hold where nothing else is asked for. */
export const DEFAULT_LEVEL = 0.95;

/** @throws EvaluationError EVALUATION_NUMBER */
export function checkLevel(level: number): void {
  if (!(level > 0 && level < 1))
    throw new EvaluationError('EVALUATION_NUMBER', `level is ${level}, want a number above 0 and below 1`);
}

/** @throws EvaluationError EVALUATION_NUMBER for what is no whole number of at least `least` */
export function checkCount(name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new EvaluationError(
      'EVALUATION_NUMBER',
      `${name} is ${value}, want a whole number of at least ${least}`,
    );
}
