/** Reproducible numbers in [-1, 1) for tests: a small linear congruential generator. */
export function randomNumbers(count: number, seed: number): number[] {
  let state = (seed * 2654435761) % 4294967296;
  return Array.from({ length: count }, () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 2147483648 - 1;
  });
}

/** Largest |a - b| relative to the larger of 1 and the largest |b|. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1, ...Array.from(b, Math.abs));
  return Array.from(a, (v, i) => Math.abs(v - (b[i] ?? Number.NaN)) / scale).reduce(
    (m, d) => (d > m || Number.isNaN(d) ? d : m),
    0,
  );
}
