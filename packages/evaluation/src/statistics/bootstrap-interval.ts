import type { Interval } from './interval.js';
import { normalCdf, normalQuantile } from './normal.js';

/**
 * Quantile of sorted values, by linear interpolation between the two around place p (n - 1) (Hyndman and Fan, "Sample
 * quantiles in statistical packages", 1996, definition 7).
 * @param sorted at least one value, rising
 * @param p in [0, 1]
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (place - below);
}

/** The middle `level` of the replicates (Efron and Tibshirani 1993, section 13.3). @param replicates rising */
export function percentileInterval(replicates: ArrayLike<number>, level: number): Interval {
  const tail = (1 - level) / 2;
  return { low: quantile(replicates, tail), high: quantile(replicates, 1 - tail), level };
}

/** Share of values below, equal ones counted half: figures of few questions take few values, many of them equal. */
function shareBelow(sorted: ArrayLike<number>, value: number): number {
  let [less, equal] = [0, 0];
  for (let i = 0; i < sorted.length; i++) {
    const replicate = sorted[i] ?? 0;
    if (replicate < value) less++;
    else if (replicate === value) equal++;
  }
  return (less + equal / 2) / sorted.length;
}

/** sum (m - t_i)³ / (6 (sum (m - t_i)²)^1.5) over the figures t_i with one question left out, m their mean; 0 where all are equal. */
function acceleration(leftOut: readonly number[]): number {
  let sum = 0;
  for (const value of leftOut) sum += value;
  const mean = sum / leftOut.length;
  let [squares, cubes] = [0, 0];
  for (const value of leftOut) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

export interface BcaInput {
  readonly estimate: number;
  /** Figures of the resamples, rising, at least one. */
  readonly replicates: ArrayLike<number>;
  /** Figures with one question left out. */
  readonly leftOut: readonly number[];
  readonly level: number;
}

/**
 * The bias-corrected and accelerated interval (Efron and Tibshirani 1993, equations 14.9 to 14.15):
 * z0 = quantile of the share of replicates below the estimate, ends at cdf(z0 + (z0 ± z) / (1 - a (z0 ± z))). Null where
 * it is not defined: no replicate on one side, or an acceleration that turns the ends around.
 */
export function bcaInterval({ estimate, replicates, leftOut, level }: BcaInput): Interval | null {
  const bias = normalQuantile(shareBelow(replicates, estimate));
  if (!Number.isFinite(bias)) return null;
  const a = acceleration(leftOut);
  const z = normalQuantile((1 + level) / 2);
  const scales = [bias - z, bias + z].map((shifted) => ({ shifted, scale: 1 - a * shifted }));
  if (scales.some(({ scale }) => scale <= 0)) return null;
  const [low = 0, high = 1] = scales.map(({ shifted, scale }) =>
    quantile(replicates, normalCdf(bias + shifted / scale)),
  );
  return { low, high, level };
}
