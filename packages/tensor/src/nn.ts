import type { Tensor } from './ir.js';
import * as ops from './ops.js';

/** Sum of all elements, as a scalar. */
export function sumAll(x: Tensor): Tensor {
  return ops.reshape(
    ops.reduceSum(
      x,
      x.shape.map((_, i) => i),
    ),
    [],
  );
}

/** Sum over the last axis, which is removed. */
export const sumLast = (x: Tensor): Tensor =>
  ops.reshape(ops.reduceSum(x, [x.shape.length - 1]), x.shape.slice(0, -1));

/** x W^T, with W in Hugging Face's [out, in] layout; x is [n, in]. */
export const linear = (x: Tensor, weight: Tensor): Tensor => ops.matmul(x, ops.swapLast(weight));

/**
 * Rows of x [m, d] in another order: row i of the result [n, d] is row index[i] of x. `inverse` i64[m] names, for each row of
 * x, the place of the result that holds it: the derivative is one gather, without the scatter of a general one.
 *
 * A place that no entry of `inverse` names is padding, and its cotangent is dropped; a row that no place holds has to name a
 * place whose cotangent is zero.
 */
export const takeRows = (x: Tensor, index: Tensor, inverse: Tensor): Tensor =>
  ops.define('takeRows', ops.gather(x, index), [x], (ct) => [ops.gather(ct, inverse)]);

/** Sums of listed values: x [n] and lists i64[m, k] -> [m]; the index n stands for no value. */
export function sumListed(x: Tensor, lists: Tensor): Tensor {
  const zero = ops.constant(x.trace, [0], { shape: [1], dtype: 'f32' });
  return sumLast(ops.gather(ops.concat([x, zero], 0), lists));
}
