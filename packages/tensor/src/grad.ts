import { sameDim, sameShape } from './dim.js';
import { TensorError } from './errors.js';
import { reachable } from './graph.js';
import { isPrim, type Prim, showAval, type Tensor } from './ir.js';
import * as ops from './ops.js';
import type { Rule } from './rules/rule.js';
import { RULES } from './rules.js';

/** Undoes broadcasting: sums a cotangent back to the shape of the value that was repeated. */
function sumTo(ct: Tensor, x: Tensor): Tensor {
  const lead = ct.shape.length - x.shape.length;
  if (lead < 0) return ops.expand(ct, x.shape);
  const axes = ct.shape.flatMap((d, i) =>
    i < lead || (sameDim(x.shape[i - lead] ?? 1, 1) && !sameDim(d, 1)) ? [i] : [],
  );
  const summed = axes.length === 0 ? ct : ops.reduceSum(ct, axes);
  return lead > 0 ? ops.reshape(summed, summed.shape.slice(lead)) : summed;
}

/** The sum of two cotangents; a product is added by the product itself. */
function accumulate(sum: Tensor, g: Tensor): Tensor {
  const isMatrix = sum.shape.length === 2 && sameShape(sum.shape, g.shape);
  for (const [product, other] of [
    [g, sum],
    [sum, g],
  ] as const) {
    const [a, b] = product.inputs;
    if (isMatrix && isPrim(product, 'matmul') && a && b) return ops.gemm(a, b, other, product.attrs);
  }
  return ops.add(sum, g);
}

/**
 * Reverse-mode derivative of a scalar with respect to values of its program: more nodes of the same graph.
 * @throws TensorError `TENSOR_SHAPE` if the loss is no scalar, `TENSOR_NOT_DIFFERENTIABLE` if a path has no derivative.
 */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0)
    throw new TensorError('TENSOR_SHAPE', `grad(${showAval(loss)}): want a scalar`);
  return pullBack(loss, ops.constant(loss.trace, [1], { shape: [], dtype: 'f32' }), wrt);
}

/**
 * Cotangents of values from the cotangent `seed` of a value `y` that depends on them (a vector-Jacobian product).
 * @throws TensorError `TENSOR_NOT_DIFFERENTIABLE` if a path has no derivative
 */
export function pullBack(y: Tensor, seed: Tensor, wrt: readonly Tensor[]): Tensor[] {
  const order = reachable([y]);
  const active = new Set(wrt);
  for (const node of order) if (node.inputs.some((x) => active.has(x))) active.add(node);
  const cotangents = new Map<Tensor, Tensor>([[y, seed]]);
  for (const node of order.toReversed()) {
    const raw = cotangents.get(node);
    // A value that is asked for needs no derivative of its own.
    if (!raw || !node.inputs.some((x) => active.has(x))) continue;
    const ct = ops.expand(raw, node.shape);
    const rule: Rule<Prim> = RULES[node.prim] as Rule<Prim>; // a node carries the attributes of its primitive
    if (!rule.vjp) throw new TensorError('TENSOR_NOT_DIFFERENTIABLE', `${node.prim} has no derivative`);
    rule.vjp(ct, node, ops).forEach((part, i) => {
      const x = node.inputs[i];
      if (!part || !x || !active.has(x)) return;
      const g = sumTo(part, x);
      const sum = cotangents.get(x);
      cotangents.set(x, sum ? accumulate(sum, g) : g);
    });
  }
  const zero = ops.constant(y.trace, [0], { shape: [], dtype: 'f32' });
  return wrt.map((w) => ops.expand(cotangents.get(w) ?? zero, w.shape));
}
