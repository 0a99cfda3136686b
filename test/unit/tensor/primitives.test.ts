import {
  compile,
  createLocalRunner,
  type DType,
  grad,
  interpret,
  loop,
  ops,
  PRIMITIVES,
  type Prim,
  type Program,
  sumAll,
  sym,
  type Tensor,
  trace,
} from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { largestDifference, randomNumbers } from '../../support/numbers.js';

interface Input {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  readonly values?: readonly number[];
}
interface Case {
  readonly inputs: readonly Input[];
  readonly build: (...xs: Tensor[]) => Tensor;
  /** False where the primitive has no derivative. */
  readonly isDifferentiable?: boolean;
}

const f = (...shape: number[]): Input => ({ shape });
const positive = (...shape: number[]): Input => ({
  shape,
  values: randomNumbers(
    shape.reduce((a, b) => a * b, 1),
    9,
  ).map((v) => v + 1.5),
});
const ids = (values: number[], ...shape: number[]): Input => ({ shape, dtype: 'i64', values });
const at = <T>(xs: readonly T[], i: number): T => {
  const x = xs[i];
  if (x === undefined) throw new Error(`no item ${i}`);
  return x;
};

const CASES: { readonly [P in Prim]: readonly Case[] } = {
  param: [{ inputs: [f(2, 3)], build: (x = never()) => ops.mul(x, 2) }],
  constant: [
    {
      inputs: [f(3)],
      build: (x = never()) => ops.mul(x, ops.constant(x.trace, [1, -2, 0.5], { shape: [3], dtype: 'f32' })),
    },
  ],
  iota: [{ inputs: [f(4)], build: (x = never()) => ops.mul(x, ops.cast(ops.iota(x.trace, 4), 'f32')) }],
  neg: [{ inputs: [f(3, 1)], build: (x = never()) => ops.neg(x) }],
  exp: [{ inputs: [f(2, 3)], build: (x = never()) => ops.exp(x) }],
  log: [{ inputs: [positive(2, 3)], build: (x = never()) => ops.log(x) }],
  sqrt: [{ inputs: [positive(5)], build: (x = never()) => ops.sqrt(x) }],
  sigmoid: [{ inputs: [f(2, 3)], build: (x = never()) => ops.sigmoid(x) }],
  silu: [{ inputs: [f(2, 3)], build: (x = never()) => ops.silu(x) }],
  sin: [{ inputs: [f(4)], build: (x = never()) => ops.sin(x) }],
  cos: [{ inputs: [f(4)], build: (x = never()) => ops.cos(x) }],
  not: [
    {
      inputs: [f(4)],
      build: (x = never()) => ops.cast(ops.not(ops.less(x, 0)), 'f32'),
      isDifferentiable: false,
    },
  ],
  stopGradient: [
    // d (sg(x) sin x) = sg(x) cos x, which central differences of x sin x do not give.
    {
      inputs: [f(2, 3)],
      build: (x = never()) => ops.mul(ops.stopGradient(x), ops.sin(x)),
      isDifferentiable: false,
    },
  ],
  cast: [
    { inputs: [ids([0, 3, 2], 3)], build: (x = never()) => ops.cast(x, 'f32'), isDifferentiable: false },
  ],
  add: [
    { inputs: [f(2, 3), f(3)], build: (a = never(), b = never()) => ops.add(a, b) },
    { inputs: [f(2, 1), f(1, 3)], build: (a = never(), b = never()) => ops.add(a, b) },
    { inputs: [f(2, 3, 1), f(1, 2)], build: (a = never(), b = never()) => ops.add(a, b) },
  ],
  sub: [{ inputs: [f(2, 3), f(2, 1)], build: (a = never(), b = never()) => ops.sub(a, b) }],
  mul: [
    { inputs: [f(2, 3), f(1, 3)], build: (a = never(), b = never()) => ops.mul(a, b) },
    { inputs: [f(2, 2)], build: (a = never()) => ops.mul(a, a) },
  ],
  div: [{ inputs: [f(2, 3), positive(3)], build: (a = never(), b = never()) => ops.div(a, b) }],
  max: [{ inputs: [f(2, 3), f(3)], build: (a = never(), b = never()) => ops.max(a, b) }],
  min: [{ inputs: [f(2, 3), f(2, 1)], build: (a = never(), b = never()) => ops.min(a, b) }],
  or: [
    {
      inputs: [f(4), f(4)],
      build: (a = never(), b = never()) => ops.cast(ops.or(ops.less(a, 0), ops.less(b, 0)), 'f32'),
      isDifferentiable: false,
    },
  ],
  equal: [
    {
      inputs: [ids([1, 2, 3], 3), ids([1, 0, 3], 3)],
      build: (a = never(), b = never()) => ops.cast(ops.equal(a, b), 'f32'),
      isDifferentiable: false,
    },
  ],
  less: [
    {
      inputs: [f(2, 3), f(3)],
      build: (a = never(), b = never()) => ops.cast(ops.less(a, b), 'f32'),
      isDifferentiable: false,
    },
  ],
  where: [
    {
      inputs: [f(2, 3), f(3)],
      build: (a = never(), b = never()) => ops.where(ops.less(a, 0.1), ops.mul(a, 3), b),
    },
  ],
  gemm: [
    {
      inputs: [f(3, 4), f(4, 2), f(3, 2)],
      build: (a = never(), b = never(), c = never()) => ops.gemm(a, b, c, { alpha: 0.5 }),
    },
    {
      inputs: [f(4, 3), f(2, 4), f(2)],
      build: (a = never(), b = never(), c = never()) => ops.gemm(ops.swapLast(a), ops.swapLast(b), c),
    },
  ],
  rmsNorm: [
    { inputs: [f(3, 4), f(4)], build: (x = never(), w = never()) => ops.rmsNorm(x, w, 1e-3) },
    { inputs: [f(2, 3, 4), f(4)], build: (x = never(), w = never()) => ops.rmsNorm(x, w, 0.1) },
  ],
  rotary: [
    {
      inputs: [f(3, 2, 4), ids([0, 1, 5], 3)],
      build: (x = never(), places = never()) => {
        const angles = ops.mul(
          ops.expandDims(ops.cast(places, 'f32'), -1),
          ops.constant(x.trace, [1, 0.3], { shape: [1, 2], dtype: 'f32' }),
        );
        return ops.rotary(x, ops.cos(angles), ops.sin(angles));
      },
    },
  ],
  topK: [
    {
      inputs: [{ shape: [2, 5], values: [1, 3, 2, 3, 0, -1, -1, 4, 0, 4] }],
      build: (x = never()) => ops.cast(ops.topK(x, 3), 'f32'),
      isDifferentiable: false,
    },
  ],
  choose: [
    {
      inputs: [{ shape: [5], values: [1, -1, 1, -1, 1] }],
      build: (x = never()) =>
        ops.cast(ops.choose(ops.less(0, x), { atLeast: 2, multipleOf: 1, size: 3 }), 'f32'),
      isDifferentiable: false,
    },
    {
      inputs: [{ shape: [4], values: [-1, -1, 1, -1] }],
      build: (x = never()) =>
        ops.cast(ops.choose(ops.less(0, x), { atLeast: 1, multipleOf: 2, size: 2 }), 'f32'),
      isDifferentiable: false,
    },
  ],
  takeAlong: [
    {
      inputs: [f(2, 4), ids([3, 0, 0, 1], 2, 2)],
      build: (x = never(), index = never()) => ops.takeAlong(x, index),
      isDifferentiable: false,
    },
  ],
  put: [
    {
      inputs: [f(5), ids([3, 0, 3], 3), { shape: [3], values: [7, 8, 7] }],
      build: (x = never(), index = never(), values = never()) => ops.put(x, index, values),
      isDifferentiable: false,
    },
  ],
  after: [
    {
      inputs: [f(2, 3), f(2, 3)],
      build: (x = never(), y = never()) => ops.mul(ops.after(x, ops.exp(y)), y),
    },
  ],
  defined: [
    {
      inputs: [f(2, 3)],
      // The derivative that is given is the right one, of other nodes than those of the value.
      build: (x = never()) =>
        ops.define('cube', ops.mul(x, ops.mul(x, x)), [x], (ct) => [ops.mul(ops.mul(ct, 3), ops.mul(x, x))]),
    },
  ],
  matmul: [
    { inputs: [f(3, 4), f(4, 2)], build: (a = never(), b = never()) => ops.matmul(a, b) },
    { inputs: [f(3, 4), f(2, 4)], build: (a = never(), b = never()) => ops.matmul(a, ops.swapLast(b)) },
    { inputs: [f(4, 3), f(4, 2)], build: (a = never(), b = never()) => ops.matmul(ops.swapLast(a), b) },
    { inputs: [f(2, 3, 4), f(2, 5, 4)], build: (a = never(), b = never()) => ops.matmul(a, ops.swapLast(b)) },
    { inputs: [f(2, 3, 4), f(1, 4, 2)], build: (a = never(), b = never()) => ops.matmul(a, b) },
    { inputs: [f(2, 3, 4), f(4, 2)], build: (a = never(), b = never()) => ops.matmul(a, b) },
    { inputs: [f(3, 4), f(4, 2)], build: (a = never(), b = never()) => ops.matmul(a, b, { alpha: -0.5 }) },
    {
      inputs: [f(2, 3, 4), f(2, 5, 4)],
      build: (a = never(), b = never()) => ops.matmul(a, ops.swapLast(b), { alpha: 3 }),
    },
  ],
  reduceSum: [
    { inputs: [f(2, 3, 2)], build: (x = never()) => ops.reduceSum(x, [1]) },
    { inputs: [f(2, 3)], build: (x = never()) => ops.mul(ops.reduceSum(x, [0, 1]), x) },
  ],
  softmax: [{ inputs: [f(2, 4)], build: (x = never()) => ops.softmax(x) }],
  logSoftmax: [{ inputs: [f(2, 4)], build: (x = never()) => ops.logSoftmax(x) }],
  cumSum: [
    { inputs: [f(2, 4)], build: (x = never()) => ops.cumSum(x) },
    { inputs: [f(2, 4)], build: (x = never()) => ops.cumSum(x, { reverse: true }) },
  ],
  argMax: [
    { inputs: [f(2, 4)], build: (x = never()) => ops.cast(ops.argMax(x), 'f32'), isDifferentiable: false },
  ],
  reshape: [{ inputs: [f(2, 6)], build: (x = never()) => ops.reshape(x, [3, 4]) }],
  expand: [{ inputs: [f(2, 1)], build: (x = never()) => ops.reshape(ops.expand(x, [3, 2, 4]), [6, 4]) }],
  transpose: [{ inputs: [f(2, 3, 4)], build: (x = never()) => ops.transpose(x, [2, 0, 1]) }],
  slice: [
    {
      inputs: [f(2, 5)],
      build: (x = never()) =>
        ops.add(ops.slice(x, { axis: 1, start: 1, end: 3 }), ops.slice(x, { axis: 1, start: 3, end: 5 })),
    },
  ],
  pad: [{ inputs: [f(2, 3)], build: (x = never()) => ops.pad(x, { axis: 1, before: 1, after: 2 }) }],
  concat: [{ inputs: [f(2, 1), f(2, 3)], build: (a = never(), b = never()) => ops.concat([a, b, a], 1) }],
  gather: [
    { inputs: [f(5, 3), ids([4, 0, 4, 1], 4)], build: (t = never(), i = never()) => ops.gather(t, i) },
    { inputs: [f(5, 2, 2), ids([4, 0, 4, 1], 2, 2)], build: (t = never(), i = never()) => ops.gather(t, i) },
  ],
  pick: [
    { inputs: [f(2, 2, 4), ids([3, 0, 1, 1], 2, 2)], build: (x = never(), i = never()) => ops.pick(x, i) },
  ],
  loop: [{ inputs: [f(2, 3), f(3)], build: growingLoop, isDifferentiable: false }],
  project: [
    { inputs: [f(2, 3), f(3)], build: (a, b) => ops.neg(growingLoop(a, b)), isDifferentiable: false },
  ],
};

