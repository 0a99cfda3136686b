import { type Dim, type Shape, sameDim } from '../dim.js';
import type { Aval, Prim, Tensor } from '../ir.js';
import { at, broadcastShapes, type Rule, shapeError, wantDTypes } from './rule.js';

/** alpha · [..., m, k] x [..., k, n] -> [..., m, n]; leading axes broadcast. */
export const matmul: Rule<'matmul'> = {
  infer: (inputs) => {
    wantDTypes('matmul', inputs, ['f32', 'f32']);
    const a = at(inputs, 0).shape;
    const b = at(inputs, 1).shape;
    const [m, k] = a.slice(-2);
    const [k2, n] = b.slice(-2);
    const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
    const fits = a.length >= 2 && b.length >= 2 && k !== undefined && k2 !== undefined && sameDim(k, k2);
    if (!fits || !batch || m === undefined || n === undefined) {
      throw shapeError(
        'matmul',
        inputs,
        a.length > 2 || b.length > 2 ? '[...,m,k] x [...,k,n]' : '[m,k] x [k,n]',
      );
    }
    return { shape: [...batch, m, n], dtype: 'f32' };
  },
  // dA = alpha ct B^T, dB = alpha A^T ct
  vjp: (ct, y, ops) => [
    ops.matmul(ct, ops.swapLast(at(y.inputs, 1)), y.attrs),
    ops.matmul(ops.swapLast(at(y.inputs, 0)), ct, y.attrs),
  ],
};

/** alpha · [m, k] x [k, n] + c [m, n] or [n]: the sum costs no pass of its own. */
export const gemm: Rule<'gemm'> = {
  infer: (inputs) => {
    wantDTypes('gemm', inputs, ['f32', 'f32', 'f32']);
    const [a, b, c] = inputs.map((x) => x.shape);
    const [m, k] = a ?? [];
    const [k2, n] = b ?? [];
    const isMatrix = a?.length === 2 && b?.length === 2 && k !== undefined && k2 !== undefined;
    if (!isMatrix || !sameDim(k, k2) || m === undefined || n === undefined || !c || !isAddend(c, m, n)) {
      throw shapeError('gemm', inputs, '[m,k] x [k,n] + [m,n] or [n]');
    }
    return { shape: [m, n], dtype: 'f32' };
  },
  vjp: (ct, y, ops) => [
    ops.matmul(ct, ops.swapLast(at(y.inputs, 1)), y.attrs),
    ops.matmul(ops.swapLast(at(y.inputs, 0)), ct, y.attrs),
    ct,
  ],
};

const isAddend = (c: Shape, m: Dim, n: Dim): boolean =>
  c.length === 1 ? sameDim(at(c, 0), n) : c.length === 2 && sameDim(at(c, 0), m) && sameDim(at(c, 1), n);

/**
 * y = x r w over the last axis, with r = 1 / sqrt(mean(x²) + epsilon) (Zhang & Sennrich 2019).
 * dx = r g - x r³ mean(g x) for g = ct w, dw = ct x r.
 */
export const rmsNorm: Rule<'rmsNorm'> = {
  infer: (inputs) => {
    wantDTypes('rmsNorm', inputs, ['f32', 'f32']);
    const x = lastAxis('rmsNorm', inputs.slice(0, 1));
    const weight = at(inputs, 1).shape;
    if (weight.length !== 1 || !sameDim(at(weight, 0), at(x.shape, x.shape.length - 1))) {
      throw shapeError('rmsNorm', inputs, '([...,n], [n])');
    }
    return { shape: x.shape, dtype: 'f32' };
  },
  vjp: (ct, y, ops) => {
    const [x, weight] = [at(y.inputs, 0), at(y.inputs, 1)];
    const axis = y.shape.length - 1;
    const width = at(y.shape, axis);
    if (typeof width !== 'number') throw shapeError('rmsNorm', y.inputs, 'a known width');
    const sumLast = (t: Tensor): Tensor => ops.reduceSum(t, [axis]);
    const meanSquare = ops.mul(sumLast(ops.mul(x, x)), 1 / width);
    const r = ops.div(1, ops.sqrt(ops.add(meanSquare, y.attrs.epsilon)));
    const g = ops.mul(ct, weight);
    const along = ops.mul(sumLast(ops.mul(g, x)), ops.mul(ops.mul(r, ops.mul(r, r)), 1 / width));
    return [ops.sub(ops.mul(g, r), ops.mul(x, along)), ops.mul(ct, ops.mul(x, r))];
  },
};

