import { type Dim, type Shape, sameDim, showShape } from '../dim.js';
import { TensorError } from '../errors.js';
import { type Attrs, type Aval, type DType, type Prim, showCall, type Tensor } from '../ir.js';

/** The operations that a derivative is written in: handed in, so that rules and operations need no import cycle. */
export type Ops = typeof import('../ops.js');

/** One row of the primitive table: the type of the result, and the cotangents of the inputs. */
export interface Rule<P extends Prim> {
  /** @throws TensorError `TENSOR_SHAPE` / `TENSOR_DTYPE` with what was got and what is wanted. */
  infer(inputs: readonly Aval[], attrs: Attrs[P]): Aval;
  /**
   * Cotangents of the inputs from the cotangent `ct` of the result `y`, which has the result's shape; null where an input
   * has no derivative. Where an input was broadcast the walker sums the cotangent back to the input's shape.
   * The whole rule is null for a primitive without derivatives.
   */
  readonly vjp: ((ct: Tensor, y: Tensor<P>, ops: Ops) => readonly (Tensor | null)[]) | null;
}

export function shapeError(prim: Prim, inputs: readonly Aval[], want: string): TensorError {
  return new TensorError('TENSOR_SHAPE', `${showCall(prim, inputs)}: want ${want}`);
}

/** @throws TensorError `TENSOR_DTYPE` unless the inputs have the dtypes wanted; `number` is any but bool. */
export function wantDTypes(prim: Prim, inputs: readonly Aval[], wanted: readonly (DType | 'number')[]): void {
  const ok =
    inputs.length === wanted.length &&
    wanted.every((w, i) => (w === 'number' ? inputs[i]?.dtype !== 'bool' : inputs[i]?.dtype === w));
  if (!ok) throw new TensorError('TENSOR_DTYPE', `${showCall(prim, inputs)}: want (${wanted.join(', ')})`);
}

/** Numpy broadcasting over symbolic sizes: two sizes meet when they are equal or one of them is the literal 1. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (sameDim(x, y) || y === 1) out.push(x);
    else if (x === 1) out.push(y);
    else return null;
  }
  return out;
}

export function broadcastOrThrow(prim: Prim, inputs: readonly Aval[]): Shape {
  return inputs.reduce<Shape>((shape, x) => {
    const joined = broadcastShapes(shape, x.shape);
    if (!joined)
      throw shapeError(
        prim,
        inputs,
        `shapes that broadcast, ${showShape(shape)} meets ${showShape(x.shape)}`,
      );
    return joined;
  }, []);
}

/** The input at an index that the type rule has proved to exist. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined)
    throw new TensorError('TENSOR_SHAPE', `internal: no item ${index} of ${items.length}`);
  return item;
}
