/** Below this the series of erf loses no digits; above it the continued fraction of erfc converges fast. */
const SERIES_END = 2.5;

/** erf(x) = 2/sqrt(pi) sum_n (-1)^n x^(2n+1) / (n! (2n+1)) (Abramowitz and Stegun 7.1.5), as 7.1.6 without cancelling. */
function erfSeries(x: number): number {
  // erf(x) = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (1·3·…·(2n+1)): all terms have one sign.
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Depth of the continued fraction: at x >= 2.5 the last level changes nothing that a double holds. */
const LEVELS = 120;

/** erfc(x) for x >= 2.5: exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))) (Abramowitz and Stegun 7.1.14). */
function erfcFraction(x: number): number {
  let tail = x;
  for (let n = LEVELS; n >= 1; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/** The complementary error function, to about 14 digits, also far out. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  return x < SERIES_END ? 1 - erfSeries(x) : erfcFraction(x);
}

/** P(Z <= z) of a standard normal variable. */
export const normalCdf = (z: number): number => erfc(-z / Math.SQRT2) / 2;

/**
 * The z with P(Z <= z) = p; infinite at 0 and 1. A rational first guess (Abramowitz and Stegun 26.2.23), then steps of
 * Halley's method on the distribution function.
 * @param p in [0, 1]
 */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let z =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let step = 0; step < 4; step++) {
    // With f = cdf(z) - p: f' is the density, f'' = -z f'.
    const u = (normalCdf(z) - p) * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2);
    z -= u / (1 + (z * u) / 2);
  }
  return z;
}

/** P(X >= x) of a chi-squared variable with one degree of freedom, x >= 0. */
export const chiSquaredTail = (x: number): number => erfc(Math.sqrt(x / 2));
