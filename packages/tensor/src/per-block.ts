import { type Dim, divDims, productOf, type Shape, type SymbolicDim } from './dim.js';
import { TensorError } from './errors.js';
import { isPrim, type Tensor } from './ir.js';
import * as ops from './ops.js';
import { at } from './rules/rule.js';

/**
 * Takes the last sum of a gradient apart: where rows are `blocks` equal blocks (one per group, say), a gradient of a matrix
 * is a product over all rows, and this gives the products over each block alone, [blocks, ...shape], whose sum is the
 * gradient. Added up in a fixed order outside, they make a result that does not depend on which blocks met in one run.
 * @throws TensorError `TENSOR_NOT_DIFFERENTIABLE` where the gradient is no such product
 */
export function perBlock(gradient: Tensor, blocks: SymbolicDim): Tensor {
  if (isPrim(gradient, 'matmul') || isPrim(gradient, 'gemm')) {
    const [a, b, c] = gradient.inputs;
    if (!a || !b) throw new TensorError('TENSOR_SHAPE', 'internal: a product has two factors');
    const [left, right] = [split(ops.swapLast(a), blocks), split(b, blocks)];
    const own = ops.matmul(ops.swapLast(left), right, gradient.attrs);
    return c ? ops.add(own, perBlock(c, blocks)) : own;
  }
  const [x, y] = gradient.inputs;
  if (isPrim(gradient, 'add') && x && y) return ops.add(perBlock(x, blocks), perBlock(y, blocks));
  if (isPrim(gradient, 'slice') && x) {
    const { axis, start, end } = gradient.attrs;
    return ops.slice(perBlock(x, blocks), { axis: axis + 1, start, end });
  }
  if (isPrim(gradient, 'transpose') && x)
    return ops.transpose(perBlock(x, blocks), [0, ...gradient.attrs.perm.map((p) => p + 1)]);
  throw new TensorError(
    'TENSOR_NOT_DIFFERENTIABLE',
    `a gradient per block: want a product over rows, got ${gradient.prim}`,
  );
}

/** [blocks·n, m] -> [blocks, n, m] */
function split(x: Tensor, blocks: SymbolicDim): Tensor {
  const rest: Shape = x.shape.slice(1);
  const rows: Dim = divDims(at(x.shape, 0), blocks);
  return ops.reshape(x, [blocks, rows, productOf(rest)]);
}
