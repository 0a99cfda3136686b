import { GradientSum, type NamedTensor } from '@residency/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../../../support/numbers.js';

const SHAPES: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ['a', [2, 3]],
  ['b', [4]],
];
const parameters = SHAPES.map(([name, shape], k): NamedTensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  return { name, shape, data: Float32Array.from(randomNumbers(count, k)) };
});

/** Gradients whose magnitudes differ so much that every order of adding them rounds in its own way. */
const gradientOf = (group: number): Float32Array[] =>
  parameters.map(({ data }, k) =>
    Float32Array.from(
      randomNumbers(data.length, 7 + 3 * group + k),
      (v, i) => v * 10 ** ((group * 5 + i) % 23),
    ),
  );

/** What a run of several groups gives: `grad:<name>` [N, ...shape]. */
function runOf(groups: readonly number[]): Record<string, Float32Array> {
  const each = groups.map(gradientOf);
  return Object.fromEntries(
    parameters.map(({ name }, k) => [
      `grad:${name}`,
      Float32Array.from(each.flatMap((g) => [...(g[k] ?? [])])),
    ]),
  );
}

const bitsOf = (sum: GradientSum): string[] => sum.sums.map((s) => Buffer.from(s.buffer).toString('hex'));

function oneByOne(count: number): GradientSum {
  const sum = new GradientSum(parameters);
  for (let group = 0; group < count; group++) sum.addOutputs(runOf([group]));
  return sum;
}

/** Groups 0 to n - 1 in any order, cut into runs anywhere. */
const batchings = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc
    .tuple(
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, i) => i),
        { minLength: count },
      ),
      fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    )
    .map(([order, isCutAfter]) => {
      const runs: number[][] = [[]];
      order.forEach((group, i) => {
        runs.at(-1)?.push(group);
        if (isCutAfter[i]) runs.push([]);
      });
      return { count, runs: runs.filter((run) => run.length > 0) };
    }),
);

describe('GradientSum', () => {
  it('has the same bits for every partition of the groups into runs and every order of the runs', () => {
    fc.assert(
      fc.property(batchings, ({ count, runs }) => {
        const sum = new GradientSum(parameters);
        for (const run of runs) sum.addGroups(runOf(run), run);
        const expected = oneByOne(count);

        expect(bitsOf(sum)).toEqual(bitsOf(expected));
        expect(sum.norm()).toBe(expected.norm());
        expect([sum.groups, sum.held]).toEqual([count, 0]);
      }),
    );
  });

  it('would have other bits if it added in another order', () => {
    const reversed = new GradientSum(parameters);
    for (let group = 11; group >= 0; group--) reversed.addOutputs(runOf([group]));

    expect(bitsOf(reversed)).not.toEqual(bitsOf(oneByOne(12)));
  });

  it('is the sum and the norm of exact arithmetic, to rounding', () => {
    const sum = oneByOne(6);
    const exact = parameters.map(({ data }, k) =>
      Array.from(data, (_, i) => Array.from({ length: 6 }, (_, g) => gradientOf(g)[k]?.[i] ?? Number.NaN)),
    );
    sum.sums.forEach((values, k) => {
      values.forEach((value, i) => {
        const parts = exact[k]?.[i] ?? [];
        const total = parts.reduce((a, b) => a + b, 0);
        const size = parts.reduce((a, b) => a + Math.abs(b), 0);
        expect(Math.abs(value - total)).toBeLessThanOrEqual(1e-15 * size);
      });
    });

    expect(sum.norm() / Math.hypot(...sum.sums.flatMap((s) => [...s]))).toBeCloseTo(1, 14);
  });

  it('holds only groups that come early, and copies of them', () => {
    const sum = new GradientSum(parameters);
    const early = runOf([2, 4, 0]);
    sum.addGroups(early, [2, 4, 0]);
    expect([sum.groups, sum.held]).toEqual([1, 2]);
    for (const values of Object.values(early)) values.fill(Number.NaN);

    sum.addGroups(runOf([1]), [1]);
    expect([sum.groups, sum.held]).toEqual([3, 1]);
    expect(() => sum.sums).toThrow('the gradient of group 3 is missing');
    expect(() => sum.norm()).toThrow('the gradient of group 3 is missing');

    sum.addGroups(runOf([3]), [3]);
    expect([sum.groups, sum.held]).toEqual([5, 0]);
    expect(bitsOf(sum)).toEqual(bitsOf(oneByOne(5)));
  });

  it('lets a group without a gradient pass', () => {
    const sum = new GradientSum(parameters);
    sum.addGroups(runOf([1, 0]), [3, 1]);
    sum.skipGroup(2);
    expect(sum.groups).toBe(0);
    sum.skipGroup(0);
    const expected = new GradientSum(parameters);
    expected.addOutputs(runOf([0]));
    expected.addOutputs(runOf([1]));

    expect(sum.groups).toBe(4);
    expect(bitsOf(sum)).toEqual(bitsOf(expected));
  });

  it('has a norm that is not finite as soon as one gradient is not', () => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const sum = oneByOne(1);
      sum.addOutputs({ ...runOf([1]), 'grad:b': Float32Array.of(0, 0, broken, 0) });
      expect(Number.isFinite(sum.norm())).toBe(false);
    }
  });

  it.each<[string, (sum: GradientSum) => void]>([
    ['gradient of b: found none, want 1 x 4', (sum) => sum.addOutputs({ 'grad:a': new Float32Array(6) })],
    ['gradient of a: found 6 values, want 2 x 6', (sum) => sum.addGroups(runOf([1]), [1, 2])],
    ['group 0 is no index or was added before', (sum) => sum.addGroups(runOf([1, 0]), [1, 0])],
    ['group 3 is no index or was added before', (sum) => sum.addGroups(runOf([3]), [3])],
    ['group 1.5 is no index', (sum) => sum.addGroups(runOf([1]), [1.5])],
    ['a run has a group twice', (sum) => sum.addGroups(runOf([1, 2]), [1, 1])],
  ])('refuses a run that does not fit and keeps its sum: %s', (message, add) => {
    const sum = oneByOne(1);
    sum.addGroups(runOf([3]), [3]);
    expect(() => add(sum)).toThrow(message);

    sum.addGroups(runOf([1, 2]), [1, 2]);
    expect(bitsOf(sum)).toEqual(bitsOf(oneByOne(4)));
  });
});
