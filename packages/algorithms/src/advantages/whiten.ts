import { AlgorithmError } from '../errors.js';
import { mapTokens, type TokenMatrix, tokenAt } from '../losses/token-matrix.js';

const VARIANCE_EPSILON = 1e-8;

/** How whitening moves and scales a value. */
export type Whitening = (value: number) => number;

/**
 * (v - mean) / sqrt(variance + 1e-8) over the tokens that carry loss, variance with the divisor n - 1 (GiGPO
 * specification 2). One token alone becomes 0: it has no spread, which the reference trainer refuses.
 * @throws AlgorithmError ALGORITHM_SHAPE where such a token lacks a value, ALGORITHM_MASK_EMPTY
 */
export function whiteningOf(name: string, matrix: TokenMatrix, mask: TokenMatrix): Whitening {
  const values: number[] = [];
  for (const [s, row] of mask.entries()) {
    for (const [t, bit] of row.entries()) if (bit > 0) values.push(tokenAt(name, matrix, s, t));
  }
  return whiteningOfCounts(
    values,
    values.map(() => 1),
  );
}

/**
 * The same where value i stands for `counts[i]` equal tokens.
 * @throws AlgorithmError ALGORITHM_MASK_EMPTY
 */
export function whiteningOfCounts(values: readonly number[], counts: readonly number[]): Whitening {
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  if (tokens === 0) throw new AlgorithmError('ALGORITHM_MASK_EMPTY', 'mask: no token carries loss, want one');
  // Distances to one of the values are exact zeros where all are equal.
  const origin = values[counts.findIndex((count) => count > 0)] ?? 0;
  let sum = 0;
  for (const [i, value] of values.entries()) sum += (counts[i] ?? 0) * (value - origin);
  const mean = origin + sum / tokens;
  let squares = 0;
  for (const [i, value] of values.entries()) squares += (counts[i] ?? 0) * (value - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / Math.max(tokens - 1, 1) + VARIANCE_EPSILON);
  return (value) => (value - mean) * scale;
}

/** A whitened matrix of the mask's shape, 0 on padding. */
export function whitenTokens(name: string, matrix: TokenMatrix, mask: TokenMatrix): number[][] {
  const whiten = whiteningOf(name, matrix, mask);
  return mapTokens(mask, (s, t) => whiten(tokenAt(name, matrix, s, t)));
}
