import { createHash } from 'node:crypto';
import {
  compile,
  createLocalRunner,
  emitModel,
  grad,
  hashProgram,
  interpret,
  ops,
  type Program,
  printProgram,
  sumAll,
  sym,
  type Tensor,
  trace,
} from '@residency/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestDifference, randomNumbers } from '../../support/numbers.js';

const N = sym('N');

const layer = (): Program =>
  trace('layer', (t) => {
    const x = t.input('x', [N, 4]);
    const w = t.input('w', [3, 4]);
    const loss = sumAll(ops.silu(ops.matmul(x, ops.swapLast(w))));
    const [dw] = grad(loss, [w]);
    if (!dw) throw new Error('no gradient');
    return { loss, dw };
  });

describe('programs', () => {
  it('prints a program with its gradient, one node a line', () => {
    expect(printProgram(layer())).toMatchInlineSnapshot(`
      "program layer
        %0:f32[N,4] = param name=x role=input
        %1:f32[3,4] = param name=w role=input
        %2:f32[4,3] = transpose %1 perm=[1,0]
        %3:f32[N,3] = matmul %0 %2
        %4:f32[N,3] = silu %3
        %5:f32[1,1] = reduceSum %4 axes=[0,1]
        %6:f32[] = reshape %5 shape=[]
        %7:f32[] = constant values=[1]
        %8:f32[1,1] = reshape %7 shape=[1,1]
        %9:f32[N,3] = sigmoid %3
        %10:f32[N,3] = sub %7 %4
        %11:f32[N,3] = mul %9 %10
        %12:f32[N,3] = add %4 %11
        %13:f32[N,3] = mul %8 %12
        %14:f32[3,N] = transpose %13 perm=[1,0]
        %15:f32[3,4] = matmul %14 %0
        return loss=%6 dw=%15
      "
    `);
  });

  it('traces, hashes and emits the same program to the same bytes', () => {
    const bytes = (): string =>
      createHash('sha256').update(emitModel(layer(), new Map()).bytes).digest('hex');
    expect(hashProgram(layer())).toBe(hashProgram(layer()));
    expect(bytes()).toBe(bytes());
    const other = trace('layer', (t) => ({ y: ops.exp(t.input('x', [N, 4])) }));
    expect(hashProgram(other)).not.toBe(hashProgram(layer()));
  });

  it('computes a repeated expression once and drops what no output needs', () => {
    const program = trace('shared', (t) => {
      const x = t.input('x', [N]);
      ops.sin(x);
      return { y: ops.add(ops.exp(x), ops.exp(x)) };
    });
    const printed = printProgram(program);
    expect(printed.match(/= exp/g)).toHaveLength(1);
    expect(printed).not.toContain('sin');
  });

  it('runs one compiled program at several sizes', async () => {
    const runner = createLocalRunner();
    const session = await compile(layer(), { runner, threads: 1 });
    for (const n of [1, 5, 17]) {
      const [x, w] = [randomNumbers(4 * n, n), randomNumbers(12, 7)];
      const out = await session.run({ N: n }, { x: Float32Array.from(x), w: Float32Array.from(w) });
      const expected = interpret(layer(), { x, w }, { N: n });
      expect(largestDifference(Array.from(out['dw'] ?? [], Number), expected['dw']?.data ?? [])).toBeLessThan(
        1e-5,
      );
    }
    await runner.close();
  });

  it('joins the cotangents of neighbouring slices instead of adding padded copies', () => {
    const program = trace('halves', (t) => {
      const x = t.input('x', [N, 4]);
      const [a, b] = [
        ops.slice(x, { axis: 1, start: 0, end: 2 }),
        ops.slice(x, { axis: 1, start: 2, end: 4 }),
      ];
      const [dx] = grad(sumAll(ops.mul(ops.exp(a), ops.sin(b))), [x]);
      if (!dx) throw new Error('no gradient');
      return { dx };
    });
    expect(printProgram(program)).toContain('= concat');
    expect(printProgram(program)).not.toContain('= pad');
  });
});