function never(): never {
  throw new Error('operand missing');
}

/** Three steps, ended early by the condition after the second; reads an outer value and carries a growing axis. */
function growingLoop(a: Tensor = never(), b: Tensor = never()): Tensor {
  const outer = ops.exp(b);
  const { carried, scans } = loop({
    tripCount: ops.constant(a.trace, [3], { shape: [], dtype: 'i64' }),
    initial: [a, ops.slice(a, { axis: 0, start: 0, end: 0 })],
    carriedShapes: [
      [2, 3],
      [sym('T'), 3],
    ],
    iterations: sym('N'),
    body: (iteration, [x = never(), grown = never()]) => {
      const next = ops.add(ops.mul(x, 0.5), outer);
      return {
        carried: [next, ops.concat([grown, x], 0)],
        proceed: ops.less(iteration, 1),
        scans: [ops.reduceSum(grown, [0])],
      };
    },
  });
  return ops.concat([at(carried, 0), at(carried, 1), ops.reshape(at(scans, 0), [sym('N'), 3])], 0);
}

const runner = createLocalRunner();
const SIZES = { N: 2, T: 4 };

function programOf(c: Case): { forward: Program; params: Record<string, readonly number[]> } {
  const forward = trace('case', (t) => ({
    y: c.build(...c.inputs.map((x, i) => t.input(`x${i}`, x.shape, x.dtype ?? 'f32'))),
  }));
  const params = Object.fromEntries(
    c.inputs.map((x, i) => [
      `x${i}`,
      x.values ??
        randomNumbers(
          x.shape.reduce((a, b) => a * b, 1),
          i + 1,
        ),
    ]),
  );
  return { forward, params };
}

