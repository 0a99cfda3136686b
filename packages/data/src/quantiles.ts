/** Order statistics of a list of lengths. */
export interface Quantiles {
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Quantiles by nearest rank, so that each is a value of the list: the quantile q is the smallest value that at least
 * a share q of the list does not exceed. Null for an empty list.
 */
export function quantilesOf(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  // Rounding q n to a whole number must not lift it over the next rank.
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)] ?? 0;
  return { min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