describe('errors', () => {
  const inTrace = (build: (x: Tensor, y: Tensor) => Tensor, a: number[], b: number[]) => (): Program =>
    trace('bad', (t) => ({ y: build(t.input('a', a), t.input('b', b)) }));

  it('say what, what was got and what is wanted', () => {
    expect(inTrace(ops.matmul, [32, 4], [3, 8])).toThrow('matmul(f32[32,4], f32[3,8]): want [m,k] x [k,n]');
    expect(inTrace(ops.add, [2, 3], [4])).toThrow(
      'add(f32[2,3], f32[4]): want shapes that broadcast, [2,3] meets [4]',
    );
    expect(inTrace((x) => ops.reshape(x, [5]), [2, 3], [1])).toThrow(
      'reshape(f32[2,3]): want 6 elements, [5] has 5',
    );
    expect(inTrace((x, y) => ops.concat([x, y], 0), [2, 3], [2, 4])).toThrow(
      'concat(f32[2,3], f32[2,4]): want equal dtypes, and equal sizes but on axis 0',
    );
    expect(inTrace((x) => ops.slice(x, { axis: 0, start: 1, end: 9 }), [2], [1])).toThrow(
      'want 0 <= start <= end <= 2 on axis 0, got 1..9',
    );
    expect(() => trace('bad', (t) => ({ y: ops.exp(t.input('i', [2], 'i64')) }))).toThrow(
      'exp(i64[2]): want (f32)',
    );
  });

  it('are not made of a derivative that nobody needs', () => {
    const program = trace('inner', (t) => {
      const mode = ops.cast(ops.argMax(ops.reshape(t.input('x', [3]), [1, 3])), 'f32');
      const [d] = grad(sumAll(ops.mul(mode, mode)), [mode]);
      return { d: d ?? mode };
    });
    expect(interpret(program, { x: [1, 5, 2] })['d']?.data).toEqual(Float64Array.of(2));
  });

  it('carry codes', () => {
    expect(inTrace(ops.matmul, [2, 3], [2, 3])).toThrow(expect.objectContaining({ code: 'TENSOR_SHAPE' }));
    const overMode = (): Program =>
      trace('mode', (t) => {
        const x = t.input('x', [3]);
        const [dx] = grad(sumAll(ops.cast(ops.argMax(ops.reshape(x, [1, 3])), 'f32')), [x]);
        return { dx: dx ?? x };
      });
    // argMax feeds an integer into a cast, which has no derivative: the gradient is zero.
    expect(interpret(overMode(), { x: [1, 2, 3] })['dx']?.data).toEqual(Float64Array.of(0, 0, 0));
    const notScalar = (): Program =>
      trace('vector', (t) => ({ y: grad(t.input('x', [3]), [])[0] ?? t.input('x', [3]) }));
    expect(notScalar).toThrow('grad(f32[3]): want a scalar');
    expect(() => {
      let stray: Tensor | null = null;
      trace('one', (t) => {
        stray = t.input('x', [1]);
        return { stray };
      });
      trace('two', (t) => ({ y: ops.add(t.input('x', [1]), stray ?? 0) }));
    }).toThrow(expect.objectContaining({ code: 'TENSOR_TRACE' }));
  });
});

describe('names', () => {
  it('of a program never meet those that the emitter makes up', async () => {
    const runner = createLocalRunner();
    const program = trace('names', (t) => ({ y: ops.mul(ops.add(t.input('c0', []), t.input('v0', [])), 3) }));
    const session = await compile(program, { runner, threads: 1 });
    const out = await session.run({}, { c0: Float32Array.of(10), v0: Float32Array.of(1) });
    await runner.close();

    expect(out['y']).toEqual(Float32Array.of(33));
  });

  it('are refused where they are taken or not names', () => {
    const conflict = (): Program =>
      trace('twice', (t) => ({ y: ops.add(t.input('x', [2]), ops.cast(t.input('x', [3], 'i64'), 'f32')) }));
    expect(conflict).toThrow('parameter x is declared twice with different types');
    expect(() => trace('odd', (t) => ({ y: t.input('%v0', []) }))).toThrow('name "%v0": want letters');
    expect(() => trace('same', (t) => ({ x: ops.exp(t.input('x', [])) }))).toThrow(
      'output x has the name of a parameter',
    );
  });
});

describe('random programs', () => {
  const UNARY = [
    ops.exp,
    ops.sigmoid,
    ops.sin,
    ops.silu,
    ops.softmax,
    ops.logSoftmax,
    (x: Tensor) => ops.rmsNorm(x, ops.reshape(ops.reduceSum(x, [0]), [3]), 1e-3),
  ];
  const BINARY = [
    ops.add,
    ops.sub,
    ops.mul,
    ops.max,
    ops.min,
    (a: Tensor, b: Tensor) => ops.matmul(a, ops.matmul(ops.swapLast(b), a)),
  ];

  it('mean the same compiled and interpreted, values and gradients', async () => {
    const runner = createLocalRunner();
    const instruction = fc.record({
      op: fc.nat(UNARY.length + BINARY.length - 1),
      a: fc.nat(50),
      b: fc.nat(50),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(instruction, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        async (code, n) => {
          const program = trace('random', (t) => {
            const inputs = [t.input('x', [N, 3]), t.input('y', [N, 3])];
            const values = [...inputs];
            for (const { op, a, b } of code) {
              const [left, right] = [values[a % values.length], values[b % values.length]];
              if (!left || !right) throw new Error('no operand');
              const unary = UNARY[op];
              const binary = BINARY[op - UNARY.length];
              // Squashing keeps long chains in range, where single precision means something.
              values.push(ops.sigmoid(unary ? unary(left) : (binary ?? ops.add)(left, right)));
            }
            const last = values.at(-1);
            if (!last) throw new Error('no value');
            const [dx, dy] = grad(sumAll(last), inputs);
            if (!dx || !dy) throw new Error('no gradient');
            return { last, dx, dy };
          });
          const [x, y] = [randomNumbers(3 * n, 5), randomNumbers(3 * n, 6)];
          const expected = interpret(program, { x, y }, { N: n });
          const session = await compile(program, { runner, threads: 1 });
          const actual = await session.run({ N: n }, { x: Float32Array.from(x), y: Float32Array.from(y) });
          await session.close();
          for (const key of ['last', 'dx', 'dy']) {
            expect(
              largestDifference(Array.from(actual[key] ?? [], Number), expected[key]?.data ?? []),
            ).toBeLessThan(2e-4);
          }
        },
      ),
      { numRuns: 60, seed: 20_251 },
    );
    await runner.close();
  });
});
