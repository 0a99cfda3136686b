import { addDims, type Dim, productOf, sameDim, sameShape, showDim, showShape, subDims } from '../dim.js';
import type { Aval, Prim } from '../ir.js';
import { at, broadcastShapes, type Rule, shapeError, wantDTypes } from './rule.js';

function checkAxis(prim: Prim, inputs: readonly Aval[], axis: number): Dim {
  const size = inputs[0]?.shape[axis];
  if (size === undefined) throw shapeError(prim, inputs, `an axis below the rank, got ${axis}`);
  return size;
}

const withAxis = (x: Aval, axis: number, size: Dim): Aval => ({
  dtype: x.dtype,
  shape: x.shape.map((d, i) => (i === axis ? size : d)),
});

export const reshape: Rule<'reshape'> = {
  infer: (inputs, { shape }) => {
    const x = at(inputs, 0);
    const got = productOf(x.shape);
    const want = productOf(shape);
    if (!sameDim(got, want)) {
      throw shapeError(
        'reshape',
        inputs,
        `${showDim(got)} elements, ${showShape(shape)} has ${showDim(want)}`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  vjp: (ct, y, ops) => [ops.reshape(ct, at(y.inputs, 0).shape)],
};

export const expand: Rule<'expand'> = {
  infer: (inputs, { shape }) => {
    const x = at(inputs, 0);
    const joined = broadcastShapes(x.shape, shape);
    if (!joined || !sameShape(joined, shape))
      throw shapeError('expand', inputs, `a shape that broadcasts to ${showShape(shape)}`);
    return { shape, dtype: x.dtype };
  },
  // The walker sums what broadcasting repeated.
  vjp: (ct) => [ct],
};

export const transpose: Rule<'transpose'> = {
  infer: (inputs, { perm }) => {
    const x = at(inputs, 0);
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((p, i) => p !== i)) {
      throw shapeError('transpose', inputs, `a permutation of the axes, got [${perm.join(',')}]`);
    }
    return { shape: perm.map((p) => at(x.shape, p)), dtype: x.dtype };
  },
  vjp: (ct, y, ops) => {
    const inverse = y.attrs.perm.map((_, i) => y.attrs.perm.indexOf(i));
    return [ops.transpose(ct, inverse)];
  },
};

export const slice: Rule<'slice'> = {
  infer: (inputs, { axis, start, end }) => {
    const size = checkAxis('slice', inputs, axis);
    const isKnown = [size, start, end].every((d) => typeof d === 'number');
    if (isKnown && !(Number(start) >= 0 && Number(start) <= Number(end) && Number(end) <= Number(size))) {
      throw shapeError(
        'slice',
        inputs,
        `0 <= start <= end <= ${showDim(size)} on axis ${axis}, got ${showDim(start)}..${showDim(end)}`,
      );
    }
    return withAxis(at(inputs, 0), axis, subDims(end, start));
  },
  vjp: (ct, y, ops) => {
    const { axis, start, end } = y.attrs;
    const size = at(at(y.inputs, 0).shape, axis);
    return [ops.pad(ct, { axis, before: start, after: subDims(size, end) })];
  },
};

/** Zeros before and after along one axis. */
export const pad: Rule<'pad'> = {
  infer: (inputs, { axis, before, after }) => {
    wantDTypes('pad', inputs, ['f32']);
    const size = checkAxis('pad', inputs, axis);
    return withAxis(at(inputs, 0), axis, addDims(before, addDims(size, after)));
  },
  vjp: (ct, y, ops) => {
    const { axis, before } = y.attrs;
    const size = at(at(y.inputs, 0).shape, axis);
    return [ops.slice(ct, { axis, start: before, end: addDims(before, size) })];
  },
};

export const concat: Rule<'concat'> = {
  infer: (inputs, { axis }) => {
    const first = at(inputs, 0);
    checkAxis('concat', inputs, axis);
    const fits = inputs.every(
      (x) =>
        x.dtype === first.dtype &&
        x.shape.length === first.shape.length &&
        x.shape.every((d, i) => i === axis || sameDim(d, at(first.shape, i))),
    );
    if (!fits) throw shapeError('concat', inputs, `equal dtypes, and equal sizes but on axis ${axis}`);
    return withAxis(
      first,
      axis,
      inputs.reduce<Dim>((sum, x) => addDims(sum, at(x.shape, axis)), 0),
    );
  },
  vjp: (ct, y, ops) => {
    let start: Dim = 0;
    return y.inputs.map((x) => {
      const end: Dim = addDims(start, at(x.shape, y.attrs.axis));
      const part = ops.slice(ct, { axis: y.attrs.axis, start, end });
      start = end;
      return part;
    });
  },
};

/** Rows of a table, or what stands at indices of another axis: ([..., V, ...], i64[...n]) -> [..., ...n, ...]. */
export const gather: Rule<'gather'> = {
  infer: (inputs, { axis }) => {
    const table = at(inputs, 0);
    const index = at(inputs, 1);
    checkAxis('gather', inputs, axis);
    if (index.dtype !== 'i64') throw shapeError('gather', inputs, '([...,V,...], i64[...])');
    const [before, behind] = [table.shape.slice(0, axis), table.shape.slice(axis + 1)];
    return { shape: [...before, ...index.shape, ...behind], dtype: table.dtype };
  },
  // A scatter-add with repeated indices is not deterministic on a GPU: the one-hot product is.
  vjp: (ct, y, ops) => {
    const table = at(y.inputs, 0);
    const index = at(y.inputs, 1);
    if (y.attrs.axis !== 0) throw shapeError('gather', y.inputs, 'axis 0, to have a derivative');
    const vocabulary = at(table.shape, 0);
    const count = productOf(index.shape);
    const width = productOf(table.shape.slice(1));
    const rows = ops.reshape(ct, [count, width]);
    const oneHot = ops.oneHot(ops.reshape(index, [count]), vocabulary);
    return [ops.reshape(ops.matmul(ops.swapLast(oneHot), rows), table.shape), null];
  },
};

/** One value of the last axis for each row: ([...n, V], i64[...n]) -> [...n]. */
export const pick: Rule<'pick'> = {
  infer: (inputs) => {
    const x = at(inputs, 0);
    const index = at(inputs, 1);
    if (index.dtype !== 'i64' || x.shape.length === 0 || !sameShape(x.shape.slice(0, -1), index.shape)) {
      throw shapeError('pick', inputs, '([...n,V], i64[...n])');
    }
    return { shape: index.shape, dtype: x.dtype };
  },
  // Written as a comparison instead of a scatter, for the same reason.
  vjp: (ct, y, ops) => {
    const x = at(y.inputs, 0);
    const index = at(y.inputs, 1);
    const last = at(x.shape, x.shape.length - 1);
    const hit = ops.equal(ops.expandDims(index, -1), ops.iota(y.trace, last));
    return [ops.where(hit, ops.expandDims(ct, -1), 0), null];
  },
};

/** Values of the last axis for each row: ([...n, V], i64[...n, k]) -> [...n, k]. */
export const takeAlong: Rule<'takeAlong'> = {
  infer: (inputs) => {
    const [x, index] = [at(inputs, 0), at(inputs, 1)];
    const isRows = sameShape(x.shape.slice(0, -1), index.shape.slice(0, -1));
    if (index.dtype !== 'i64' || x.shape.length === 0 || index.shape.length !== x.shape.length || !isRows) {
      throw shapeError('takeAlong', inputs, '([...n,V], i64[...n,k])');
    }
    return { shape: index.shape, dtype: x.dtype };
  },
  vjp: null,
};

/**
 * x [n] with the values [m] in place of those at the indices i64[m]. Where an index repeats, its values have to be equal:
 * the order of writing is not fixed on every device.
 */
export const put: Rule<'put'> = {
  infer: (inputs) => {
    const [x, index, values] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    const isFlat = [x, index, values].every((t) => t.shape.length === 1);
    if (
      !isFlat ||
      index.dtype !== 'i64' ||
      x.dtype !== values.dtype ||
      !sameShape(index.shape, values.shape)
    ) {
      throw shapeError('put', inputs, '([n], i64[m], [m])');
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp: null,
};

/** x, but not before `dependency` (of x's shape) is there: what is computed from it waits for the backward pass. */
export const after: Rule<'after'> = {
  infer: (inputs) => {
    const [x, dependency] = [at(inputs, 0), at(inputs, 1)];
    if (!sameShape(x.shape, dependency.shape)) throw shapeError('after', inputs, 'two values of one shape');
    return { shape: x.shape, dtype: x.dtype };
  },
  vjp: (ct) => [ct, null],
};
