import { pullBack } from './grad.js';
import type { Tensor } from './ir.js';
import * as ops from './ops.js';

/**
 * fn(x, parameters), whose inner values are not kept for the backward pass but computed again there (Chen et al. 2016): the
 * memory of a step falls by what `fn` makes, its time grows by one forward pass of `fn`. Gradients are the same bits.
 * `parameters` names every trainable value that fn uses; the result has the shape of x.
 */
export function checkpoint(x: Tensor, parameters: readonly Tensor[], fn: (x: Tensor) => Tensor): Tensor {
  return ops.define('checkpoint', fn(x), [x, ...parameters], (ct) => {
    // The copy depends on the cotangent, so that it cannot run, and be kept, during the forward pass.
    const again = ops.after(x, ct);
    return pullBack(fn(again), ct, [again, ...parameters]);
  });
}