/**
 * Rotary position embedding, half-split form: x [n, heads, d], cos and sin [n, d/2].
 * (a, b) -> (a cos - b sin, b cos + a sin) for the halves a and b of each head (Su et al. 2021). The derivative turns back.
 */
export const rotary: Rule<'rotary'> = {
  infer: (inputs) => {
    wantDTypes('rotary', inputs, ['f32', 'f32', 'f32']);
    const [x, cos, sin] = inputs.map((t) => t.shape);
    const width = x?.[2];
    const isTable = (t: Shape | undefined): boolean =>
      t?.length === 2 && sameDim(at(t, 0), x?.[0] ?? 0) && t[1] === Number(width) / 2;
    if (x?.length !== 3 || typeof width !== 'number' || !isTable(cos) || !isTable(sin)) {
      throw shapeError('rotary', inputs, '([n,heads,d], [n,d/2], [n,d/2])');
    }
    return { shape: x, dtype: 'f32' };
  },
  vjp: (ct, y, ops) => [ops.rotary(ct, at(y.inputs, 1), ops.neg(at(y.inputs, 2))), null, null],
};

function lastAxis(prim: Prim, inputs: readonly Aval[]): Aval {
  wantDTypes(prim, inputs, ['f32']);
  const x = at(inputs, 0);
  if (x.shape.length === 0) throw shapeError(prim, inputs, 'at least one axis');
  return x;
}

/** Sums over axes, which stay with size 1. */
export const reduceSum: Rule<'reduceSum'> = {
  infer: (inputs, { axes }) => {
    wantDTypes('reduceSum', inputs, ['number']);
    const x = at(inputs, 0);
    if (axes.some((a) => a < 0 || a >= x.shape.length)) {
      throw shapeError('reduceSum', inputs, `axes in 0..${x.shape.length - 1}, got [${axes.join(',')}]`);
    }
    return { shape: x.shape.map<Dim>((d, i) => (axes.includes(i) ? 1 : d)), dtype: x.dtype };
  },
  vjp: (ct, y, ops) => [ops.expand(ct, at(y.inputs, 0).shape)],
};

/** Over the last axis. dx = y (ct - sum(ct y)) */
export const softmax: Rule<'softmax'> = {
  infer: (inputs) => lastAxis('softmax', inputs),
  vjp: (ct, y, ops) => {
    const weighted = ops.mul(ct, y);
    return [ops.sub(weighted, ops.mul(y, ops.reduceSum(weighted, [y.shape.length - 1])))];
  },
};

/** Over the last axis. dx = ct - softmax(x) sum(ct) */
export const logSoftmax: Rule<'logSoftmax'> = {
  infer: (inputs) => lastAxis('logSoftmax', inputs),
  vjp: (ct, y, ops) => {
    return [ops.sub(ct, ops.mul(ops.exp(y), ops.reduceSum(ct, [y.shape.length - 1])))];
  },
};

/** Running sum over the last axis; the cotangent runs the other way. */
export const cumSum: Rule<'cumSum'> = {
  infer: (inputs) => lastAxis('cumSum', inputs),
  vjp: (ct, y, ops) => [ops.cumSum(ct, { reverse: !y.attrs.reverse })],
};

/** Index of the largest value of the last axis, the first of equals; the axis is removed. */
export const argMax: Rule<'argMax'> = {
  infer: (inputs) => ({ shape: lastAxis('argMax', inputs).shape.slice(0, -1), dtype: 'i64' }),
  vjp: null,
};

/**
 * Indices i64[size] of the true flags bool[n] in rising order, followed by those of false ones until there are `atLeast` and a
 * whole multiple of `multipleOf`; n is such a number. How many there are is known on the device only.
 */
export const choose: Rule<'choose'> = {
  infer: (inputs, { size }) => {
    wantDTypes('choose', inputs, ['bool']);
    if (at(inputs, 0).shape.length !== 1) throw shapeError('choose', inputs, 'bool[n]');
    return { shape: [size], dtype: 'i64' };
  },
  vjp: null,
};

/** Indices of the largest values of the last axis in falling order, the first of equals first. */
export const topK: Rule<'topK'> = {
  infer: (inputs, { count }) => ({
    shape: [...lastAxis('topK', inputs).shape.slice(0, -1), count],
    dtype: 'i64',
  }),
  vjp: null,
};
