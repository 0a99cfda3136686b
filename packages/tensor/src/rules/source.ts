import { TensorError } from '../errors.js';
import type { Rule } from './rule.js';

// Sources are built by the tracer, which knows their type; the rule is there so that the table is total.
const builtByTracer = (prim: string) => (): never => {
  throw new TensorError('TENSOR_TRACE', `internal: ${prim} is made by the tracer`);
};

export const param: Rule<'param'> = { infer: builtByTracer('param'), vjp: () => [] };
export const constant: Rule<'constant'> = { infer: builtByTracer('constant'), vjp: () => [] };
export const iota: Rule<'iota'> = {
  infer: (_, { length }) => ({ shape: [length], dtype: 'i64' }),
  vjp: () => [],
};