/** loss = sum(y · w) with fixed random weights w, so that every element of y matters differently. */
function gradientProgram(c: Case): Program {
  return trace('gradient', (t) => {
    const xs = c.inputs.map((x, i) => t.input(`x${i}`, x.shape, x.dtype ?? 'f32'));
    const y = c.build(...xs);
    const count = y.shape.reduce<number>((n, d) => n * Number(d), 1);
    const weights = ops.constant(t.trace, randomNumbers(count, 77), { shape: y.shape, dtype: 'f32' });
    const loss = sumAll(ops.mul(y, weights));
    const wanted = xs.filter((x) => x.dtype === 'f32');
    const gradients = grad(loss, wanted);
    return { loss, ...Object.fromEntries(wanted.map((x, i) => [`d${xs.indexOf(x)}`, at(gradients, i)])) };
  });
}

function typed(
  c: Case,
  params: Record<string, readonly number[]>,
): Record<string, Float32Array | BigInt64Array> {
  return Object.fromEntries(
    c.inputs.map((x, i) => {
      const values = params[`x${i}`] ?? [];
      return [
        `x${i}`,
        x.dtype === 'i64' ? BigInt64Array.from(values, (v) => BigInt(v)) : Float32Array.from(values),
      ];
    }),
  );
}

async function runCompiled(
  program: Program,
  c: Case,
  params: Record<string, readonly number[]>,
): Promise<Record<string, number[]>> {
  const session = await compile(program, { runner, threads: 1 });
  try {
    const out = await session.run(SIZES, typed(c, params));
    return Object.fromEntries(
      Object.entries(out).map(([k, v]) => [k, Array.from(v as Float32Array, Number)]),
    );
  } finally {
    await session.close();
  }
}

