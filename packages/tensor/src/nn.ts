import type { Tensor } from './ir.js';
import * as ops from './ops.js';

/** x / sqrt(mean(x²) + epsilon) · weight over the last axis (Zhang & Sennrich 2019). */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const axis = x.shape.length - 1;
  const width = x.shape[axis];
  if (typeof width !== 'number')
    throw new TypeError(`rmsNorm: want a known width, got ${x.shape.length} axes`);
  const meanSquare = ops.mul(ops.reduceSum(ops.mul(x, x), [axis]), 1 / width);
  return ops.mul(ops.div(x, ops.sqrt(ops.add(meanSquare, epsilon))), weight);
}

/** x · sigmoid(x) */
export const silu = (x: Tensor): Tensor => ops.mul(x, ops.sigmoid(x));

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

/** x W^T, with W in Hugging Face's [out, in] layout; x is [n, in]. */
export const linear = (x: Tensor, weight: Tensor): Tensor => ops.matmul(x, ops.swapLast(weight));

/**
 * Rotary position embedding, half-split form: x [n, heads, d], cos and sin [n, d/2] or [1, d/2].
 * (a, b) -> (a cos - b sin, b cos + a sin) for the halves a and b of each head (Su et al. 2021).
 */
export function rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const width = x.shape[2];
  if (typeof width !== 'number') throw new TypeError('rotate: want x [n, heads, known width]');
  const half = width / 2;
  const a = ops.slice(x, { axis: 2, start: 0, end: half });
  const b = ops.slice(x, { axis: 2, start: half, end: width });
  const [c, s] = [ops.expandDims(cos, 1), ops.expandDims(sin, 1)];
  return ops.concat([ops.sub(ops.mul(a, c), ops.mul(b, s)), ops.add(ops.mul(b, c), ops.mul(a, s))], 2);
}
