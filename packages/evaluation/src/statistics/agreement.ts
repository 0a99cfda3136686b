import { EvaluationError } from '../errors.js';

/** How far two judges agree on what both counted. */
export interface Agreement {
  /** Completions that both counted. */
  readonly pairs: number;
  /** Share of equal counts; null without pairs. */
  readonly exact: number | null;
  /** Cohen's kappa with quadratic weights; null without pairs, or where all counts are one number. */
  readonly kappa: number | null;
}

/**
 * Agreement of counts, pair by pair: the share of equal ones, and Cohen's kappa with quadratic weights ("Weighted kappa",
 * 1968), 1 - mean((a-b)²) / mean over all i, j of (a_i-b_j)², as counts that differ by one disagree less than counts that
 * differ by five, and have no largest category. The denominator is var(a) + var(b) + (mean a - mean b)², so that time is
 * linear.
 * @throws EvaluationError EVALUATION_SHAPE
 */
export function agreement(a: readonly number[], b: readonly number[]): Agreement {
  if (a.length !== b.length)
    throw new EvaluationError('EVALUATION_SHAPE', `counts: ${a.length} and ${b.length}, want as many`);
  const pairs = a.length;
  if (pairs === 0) return { pairs, exact: null, kappa: null };
  let [equal, sumA, sumB] = [0, 0, 0];
  for (const [i, left] of a.entries()) {
    const right = b[i] ?? 0;
    if (left === right) equal++;
    sumA += left;
    sumB += right;
  }
  const [meanA, meanB] = [sumA / pairs, sumB / pairs];
  let [observed, spread] = [0, 0];
  for (const [i, left] of a.entries()) {
    const right = b[i] ?? 0;
    observed += (left - right) ** 2;
    spread += (left - meanA) ** 2 + (right - meanB) ** 2;
  }
  const expected = spread / pairs + (meanA - meanB) ** 2;
  return {
    pairs,
    exact: equal / pairs,
    kappa: expected === 0 ? null : 1 - observed / pairs / expected,
  };
}
