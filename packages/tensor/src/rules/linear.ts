import { type Dim, sameDim } from '../dim.js';
import type { Aval, Prim } from '../ir.js';
import { at, broadcastShapes, type Rule, shapeError, wantDTypes } from './rule.js';

/** [..., m, k] x [..., k, n] -> [..., m, n]; leading axes broadcast. */
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
  // dA = ct B^T, dB = A^T ct
  vjp: (ct, y, ops) => [
    ops.matmul(ct, ops.swapLast(at(y.inputs, 1))),
    ops.matmul(ops.swapLast(at(y.inputs, 0)), ct),
  ],
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
