import { TensorError } from '../errors.js';
import type { Prim } from '../ir.js';
import { at } from '../rules/rule.js';
import { build, countOf, type Kernel, makeValue, read, type Value } from './value.js';

const unary =
  <P extends Prim>(f: (x: number) => number): Kernel<P> =>
  ([x]) =>
    makeValue(existing(x).data.map(f), existing(x).shape);

const nary =
  <P extends Prim>(f: (...xs: number[]) => number): Kernel<P> =>
  (inputs) => {
    const rank = Math.max(...inputs.map((v) => v.shape.length));
    const shape = Array.from({ length: rank }, (_, i) => {
      const sizes = inputs.map((v) => v.shape[i - rank + v.shape.length] ?? 1);
      return sizes.find((s) => s !== 1) ?? 1;
    });
    const isAligned = inputs.every((v) => v.shape.length === rank && v.shape.every((d, i) => d === shape[i]));
    if (!isAligned) return build(shape, (index) => f(...inputs.map((v) => read(v, index))));
    const data = new Float64Array(countOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = f(...inputs.map((v) => v.data[i] ?? Number.NaN));
    return makeValue(data, shape);
  };

function existing(v: Value | undefined): Value {
  if (!v) throw new TensorError('TENSOR_TRACE', 'internal: an operand is missing');
  return v;
}

/** Applies a function to each run along the last axis. */
function overLast(x: Value, f: (row: Float64Array) => ArrayLike<number>, keepsAxis: boolean): Value {
  const width = at(x.shape, x.shape.length - 1);
  const rows = countOf(x.shape.slice(0, -1));
  const out = new Float64Array(keepsAxis ? x.data.length : rows);
  for (let r = 0; r < rows; r++)
    out.set(f(x.data.subarray(r * width, (r + 1) * width)), keepsAxis ? r * width : r);
  return makeValue(out, keepsAxis ? x.shape : x.shape.slice(0, -1));
}

function logSoftmaxRow(row: Float64Array): Float64Array {
  const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = row.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return row.map((v) => v - top - Math.log(total));
}

const builtByRunner = (): never => {
  throw new TensorError('TENSOR_TRACE', 'internal: this primitive is run by the interpreter itself');
};

/** The meaning of every primitive in plain TypeScript: a missing row fails to compile. */
export const KERNELS: { readonly [P in Prim]: Kernel<P> } = {
  param: builtByRunner,
  constant: (_, { values }, size, node) => makeValue(Float64Array.from(values), node.shape.map(size)),
  iota: (_, { length }, size) =>
    makeValue(
      Float64Array.from({ length: size(length) }, (_v, i) => i),
      [size(length)],
    ),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  silu: unary((x) => x / (1 + Math.exp(-x))),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  not: unary((x) => (x === 0 ? 1 : 0)),
  stopGradient: unary((x) => x),
  cast: ([x], { to }) =>
    makeValue(
      existing(x).data.map((v) => (to === 'bool' ? Number(v !== 0) : to === 'i64' ? Math.trunc(v) : v)),
      existing(x).shape,
    ),
  add: nary((a = 0, b = 0) => a + b),
  sub: nary((a = 0, b = 0) => a - b),
  mul: nary((a = 0, b = 0) => a * b),
  div: nary((a = 0, b = 0) => a / b),
  max: nary(Math.max),
  min: nary(Math.min),
  or: nary((a, b) => Number(a !== 0 || b !== 0)),
  equal: nary((a, b) => Number(a === b)),
  less: nary((a = 0, b = 0) => Number(a < b)),
  where: nary((c, a = 0, b = 0) => (c !== 0 ? a : b)),
  matmul: ([x, y], { alpha }) => multiply(existing(x), existing(y), alpha),
  gemm: ([x, y, c], { alpha }, size, node) => {
    const product = multiply(existing(x), existing(y), alpha);
    return KERNELS.add([product, existing(c)], {}, size, node as never); // the sum reads no attributes
  },
  rmsNorm: ([x, weight], { epsilon }) =>
    overLast(
      existing(x),
      (row) => {
        const scale = 1 / Math.sqrt(row.reduce((n, v) => n + v * v, 0) / row.length + epsilon);
        return row.map((v, i) => v * scale * (weight?.data[i] ?? Number.NaN));
      },
      true,
    ),
  rotary: ([x, cos, sin]) => {
    const v = existing(x);
    const half = at(v.shape, 2) / 2;
    return build(v.shape, ([n = 0, h = 0, i = 0]) => {
      const k = i % half;
      const [c, s] = [read1(existing(cos), [n, k]), read1(existing(sin), [n, k])];
      const [a, b] = [read1(v, [n, h, k]), read1(v, [n, h, k + half])];
      return i < half ? a * c - b * s : b * c + a * s;
    });
  },
  reduceSum: ([x], { axes }) => {
    const v = existing(x);
    const out = new Float64Array(countOf(v.shape.map((d, i) => (axes.includes(i) ? 1 : d))));
    const shape = v.shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const total = makeValue(out, shape);
    build(v.shape, (index) => {
      const offset = offsetIn(shape, index);
      out[offset] = (out[offset] ?? 0) + read(v, index);
      return 0;
    });
    return total;
  },
  softmax: ([x]) => overLast(existing(x), (row) => logSoftmaxRow(row).map(Math.exp), true),
  logSoftmax: ([x]) => overLast(existing(x), logSoftmaxRow, true),
  cumSum: ([x], { reverse }) =>
    overLast(
      existing(x),
      (row) => {
        let sum = 0;
        const ordered = (reverse ? row.slice().reverse() : row).map((v) => (sum += v));
        return reverse ? ordered.reverse() : ordered;
      },
      true,
    ),
  argMax: ([x]) =>
    overLast(existing(x), (row) => [row.reduce((best, v, i) => (v > (row[best] ?? 0) ? i : best), 0)], false),
  choose: ([flags], { atLeast, multipleOf }) => {
    const all = Array.from(existing(flags).data, (v, i) => ({ v, i }));
    const [yes, no] = [all.filter(({ v }) => v !== 0), all.filter(({ v }) => v === 0)];
    const count = Math.ceil(Math.max(atLeast, yes.length) / multipleOf) * multipleOf;
    const chosen = [...yes, ...no].slice(0, count);
    return makeValue(
      Float64Array.from(chosen, ({ i }) => i),
      [chosen.length],
    );
  },
  topK: ([x], { count }, size) => {
    const v = existing(x);
    const width = at(v.shape, v.shape.length - 1);
    const ranks = overLast(
      v,
      (row) => Array.from(row, (_, i) => i).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b),
      true,
    );
    const shape = [...v.shape.slice(0, -1), size(count)];
    return build(shape, (index) => {
      let row = 0;
      for (let i = 0; i < index.length - 1; i++) row = row * at(v.shape, i) + at(index, i);
      return ranks.data[row * width + at(index, index.length - 1)] ?? Number.NaN;
    });
  },
  reshape: ([x], { shape }, size) => makeValue(existing(x).data, shape.map(size)),
  expand: ([x], { shape }, size) => build(shape.map(size), (index) => read(existing(x), index)),
  transpose: ([x], { perm }) => {
    const v = existing(x);
    return build(
      perm.map((p) => at(v.shape, p)),
      (index) =>
        read1(
          v,
          perm.map((_, i) => at(index, perm.indexOf(i))),
        ),
    );
  },
  slice: ([x], { axis, start, end }, size) => {
    const v = existing(x);
    const shape = v.shape.map((d, i) => (i === axis ? size(end) - size(start) : d));
    return build(shape, (index) =>
      read1(
        v,
        index.map((n, i) => (i === axis ? n + size(start) : n)),
      ),
    );
  },
  pad: ([x], { axis, before, after }, size) => {
    const v = existing(x);
    const inner = at(v.shape, axis);
    const shape = v.shape.map((d, i) => (i === axis ? size(before) + d + size(after) : d));
    return build(shape, (index) => {
      const n = at(index, axis) - size(before);
      return n < 0 || n >= inner
        ? 0
        : read1(
            v,
            index.map((m, i) => (i === axis ? n : m)),
          );
    });
  },
  concat: (inputs, { axis }) => {
    const first = existing(inputs[0]);
    const shape = first.shape.map((d, i) =>
      i === axis ? inputs.reduce((n, v) => n + at(v.shape, axis), 0) : d,
    );
    return build(shape, (index) => {
      let n = at(index, axis);
      for (const v of inputs) {
        if (n < at(v.shape, axis))
          return read1(
            v,
            index.map((m, i) => (i === axis ? n : m)),
          );
        n -= at(v.shape, axis);
      }
      return Number.NaN;
    });
  },
  gather: ([table, index], { axis }) => {
    const [t, ids] = [existing(table), existing(index)];
    const end = axis + ids.shape.length;
    return build([...t.shape.slice(0, axis), ...ids.shape, ...t.shape.slice(axis + 1)], (position) =>
      read1(t, [...position.slice(0, axis), read1(ids, position.slice(axis, end)), ...position.slice(end)]),
    );
  },
  pick: ([x, index]) =>
    build(existing(index).shape, (position) =>
      read1(existing(x), [...position, read1(existing(index), position)]),
    ),
  takeAlong: ([x, index]) =>
    build(existing(index).shape, (position) =>
      read1(existing(x), [...position.slice(0, -1), read1(existing(index), position)]),
    ),
  put: ([x, index, values]) => {
    const out = Float64Array.from(existing(x).data);
    existing(index).data.forEach((position, i) => {
      out[position] = existing(values).data[i] ?? Number.NaN;
    });
    return makeValue(out, existing(x).shape);
  },
  after: ([x]) => existing(x),
  defined: ([x]) => existing(x),
  loop: builtByRunner,
  project: builtByRunner,
};

