import { compile, createLocalRunner, ops, sym, type Tensor, trace } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { randomNumbers } from '../../support/numbers.js';

const runner = createLocalRunner();
afterAll(() => runner.close());

const ones = (x: Tensor): Tensor => {
  const width = x.shape[1];
  if (typeof width !== 'number') throw new Error('want a known width');
  return ops.constant(x.trace, new Array<number>(width).fill(1), { shape: [width], dtype: 'f32' });
};
const ROW_FUNCTIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  reduceSum: (x) => ops.reduceSum(x, [1]),
  rmsNorm: (x) => ops.rmsNorm(x, ones(x), 1e-6),
  softmax: ops.softmax,
  logSoftmax: ops.logSoftmax,
  cumSum: (x) => ops.cumSum(x),
};
const WIDTHS = [1, 2, 3, 6, 7, 16, 17, 23, 31, 33, 64, 65, 100];

describe('functions of rows', () => {
  it.each(Object.keys(ROW_FUNCTIONS))('%s gives a row the same bits wherever it lies', async (name) => {
    for (const width of WIDTHS) {
      const program = trace('rows', (t) => {
        // Computed, as what is summed in a model is: the memory of an input may begin anywhere.
        const x = ops.mul(t.input('x', [sym('N'), width]), 1);
        return { y: ROW_FUNCTIONS[name]?.(x) ?? x };
      });
      const session = await compile(program, { runner, threads: 1 });
      const row = randomNumbers(width, 3 * width + 1);
      const results = new Set<string>();
      for (const rows of [1, 2, 5, 8, 13]) {
        const x = Float32Array.from({ length: rows * width }, (_, i) => row[i % width] ?? 0);
        const y = Array.from((await session.run({ N: rows }, { x }))['y'] ?? [], Number);
        const each = y.length / rows;
        for (let r = 0; r < rows; r++) results.add(y.slice(r * each, (r + 1) * each).join());
      }
      await session.close();
      expect([...results], `width ${width}`).toHaveLength(1);
    }
  });

  it('sums rows of any width, also where they are padded', async () => {
    for (const width of WIDTHS) {
      const program = trace('sums', (t) => {
        const x = t.input('x', [sym('N'), 3, width]);
        return {
          last: ops.reduceSum(x, [2]),
          both: ops.reduceSum(x, [1, 2]),
          all: ops.reduceSum(x, [0, 1, 2]),
        };
      });
      const session = await compile(program, { runner, threads: 1 });
      const x = randomNumbers(2 * 3 * width, width);
      const out = await session.run({ N: 2 }, { x: Float32Array.from(x) });
      await session.close();

      const sum = (from: number, count: number): number =>
        x.slice(from, from + count).reduce((a, b) => a + b, 0);
      const expected = {
        last: [0, 1, 2, 3, 4, 5].map((r) => sum(r * width, width)),
        both: [0, 1].map((n) => sum(n * 3 * width, 3 * width)),
        all: [sum(0, 6 * width)],
      };
      for (const [key, values] of Object.entries(expected)) {
        const found = Array.from(out[key] ?? [], Number);
        expect(found).toHaveLength(values.length);
        found.forEach((v, i) => {
          expect(v, `${key} ${width}`).toBeCloseTo(values[i] ?? Number.NaN, 4);
        });
      }
    }
  });
});
