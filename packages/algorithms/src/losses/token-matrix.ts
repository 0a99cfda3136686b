import { AlgorithmError } from '../errors.js';

/**
 * A value per token, [samples][tokens]: one row per sample. Rows may be ragged, or right-padded where a mask
 * says so.
 */
export type TokenMatrix = readonly (readonly number[])[];

/**
 * The value of a token that carries loss.
 * @throws AlgorithmError ALGORITHM_SHAPE where the matrix has none
 */
export function tokenAt(name: string, matrix: TokenMatrix, sample: number, token: number): number {
  const value = matrix[sample]?.[token];
  if (value !== undefined) return value;
  throw new AlgorithmError('ALGORITHM_SHAPE', `${name}[${sample}][${token}] is missing, but its mask is 1`);
}

/**
 * A matrix of the mask's shape: what the function gives for tokens that carry loss (mask above 0), 0 for
 * others, of which nothing is read.
 */
export function mapTokens(mask: TokenMatrix, value: (sample: number, token: number) => number): number[][] {
  return mask.map((row, sample) => row.map((bit, token) => (bit > 0 ? value(sample, token) : 0)));
}

/** Sum over the tokens of a matrix, each row times its weight where weights are given, in index order. */
export function sumTokens(matrix: TokenMatrix, rowWeights?: readonly number[]): number {
  let sum = 0;
  for (const [sample, row] of matrix.entries()) {
    const weight = rowWeights ? rowWeights[sample] : 1;
    if (weight === undefined) {
      throw new AlgorithmError(
        'ALGORITHM_SHAPE',
        `weights has ${rowWeights?.length} rows, want ${matrix.length}`,
      );
    }
    for (const value of row) sum += weight * value;
  }
  return sum;
}

/** Number of tokens of each sample that carry loss. */
export const maskLengths = (mask: TokenMatrix): number[] =>
  mask.map((row) => row.reduce((n, bit) => n + (bit > 0 ? 1 : 0), 0));

/** A value moved into [low, high]. */
export const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

/**
 * Log-ratios are moved into ±20 before exp, as the reference trainers do: beyond it exp overflows single
 * precision.
 */
export const boundLogRatio = (difference: number): number => clamp(difference, -20, 20);
