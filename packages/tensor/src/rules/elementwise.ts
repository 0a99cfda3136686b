import type { Aval, DType, Prim, Tensor } from '../ir.js';
import { at, broadcastOrThrow, type Rule, wantDTypes } from './rule.js';

const unary =
  (prim: Prim, dtype: DType | 'number' = 'f32') =>
  (inputs: readonly Aval[]): Aval => {
    wantDTypes(prim, inputs, [dtype]);
    const x = at(inputs, 0);
    return { shape: x.shape, dtype: x.dtype };
  };

const binary =
  (prim: Prim) =>
  (inputs: readonly Aval[]): Aval => {
    const dtype = at(inputs, 0).dtype;
    wantDTypes(prim, inputs, dtype === 'bool' ? ['number', 'number'] : [dtype, dtype]);
    return { shape: broadcastOrThrow(prim, inputs), dtype };
  };

const comparison =
  (prim: Prim) =>
  (inputs: readonly Aval[]): Aval => ({ ...binary(prim)(inputs), dtype: 'bool' });

export const neg: Rule<'neg'> = { infer: unary('neg', 'number'), vjp: (ct, _, ops) => [ops.neg(ct)] };
export const exp: Rule<'exp'> = { infer: unary('exp'), vjp: (ct, y, ops) => [ops.mul(ct, y)] };
export const log: Rule<'log'> = { infer: unary('log'), vjp: (ct, y, ops) => [ops.div(ct, at(y.inputs, 0))] };
// d sqrt(x) = 1 / (2 sqrt(x))
export const sqrt: Rule<'sqrt'> = {
  infer: unary('sqrt'),
  vjp: (ct, y, ops) => [ops.div(ops.mul(ct, 0.5), y)],
};
// d sigmoid(x) = y (1 - y)
export const sigmoid: Rule<'sigmoid'> = {
  infer: unary('sigmoid'),
  vjp: (ct, y, ops) => [ops.mul(ct, ops.mul(y, ops.sub(1, y)))],
};
// d silu(x) = s + y (1 - s) = y + s (1 - y), with s = sigmoid(x) and y = silu(x)
export const silu: Rule<'silu'> = {
  infer: unary('silu'),
  vjp: (ct, y, ops) => {
    const s = ops.sigmoid(at(y.inputs, 0));
    return [ops.mul(ct, ops.add(y as Tensor, ops.mul(s, ops.sub(1, y as Tensor))))];
  },
};
export const sin: Rule<'sin'> = {
  infer: unary('sin'),
  vjp: (ct, y, ops) => [ops.mul(ct, ops.cos(at(y.inputs, 0)))],
};
export const cos: Rule<'cos'> = {
  infer: unary('cos'),
  vjp: (ct, y, ops) => [ops.neg(ops.mul(ct, ops.sin(at(y.inputs, 0))))],
};
export const not: Rule<'not'> = { infer: unary('not', 'bool'), vjp: null };
export const stopGradient: Rule<'stopGradient'> = {
  infer: unary('stopGradient', 'number'),
  vjp: () => [null],
};
export const cast: Rule<'cast'> = {
  infer: (inputs, { to }) => ({ shape: at(inputs, 0).shape, dtype: to }),
  vjp: () => [null],
};

export const add: Rule<'add'> = { infer: binary('add'), vjp: (ct) => [ct, ct] };
export const sub: Rule<'sub'> = { infer: binary('sub'), vjp: (ct, _, ops) => [ct, ops.neg(ct)] };
export const mul: Rule<'mul'> = {
  infer: binary('mul'),
  vjp: (ct, y, ops) => [ops.mul(ct, at(y.inputs, 1)), ops.mul(ct, at(y.inputs, 0))],
};
// y = a/b: da = ct/b, db = -ct y / b
export const div: Rule<'div'> = {
  infer: binary('div'),
  vjp: (ct, y, ops) => {
    const overB = ops.div(ct, at(y.inputs, 1));
    return [overB, ops.neg(ops.mul(overB, y))];
  },
};
// At a tie the first operand takes the whole cotangent, so that a clipped ratio at its bound keeps a defined gradient.
export const max: Rule<'max'> = {
  infer: binary('max'),
  vjp: (ct, y, ops) => {
    const second = ops.less(at(y.inputs, 0), at(y.inputs, 1));
    return [ops.where(second, 0, ct), ops.where(second, ct, 0)];
  },
};
export const min: Rule<'min'> = {
  infer: binary('min'),
  vjp: (ct, y, ops) => {
    const second = ops.less(at(y.inputs, 1), at(y.inputs, 0));
    return [ops.where(second, 0, ct), ops.where(second, ct, 0)];
  },
};
export const or: Rule<'or'> = {
  infer: (inputs) => {
    wantDTypes('or', inputs, ['bool', 'bool']);
    return { shape: broadcastOrThrow('or', inputs), dtype: 'bool' };
  },
  vjp: null,
};
export const equal: Rule<'equal'> = { infer: comparison('equal'), vjp: null };
export const less: Rule<'less'> = { infer: comparison('less'), vjp: null };
export const where: Rule<'where'> = {
  infer: (inputs) => {
    const dtype = inputs[1]?.dtype === 'i64' ? 'i64' : 'f32';
    wantDTypes('where', inputs, ['bool', dtype, dtype]);
    return { shape: broadcastOrThrow('where', inputs), dtype };
  },
  vjp: (ct, y, ops) => {
    const condition = at(y.inputs, 0);
    return [null, ops.where(condition, ct, 0), ops.where(condition, 0, ct)];
  },
};
