import { multiplyHigh, randomWords } from '@residency/algorithms';
import { EvaluationError } from '../errors.js';
import { bcaInterval, percentileInterval } from './bootstrap-interval.js';
import { checkCount, checkLevel, DEFAULT_LEVEL, type Interval } from './interval.js';

/** What an interval was asked for as; `bca`: bias-corrected and accelerated. */
export type BootstrapMethod = 'percentile' | 'bca';

export interface BootstrapOptions {
  /** Unsigned integer of 32 bits: equal seeds give equal intervals. */
  readonly seed: number;
  /** @defaultValue 2000 */
  readonly resamples?: number;
  /** @defaultValue 0.95 */
  readonly level?: number;
  /** @defaultValue 'bca' */
  readonly method?: BootstrapMethod;
}

export interface BootstrapInterval extends Interval {
  /** `percentile` also where `bca` was asked for and is not defined: no resample on one side of the estimate. */
  readonly method: BootstrapMethod;
  readonly resamples: number;
  /** Resamples in which the figure is not defined; they are left out. */
  readonly dropped: number;
}

/** A figure that is a ratio of sums over questions, with one entry per question. */
export interface Ratio {
  readonly numerators: readonly number[];
  /** @defaultValue ones: the figure is the mean of the numerators */
  readonly denominators?: readonly number[];
}

export interface RatioEstimate {
  /** Sum of numerators over sum of denominators; null where that is 0. */
  readonly value: number | null;
  readonly interval: BootstrapInterval | null;
}

/** First entry of the random keys of resamples, apart from all other draws. */
const RESAMPLE_STREAM = 0x45564c42;

const DEFAULT_RESAMPLES = 2000;

const ratioOf = (numerator: number, denominator: number): number | null =>
  denominator === 0 ? null : numerator / denominator;

/**
 * The figure of one resample: as many questions as there are, each drawn from all. Four draws come from one block of
 * random bits; a question's probability is off by less than the number of questions over 2^32.
 */
function resampledRatio(x: Float64Array, y: Float64Array, seed: number, resample: number): number | null {
  let [numerator, denominator] = [0, 0];
  for (let drawn = 0, block = 0; drawn < x.length; block++) {
    for (const word of randomWords([RESAMPLE_STREAM, seed, resample, block])) {
      if (drawn === x.length) break;
      const at = multiplyHigh(word, x.length);
      numerator += x[at] ?? 0;
      denominator += y[at] ?? 0;
      drawn++;
    }
  }
  return ratioOf(numerator, denominator);
}

/** The figure without each question in turn. */
function leaveOneOut(x: Float64Array, y: Float64Array, sums: readonly [number, number]): number[] {
  return Array.from(x, (value, i) => ratioOf(sums[0] - value, sums[1] - (y[i] ?? 0))).filter(
    (value) => value !== null,
  );
}

const sumOf = (values: Float64Array): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/**
 * A ratio of sums over questions with a bootstrap interval (Efron and Tibshirani, "An Introduction to the Bootstrap",
 * 1993, chapters 13 and 14). Whole questions are drawn, with all their samples, so that samples of one question may
 * depend on each other; entries that are differences of two models on one question make it a paired comparison.
 * @throws EvaluationError EVALUATION_SHAPE, EVALUATION_NUMBER; AlgorithmError ALGORITHM_RANDOM_KEY for the seed
 */
export function bootstrapRatio(ratio: Ratio, options: BootstrapOptions): RatioEstimate {
  const { seed, resamples = DEFAULT_RESAMPLES, level = DEFAULT_LEVEL, method = 'bca' } = options;
  checkCount('resamples', resamples, 1);
  checkLevel(level);
  const x = Float64Array.from(ratio.numerators);
  const y = ratio.denominators ? Float64Array.from(ratio.denominators) : new Float64Array(x.length).fill(1);
  if (x.length !== y.length)
    throw new EvaluationError(
      'EVALUATION_SHAPE',
      `ratio: ${x.length} numerators and ${y.length} denominators, want as many`,
    );
  if (!x.every(Number.isFinite) || !y.every((value) => value >= 0 && Number.isFinite(value)))
    throw new EvaluationError(
      'EVALUATION_NUMBER',
      'ratio: want finite numerators and denominators, the latter of at least 0',
    );
  const sums = [sumOf(x), sumOf(y)] as const;
  const value = ratioOf(...sums);
  if (value === null) return { value, interval: null };
  const all = Array.from({ length: resamples }, (_, resample) => resampledRatio(x, y, seed, resample));
  const replicates = Float64Array.from(all.filter((replicate) => replicate !== null)).sort();
  const counts = { resamples, dropped: resamples - replicates.length };
  if (replicates.length === 0) return { value, interval: null };
  const accelerated =
    method === 'bca'
      ? bcaInterval({ estimate: value, replicates, leftOut: leaveOneOut(x, y, sums), level })
      : null;
  return accelerated === null
    ? { value, interval: { ...percentileInterval(replicates, level), method: 'percentile', ...counts } }
    : { value, interval: { ...accelerated, method: 'bca', ...counts } };
}