describe('primitives', () => {
  it('has a case for every primitive', () => {
    expect(Object.keys(CASES).sort()).toEqual([...PRIMITIVES]);
    for (const prim of PRIMITIVES) expect(CASES[prim].length, prim).toBeGreaterThan(0);
  });

  for (const prim of PRIMITIVES) {
    CASES[prim].forEach((c, index) => {
      it(`${prim} #${index}: compiled value equals the interpreter's`, async () => {
        const { forward, params } = programOf(c);

        const expected = interpret(forward, params, SIZES);
        const actual = await runCompiled(forward, c, params);

        expect(expected['y']?.data.length).toBeGreaterThan(0);
        expect(largestDifference(actual['y'] ?? [], expected['y']?.data ?? [])).toBeLessThan(1e-5);
      });

      if (c.isDifferentiable === false) return;

      it(`${prim} #${index}: gradient equals central differences, interpreted and compiled`, async () => {
        const { params } = programOf(c);
        const program = gradientProgram(c);
        const interpreted = interpret(program, params, SIZES);
        const compiled = await runCompiled(program, c, params);
        const lossAt = (p: Record<string, readonly number[]>): number =>
          interpret(program, p, SIZES)['loss']?.data[0] ?? Number.NaN;
        const h = 1e-5;

        c.inputs.forEach((x, i) => {
          if (x.dtype === 'i64') return;
          const name = `x${i}`;
          const values = params[name] ?? [];
          const numeric = values.map((v, k) => {
            const shifted = (d: number): Record<string, readonly number[]> => ({
              ...params,
              [name]: values.map((u, j) => (j === k ? v + d : u)),
            });
            return (lossAt(shifted(h)) - lossAt(shifted(-h))) / (2 * h);
          });
          expect(largestDifference(interpreted[`d${i}`]?.data ?? [], numeric)).toBeLessThan(1e-7);
          expect(largestDifference(compiled[`d${i}`] ?? [], numeric)).toBeLessThan(1e-4);
        });
      });
    });
  }
});

describe('stopGradient', () => {
  it('is a constant to derivatives, compiled and interpreted', async () => {
    const program = trace('held', (t) => {
      const x = t.input('x', [3]);
      const held = ops.stopGradient(x);
      const [partial, none] = [ops.mul(held, ops.sin(x)), held].map((y) => grad(sumAll(y), [x])[0]);
      return { partial: partial ?? x, none: none ?? x };
    });
    const x = [0.5, -1, 2];

    const session = await compile(program, { runner, threads: 1 });
    const compiled = await session.run({}, { x: Float32Array.from(x) });
    await session.close();
    const interpreted = interpret(program, { x });

    expect(interpreted['partial']?.data).toEqual(Float64Array.from(x, (v) => v * Math.cos(v)));
    expect(interpreted['none']?.data).toEqual(new Float64Array(3));
    expect(
      largestDifference(Array.from(compiled['partial'] ?? [], Number), interpreted['partial']?.data ?? []),
    ).toBeLessThan(1e-6);
    expect(compiled['none']).toEqual(new Float32Array(3));
  });
});
