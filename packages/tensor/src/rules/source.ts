import { TensorError } from '../errors.js';
import type { Rule } from './rule.js';

// Sources are built by the tracer, which knows their type; the rule is there so that the table is total.
const builtByTracer = (prim: string) => (): never => {
  throw new TensorError('TENSOR_TRACE', `internal: ${prim} is made by the tracer`);
};

export const param: Rule<'param'> = { infer: builtByTracer('param'), vjp: () => [] };
export const constant: Rule<'constant'> = { infer: builtByTracer('constant'), vjp: () => [] };
/** The first input, whose derivative with respect to the others is given instead of derived. */
export const defined: Rule<'defined'> = {
  infer: (inputs) => {
    const value = inputs[0];
    if (!value) throw new TensorError('TENSOR_TRACE', 'internal: a defined value is missing');
    return { shape: value.shape, dtype: value.dtype };
  },
  vjp: (ct, y) => [null, ...y.attrs.vjp(ct)],
};
export const iota: Rule<'iota'> = {
  infer: (_, { length }) => ({ shape: [length], dtype: 'i64' }),
  vjp: () => [],
};
