import {
  estimateMemory,
  grad,
  loop,
  ops,
  type Program,
  sumAll,
  sym,
  type Tensor,
  trace,
} from '@residency/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { profiledRun } from '../../../support/profiled-run.js';

const [N, T] = [sym('N'), sym('T')];
const KIB = 1024;

/** A program of one f32[N,256] input; with N = 1 a value of that shape is a kibibyte. */
const onRows = (build: (x: Tensor) => Readonly<Record<string, Tensor>>): Program =>
  trace('rows', (t) => build(t.input('x', [N, 256])));
const aliveIn = (program: Program, sizes: Readonly<Record<string, number>> = { N: 1 }): number =>
  estimateMemory(program, sizes).aliveBytes;

describe('memory estimate', () => {
  it('frees values behind their last reader', () => {
    const chain = onRows((x) => ({ y: [1, 2, 3, 4, 5].reduce((v) => ops.exp(v), x) }));
    expect(aliveIn(chain)).toBe(2 * KIB);
    // The first value waits for the last.
    const kept = onRows((x) => {
      const first = ops.exp(x);
      return { y: ops.mul(first, ops.sin(ops.cos(ops.neg(first)))) };
    });
    expect(aliveIn(kept)).toBe(3 * KIB);
    expect(aliveIn(kept, { N: 7 })).toBe(7 * 3 * KIB);
  });

  it('counts inputs, weights and outputs by their dtypes, and only those in use', () => {
    const program = trace('sizes', (t) => {
      const [x, w] = [t.input('x', [N, 256]), t.weight('w', [256, 256])];
      t.input('unused', [N, 4096]);
      const ids = t.input('ids', [N], 'i64');
      const y = ops.gather(ops.matmul(x, w), ids);
      return { y, hit: ops.less(y, 0) };
    });
    expect(estimateMemory(program, { N: 2 })).toMatchObject({
      inputsBytes: 2 * KIB + 16,
      weightsBytes: 256 * KIB,
      outputsBytes: 2 * KIB + 512,
      aliveBytes: 4 * KIB,
    });
  });

  it('lets views share memory, and copies an output that is no value of its own', () => {
    const views = onRows((x) => {
      const y = ops.reshape(ops.exp(x), [256, N]);
      return { y: ops.neg(ops.after(y, ops.reshape(x, [256, N]))) };
    });
    expect(aliveIn(views)).toBe(2 * KIB);
    expect(aliveIn(onRows((x) => ({ same: x })))).toBe(KIB);
    const twice = onRows((x) => {
      const y = ops.exp(x);
      return { y, again: y };
    });
    expect(aliveIn(twice)).toBe(2 * KIB);
  });

  it('holds what a loop found, makes and hands out', () => {
    const growing = onRows((x) => {
      const count = ops.constant(x.trace, [3], { shape: [], dtype: 'i64' });
      const start = ops.slice(x, { axis: 0, start: 0, end: 0 });
      const { carried } = loop({
        tripCount: count,
        initial: [start],
        carriedShapes: [[T, 256]],
        iterations: sym('steps'),
        body: (_, [rows]) => {
          if (!rows) throw new Error('no rows');
          const grown = ops.concat([rows, ops.slice(x, { axis: 0, start: 0, end: 1 })], 0);
          return { carried: [grown], proceed: ops.less(sumAll(grown), 9), scans: [] };
        },
      });
      return { rows: carried[0] ?? x };
    });
    // [T] as found and [T+1] as made, the row that was added, and then two of [T+1]: made and handed out.
    const bytes = aliveIn(growing, { N: 4, T: 10, steps: 11 });
    expect(bytes).toBeGreaterThanOrEqual(2 * 11 * KIB);
    expect(bytes).toBeLessThan(2 * 11 * KIB + 2 * KIB);
    expect(() => estimateMemory(growing, { N: 4, steps: 11 })).toThrow(/no value for size T/);
  });

  it('names the largest kinds of values at the peak', () => {
    const program = onRows((x) => {
      const parts = [1, 2, 3].map((k) => ops.exp(ops.mul(x, k)));
      return { y: ops.concat(parts, 0) };
    });
    const { largest, aliveBytes } = estimateMemory(program, { N: 2 });
    expect(largest[0]).toEqual({ what: 'exp f32[2,256]', count: 3, bytes: 6 * KIB });
    expect(largest[1]).toEqual({ what: 'concat f32[6,256]', count: 1, bytes: 6 * KIB });
    expect(largest.reduce((n, v) => n + v.bytes, 0)).toBe(aliveBytes);
  });

  it('has in use what the arena of ONNX Runtime has', async () => {
    const program = onRows((x) => {
      const w = ops.matmul(ops.swapLast(x), x);
      const hidden = [1, 2, 3].reduce((h) => ops.matmul(ops.softmax(h), w), x);
      const [dx] = grad(sumAll(ops.mul(hidden, hidden)), [x]);
      return { dx: dx ?? x };
    });
    const ran = await profiledRun(program, { N: 3000 }, 'all');
    const inUse = Math.max(...ran.map((node) => node.inUse));
    const { computedBytes, aliveBytes } = estimateMemory(program, { N: 3000 });
    expect(aliveBytes).toBeGreaterThan(20e6);
    expect(aliveBytes).toBeLessThanOrEqual(inUse * 1.02);
    expect(computedBytes).toBeGreaterThan(inUse * 0.95);
    expect(computedBytes).toBeLessThan(inUse * 1.3);
  });

  it('grows with each size', () => {
    const [A, B, C] = [sym('A'), sym('B'), sym('C')];
    const program = trace('sizes', (t) => {
      const [x, w] = [t.input('x', [A, B]), t.input('w', [B, C])];
      const y = ops.softmax(ops.matmul(ops.exp(x), w));
      const [dx, dw] = grad(sumAll(ops.mul(y, ops.concat([y], 0))), [x, w]);
      return { dx: dx ?? x, dw: dw ?? w };
    });
    const size = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(size, size, size, fc.constantFrom('A', 'B', 'C'), (a, b, c, grown) => {
        const sizes = { A: a, B: b, C: c };
        const [less, more] = [sizes, { ...sizes, [grown]: sizes[grown] + 1 }].map((s) =>
          estimateMemory(program, s),
        );
        if (!less || !more) throw new Error('two estimates');
        expect(more.aliveBytes).toBeGreaterThan(less.aliveBytes);
        expect(more.computedBytes).toBeGreaterThan(more.aliveBytes);
      }),
    );
  });
});