/** The element at a full position. */
function read1(v: Value, index: readonly number[]): number {
  return v.data[offsetIn(v.shape, index)] ?? Number.NaN;
}

/** Products of the last two axes, leading axes broadcast. */
function multiply(a: Value, b: Value, alpha: number): Value {
  const [m, k, n] = [
    at(a.shape, a.shape.length - 2),
    at(a.shape, a.shape.length - 1),
    at(b.shape, b.shape.length - 1),
  ];
  const [leadA, leadB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const rank = Math.max(leadA.length, leadB.length);
  const sizeOf = (lead: readonly number[], i: number): number => lead[i - rank + lead.length] ?? 1;
  const batch = Array.from({ length: rank }, (_, i) => Math.max(sizeOf(leadA, i), sizeOf(leadB, i)));
  const out = new Float64Array(countOf(batch) * m * n);
  let next = 0;
  build(batch, (index) => {
    const [fromA, fromB] = [leadA, leadB].map((lead) => offsetIn(lead, index.slice(rank - lead.length)));
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let q = 0; q < k; q++) {
          sum +=
            (a.data[((fromA ?? 0) * m + i) * k + q] ?? 0) * (b.data[((fromB ?? 0) * k + q) * n + j] ?? 0);
        }
        out[next++] = alpha * sum;
      }
    }
    return 0;
  });
  return makeValue(out, [...batch, m, n]);
}

function offsetIn(shape: readonly number[], index: readonly number[]): number {
  let offset = 0;
  shape.forEach((d, a) => {
    offset = offset * d + (d === 1 ? 0 : (index[a] ?? 0));
  });
  return offset;
}
