import type { Dim } from '../dim.js';
import type { Attrs, Prim, Tensor } from '../ir.js';

/** A tensor of the interpreter: row-major doubles; i64 and bool are held as doubles too. */
export interface Value {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

export type Kernel<P extends Prim> = (
  inputs: readonly Value[],
  attrs: Attrs[P],
  size: (d: Dim) => number,
  node: Tensor<P>,
) => Value;

export const makeValue = (data: Float64Array, shape: readonly number[]): Value => ({ data, shape });

export const countOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** Builds a value from a function of the position. */
export function build(shape: readonly number[], f: (index: readonly number[]) => number): Value {
  const data = new Float64Array(countOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(index);
    for (let a = shape.length - 1; a >= 0; a--) {
      const next = (index[a] ?? 0) + 1;
      index[a] = next < (shape[a] ?? 1) ? next : 0;
      if (index[a] !== 0) break;
    }
  }
  return { data, shape };
}

/** The element at a position, reading axes of size 1 as repeated and missing leading axes as absent. */
export function read(v: Value, index: readonly number[]): number {
  const lead = index.length - v.shape.length;
  let offset = 0;
  for (let a = 0; a < v.shape.length; a++) {
    const d = v.shape[a] ?? 1;
    offset = offset * d + (d === 1 ? 0 : (index[a + lead] ?? 0));
  }
  return v.data[offset] ?? Number.NaN;
}
