/** The middle value, or the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  if (low === undefined || high === undefined) throw new RangeError('median: want at least one value');
  return (low + high) / 2;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Slope of the least-squares line through points. @throws RangeError unless two of them differ in x */
export function slope(points: readonly Point[]): number {
  const mean = (f: (p: Point) => number): number => points.reduce((n, p) => n + f(p), 0) / points.length;
  const [mx, my] = [mean((p) => p.x), mean((p) => p.y)];
  const spread = mean((p) => (p.x - mx) ** 2);
  if (!(spread > 0)) throw new RangeError(`slope: want points of different x, got ${points.length}`);
  return mean((p) => (p.x - mx) * (p.y - my)) / spread;
}

/**
 * Exponent b of the power law y = a x^b that fits best, by least squares of logarithms.
 * @throws RangeError as `slope`
 */
export const exponent = (points: readonly Point[]): number =>
  slope(points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) })));

export interface RunCost {
  readonly ms: number;
  readonly peakRssMb: number;
}

/** Ours relative to the other's: below 1 means quicker, or smaller. */
export interface CostRatio {
  readonly time: number;
  readonly memory: number;
}

/**
 * Medians over the rounds of the ratios within each round, whose two runs followed each other: what slowed
 * the whole machine for a while slowed both.
 * @throws RangeError where a round is not complete
 */
export function medianRatio(ours: readonly RunCost[], other: readonly RunCost[]): CostRatio {
  if (ours.length !== other.length)
    throw new RangeError(`medianRatio: want as many runs of both, got ${ours.length} and ${other.length}`);
  const of = (f: (c: RunCost) => number): number =>
    median(ours.map((c, i) => f(c) / f(other[i] ?? { ms: Number.NaN, peakRssMb: Number.NaN })));
  return { time: of((c) => c.ms), memory: of((c) => c.peakRssMb) };
}
