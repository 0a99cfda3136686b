import { sameShape } from '../dim.js';
import { TensorError } from '../errors.js';
import { type Aval, showAval } from '../ir.js';
import { at, type Rule } from './rule.js';

/** Inputs: trip count i64[], the initial carried values, then the outer values that the body uses. */
export const loop: Rule<'loop'> = {
  infer: (inputs, body) => {
    const trip = at(inputs, 0);
    if (trip.dtype !== 'i64' || trip.shape.length !== 0) {
      throw new TensorError('TENSOR_SHAPE', `loop: want a trip count i64[], got ${showAval(trip)}`);
    }
    body.carriedIn.forEach((carried, i) => {
      const initial: Aval = at(inputs, i + 1);
      const next = at(body.carriedOut, i);
      // The size of a growing axis differs per iteration, so only rank and dtype can be held against the body's.
      const fits = [initial, next].every(
        (x) => x.dtype === carried.dtype && x.shape.length === carried.shape.length,
      );
      if (!fits) {
        throw new TensorError(
          'TENSOR_SHAPE',
          `loop: carried value ${i} is ${showAval(carried)}, starts as ${showAval(initial)} and becomes ${showAval(next)}`,
        );
      }
    });
    if (body.proceed.dtype !== 'bool' || !sameShape(body.proceed.shape, [])) {
      throw new TensorError('TENSOR_SHAPE', `loop: want proceed bool[], got ${showAval(body.proceed)}`);
    }
    return { shape: [], dtype: 'bool' };
  },
  vjp: null,
};

/** One result of a loop: the final carried values first, then the stacked scans. */
export const project: Rule<'project'> = {
  infer: () => {
    throw new TensorError('TENSOR_TRACE', 'internal: project is made with its loop');
  },
  vjp: null,
};
