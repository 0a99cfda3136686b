/** Mean of at least one value, summed in index order. */
export function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * Mean of at least one value, as the first value plus the mean distance to it: exact where all are equal, so that
 * such a group has no rounding left to standardise.
 */
export function steadyMean(values: readonly number[]): number {
  const [first = 0] = values;
  let sum = 0;
  for (const value of values) sum += value - first;
  return first + sum / values.length;
}

/** Sum of squared distances to a mean that is given, in index order. */
export function squaredSpread(values: readonly number[], mean: number): number {
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return squares;
}

/** Sample standard deviation (divisor n - 1) around a mean that is given; n >= 2, summed in index order. */
export const sampleStd = (values: readonly number[], mean: number): number =>
  Math.sqrt(squaredSpread(values, mean) / (values.length - 1));

/** Population standard deviation (divisor n) around a mean that is given; n >= 1. */
export const populationStd = (values: readonly number[], mean: number): number =>
  Math.sqrt(squaredSpread(values, mean) / values.length);
