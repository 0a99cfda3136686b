import { bcaInterval, bootstrapRatio, percentileInterval, quantile } from '@residency/evaluation';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Means of all n^n ways to draw n values. */
function allMeans(values: readonly number[]): number[] {
  let sums = [0];
  for (let drawn = 0; drawn < values.length; drawn++)
    sums = sums.flatMap((sum) => values.map((value) => sum + value));
  return sums.map((sum) => sum / values.length).sort((a, b) => a - b);
}

const leftOut = (values: readonly number[]): number[] => {
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => (sum - value) / (values.length - 1));
};

describe('intervals of replicates', () => {
  test('quantiles are interpolated', () => {
    expect([0, 0.25, 0.3, 1].map((p) => quantile([10, 20, 40], p))).toEqual([10, 15, 16, 40]);
  });

  // Worked apart, in Python, from all 4^4 and 6^6 resamples: numpy's quantile and the standard library's normal distribution.
  test.each([
    [[1, 2, 4, 9], 0.95, [1.75, 7.75], [1.5, 7.25]],
    [[1, 2, 4, 9], 0.8, [2.25, 6.5], [2, 6]],
    [[0, 1, 1, 1, 1, 1], 0.95, [1 / 3, 1], [0.5, 1]],
  ])('of %j at level %d', (values, level, accelerated, plain) => {
    const replicates = allMeans(values);
    const estimate = values.reduce((a, b) => a + b, 0) / values.length;

    expect(percentileInterval(replicates, level)).toEqual({ low: plain[0], high: plain[1], level });
    const bca = bcaInterval({ estimate, replicates, leftOut: leftOut(values), level });
    expect(bca?.low).toBeCloseTo(accelerated[0] ?? 0, 12);
    expect(bca?.high).toBeCloseTo(accelerated[1] ?? 0, 12);
  });

  test('bias and acceleration are left to percentiles where they are not defined', () => {
    const input = { estimate: 5, replicates: [1, 2, 3], leftOut: [1, 2], level: 0.95 };

    expect(bcaInterval(input)).toBeNull();
  });
});

describe('bootstrapRatio', () => {
  test('comes near the interval of all resamples', () => {
    const exact = percentileInterval(allMeans([1, 2, 4, 9]), 0.8);
    const { value, interval } = bootstrapRatio(
      { numerators: [1, 2, 4, 9] },
      { seed: 3, resamples: 20_000, level: 0.8, method: 'percentile' },
    );

    expect(value).toBe(4);
    expect(interval).toEqual({ ...exact, method: 'percentile', resamples: 20_000, dropped: 0 });
  });

  test('has the standard error of a mean', () => {
    const numerators = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const { interval } = bootstrapRatio({ numerators }, { seed: 1, resamples: 4000 });
    const width = (interval?.high ?? 0) - (interval?.low ?? 0);

    // 2 · 1.96 · sqrt(0.25 · 0.75 / 400), to 5 %: the replicates' own noise is below 3 %.
    expect(width / (2 * 1.96 * Math.sqrt((0.25 * 0.75) / 400))).toBeGreaterThan(0.95);
    expect(width / (2 * 1.96 * Math.sqrt((0.25 * 0.75) / 400))).toBeLessThan(1.05);
  });

  test('draws whole questions: samples of one that agree widen the interval', () => {
    const questions = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 4 : 0));
    const clustered = bootstrapRatio(
      { numerators: questions, denominators: questions.map(() => 4) },
      { seed: 1 },
    );
    const apart = bootstrapRatio({ numerators: questions.flatMap((c) => Array(4).fill(c / 4)) }, { seed: 1 });
    const width = (figure: typeof apart) => (figure.interval?.high ?? 0) - (figure.interval?.low ?? 0);

    expect(clustered.value).toBe(apart.value);
    expect(width(clustered) / width(apart)).toBeGreaterThan(1.7);
  });

  test('is a function of its seed', () => {
    const ratio = { numerators: Array.from({ length: 50 }, (_, i) => (i * i) % 7) };

    expect(bootstrapRatio(ratio, { seed: 5 })).toEqual(bootstrapRatio(ratio, { seed: 5 }));
    expect(bootstrapRatio(ratio, { seed: 5 }).interval).not.toEqual(
      bootstrapRatio(ratio, { seed: 6 }).interval,
    );
  });

  test.each(['percentile', 'bca'] as const)('the %s interval holds the estimate', (method) => {
    const question = fc.nat(4).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)));
    fc.assert(
      fc.property(fc.array(question, { minLength: 1, maxLength: 30 }), fc.nat(99), (questions, seed) => {
        const numerators = questions.map(([correct]) => correct);
        const denominators = questions.map(([, all]) => all);
        const { value, interval } = bootstrapRatio(
          { numerators, denominators },
          { seed, method, resamples: 400 },
        );

        if (value === null) return void expect(interval).toBeNull();
        expect(interval?.low).toBeLessThanOrEqual(value);
        expect(interval?.high).toBeGreaterThanOrEqual(value);
      }),
    );
  });

  test('has no value without a denominator, and says how many resamples had none', () => {
    expect(bootstrapRatio({ numerators: [0, 0], denominators: [0, 0] }, { seed: 1 })).toEqual({
      value: null,
      interval: null,
    });
    expect(bootstrapRatio({ numerators: [] }, { seed: 1 })).toEqual({ value: null, interval: null });
    const { interval } = bootstrapRatio({ numerators: [1, 0], denominators: [1, 0] }, { seed: 1 });
    // Both draws are of the second question in a quarter of the resamples.
    expect((interval?.dropped ?? 0) / 2000).toBeCloseTo(0.25, 1);
    expect(interval).toMatchObject({ low: 1, high: 1 });
  });

  test('refuses what it cannot work on', () => {
    const code = (wanted: string) => expect.objectContaining({ code: wanted });

    expect(() => bootstrapRatio({ numerators: [1], denominators: [] }, { seed: 1 })).toThrowError(
      code('EVALUATION_SHAPE'),
    );
    expect(() => bootstrapRatio({ numerators: [Number.NaN] }, { seed: 1 })).toThrowError(
      code('EVALUATION_NUMBER'),
    );
    expect(() => bootstrapRatio({ numerators: [1] }, { seed: -1 })).toThrowError(
      code('ALGORITHM_RANDOM_KEY'),
    );
  });
});
