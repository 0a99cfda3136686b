import { addDims, type Dim, type Shape, sameDim, sameShape } from './dim.js';
import { TensorError } from './errors.js';
import {
  type Attrs,
  type Aval,
  type DefinedVjp,
  type DType,
  isPrim,
  type Prim,
  type ProductAttrs,
  type Tensor,
  type Trace,
  traceOf,
} from './ir.js';
import { broadcastShapes } from './rules/rule.js';
import { RULES } from './rules.js';

/** A traced value, or a number that takes the dtype of the value it meets. */
export type Operand = Tensor | number;

function apply<P extends Prim>(prim: P, inputs: readonly Tensor[], attrs: Attrs[P]): Tensor {
  return traceOf(inputs).node(prim, inputs, attrs, RULES[prim].infer(inputs, attrs)) as Tensor;
}

/** Literal values; they live in the root trace, so that loop bodies share them. */
export function constant(trace: Trace, values: readonly number[], aval: Aval): Tensor {
  return trace.root.node('constant', [], { values }, aval) as Tensor;
}

/** 0, 1, ..., length-1 as i64[length]. */
export function iota(trace: Trace, length: Dim): Tensor {
  return trace.root.node('iota', [], { length }, RULES.iota.infer([], { length })) as Tensor;
}

function lift(value: Operand, beside: Operand): Tensor {
  if (typeof value !== 'number') return value;
  if (typeof beside === 'number')
    throw new TensorError('TENSOR_TRACE', 'an operation on numbers alone needs no trace');
  return constant(beside.trace, [value], { shape: [], dtype: beside.dtype === 'i64' ? 'i64' : 'f32' });
}

/** Drops an expand that the other operand's shape brings about anyway: broadcasting costs no memory. */
function unexpand(x: Tensor, other: Tensor): Tensor {
  if (!isPrim(x, 'expand')) return x;
  const [inner] = x.inputs;
  const joined = inner && broadcastShapes(inner.shape, other.shape);
  const wanted = broadcastShapes(x.shape, other.shape);
  return inner && joined && wanted && sameShape(joined, wanted) ? inner : x;
}

const isLiteral = (x: Tensor, value: number): boolean =>
  isPrim(x, 'constant') && x.shape.length === 0 && x.attrs.values[0] === value;

function elementwise(
  prim: 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'equal' | 'less',
  a: Operand,
  b: Operand,
): Tensor {
  const left = lift(a, b);
  const right = lift(b, a);
  if (isLiteral(right, 0) && (prim === 'add' || prim === 'sub')) return left;
  if (isLiteral(left, 0) && prim === 'add') return right;
  if (isLiteral(right, 1) && (prim === 'mul' || prim === 'div')) return left;
  if (isLiteral(left, 1) && prim === 'mul') return right;
  if (prim === 'add') {
    const joined = joinPads(left, right);
    if (joined) return joined;
  }
  const first = unexpand(left, right);
  return apply(prim, [first, unexpand(right, first)], {});
}

/** The cotangents of two neighbouring slices are zero-padded parts; their sum is the parts side by side. */
function joinPads(a: Tensor, b: Tensor): Tensor | null {
  if (!isPrim(a, 'pad') || !isPrim(b, 'pad') || a.attrs.axis !== b.attrs.axis || !sameShape(a.shape, b.shape))
    return null;
  const [x] = a.inputs;
  const [y] = b.inputs;
  const { axis } = a.attrs;
  const xSize = x?.shape[axis];
  const ySize = y?.shape[axis];
  if (!x || !y || xSize === undefined || ySize === undefined) return null;
  if (sameDim(b.attrs.before, addDims(a.attrs.before, xSize)))
    return pad(concat([x, y], axis), { axis, before: a.attrs.before, after: b.attrs.after });
  if (sameDim(a.attrs.before, addDims(b.attrs.before, ySize)))
    return pad(concat([y, x], axis), { axis, before: b.attrs.before, after: a.attrs.after });
  return null;
}

export const add = (a: Operand, b: Operand): Tensor => elementwise('add', a, b);
export const sub = (a: Operand, b: Operand): Tensor => elementwise('sub', a, b);
export const mul = (a: Operand, b: Operand): Tensor => elementwise('mul', a, b);
export const div = (a: Operand, b: Operand): Tensor => elementwise('div', a, b);
export const max = (a: Operand, b: Operand): Tensor => elementwise('max', a, b);
export const min = (a: Operand, b: Operand): Tensor => elementwise('min', a, b);
export const equal = (a: Operand, b: Operand): Tensor => elementwise('equal', a, b);
export const less = (a: Operand, b: Operand): Tensor => elementwise('less', a, b);
export const or = (a: Tensor, b: Tensor): Tensor => apply('or', [a, b], {});
export const not = (x: Tensor): Tensor => apply('not', [x], {});
export const neg = (x: Tensor): Tensor => apply('neg', [x], {});
export const exp = (x: Tensor): Tensor => apply('exp', [x], {});
export const log = (x: Tensor): Tensor => apply('log', [x], {});
export const sqrt = (x: Tensor): Tensor => apply('sqrt', [x], {});
export const sigmoid = (x: Tensor): Tensor => apply('sigmoid', [x], {});
/** x · sigmoid(x) */
export const silu = (x: Tensor): Tensor => apply('silu', [x], {});
export const sin = (x: Tensor): Tensor => apply('sin', [x], {});
export const cos = (x: Tensor): Tensor => apply('cos', [x], {});
/** The value of x, which derivatives take for a constant. */
export const stopGradient = (x: Tensor): Tensor => apply('stopGradient', [x], {});
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply('cast', [x], { to }));

/** Elementwise choice; number branches take the other branch's dtype. */
export function where(condition: Tensor, yes: Operand, no: Operand): Tensor {
  const beside = typeof yes === 'number' && typeof no === 'number' ? condition : yes;
  const left = lift(yes, typeof yes === 'number' ? no : beside);
  const right = lift(no, typeof no === 'number' ? beside : no);
  return apply('where', [condition, left, right], {});
}

/** What a product is multiplied by, 1 unless told; and whether it stays in f32 where others are computed in 16 bits. */
export type ProductOptions = Partial<ProductAttrs>;
const productAttrs = ({ alpha = 1, isFull = false }: ProductOptions): ProductAttrs => ({ alpha, isFull });

/** alpha · [..., m, k] x [..., k, n] -> [..., m, n]. */
export const matmul = (a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor =>
  apply('matmul', [a, b], productAttrs(options));
/** alpha · [m, k] x [k, n] + c, with c [m, n] or [n]. */
export const gemm = (a: Tensor, b: Tensor, c: Tensor, options: ProductOptions = {}): Tensor =>
  apply('gemm', [a, b, c], productAttrs(options));
/** x / sqrt(mean(x²) + epsilon) · weight over the last axis (Zhang & Sennrich 2019). */
export const rmsNorm = (x: Tensor, weight: Tensor, epsilon: number): Tensor =>
  apply('rmsNorm', [x, weight], { epsilon });
/** Rotary position embedding, half-split form: x [n, heads, d], cos and sin [n, d/2] (Su et al. 2021). */
export const rotary = (x: Tensor, cos: Tensor, sin: Tensor): Tensor => apply('rotary', [x, cos, sin], {});
/** Sums over axes, which stay with size 1. */
export const reduceSum = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? x : apply('reduceSum', [x], { axes });
export const softmax = (x: Tensor): Tensor => apply('softmax', [x], {});
export const logSoftmax = (x: Tensor): Tensor => apply('logSoftmax', [x], {});
export const cumSum = (x: Tensor, options: { reverse?: boolean } = {}): Tensor =>
  apply('cumSum', [x], { reverse: options.reverse ?? false });
export const argMax = (x: Tensor): Tensor => apply('argMax', [x], {});
/** Indices i64[size] of the true flags bool[n], and of false ones until there are `atLeast`, a multiple of `multipleOf`. */
export const choose = (flags: Tensor, options: { atLeast: number; multipleOf: number; size: Dim }): Tensor =>
  apply('choose', [flags], options);
/** Indices i64[..., count] of the largest values of the last axis, in falling order. */
export const topK = (x: Tensor, count: Dim): Tensor => apply('topK', [x], { count });

export function reshape(x: Tensor, shape: Shape): Tensor {
  const source = isPrim(x, 'reshape') ? (x.inputs[0] ?? x) : x;
  return sameShape(source.shape, shape) ? source : apply('reshape', [source], { shape });
}

export function expand(x: Tensor, shape: Shape): Tensor {
  const source = isPrim(x, 'expand') ? (x.inputs[0] ?? x) : x;
  return sameShape(source.shape, shape) ? source : apply('expand', [source], { shape });
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  if (perm.every((p, i) => p === i) && perm.length === x.shape.length) return x;
  const [inner, second] = x.inputs;
  // (a b)^T = b^T a^T, whose transposes the product's spelling folds in: the gradient of a weight in [out, in] layout.
  if (isPrim(x, 'matmul') && inner && second && [inner, second].every((t) => t.shape.length === 2)) {
    return matmul(swapLast(second), swapLast(inner), x.attrs);
  }
  if (isPrim(x, 'transpose') && inner)
    return transpose(
      inner,
      perm.map((p) => x.attrs.perm[p] ?? p),
    );
  return apply('transpose', [x], { perm });
}

export const slice = (x: Tensor, range: { axis: number; start: Dim; end: Dim }): Tensor =>
  sameDim(range.start, 0) && sameDim(range.end, x.shape[range.axis] ?? -1) ? x : apply('slice', [x], range);

export const pad = (x: Tensor, around: { axis: number; before: Dim; after: Dim }): Tensor =>
  sameDim(around.before, 0) && sameDim(around.after, 0) ? x : apply('pad', [x], around);

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const flat = parts.flatMap((p) => (isPrim(p, 'concat') && p.attrs.axis === axis ? p.inputs : [p]));
  const [first] = flat;
  return flat.length === 1 && first ? first : apply('concat', flat, { axis });
}

/** Rows of a table, ([V, ...], i64[...n]) -> [...n, ...]; or what stands at indices of another axis. */
export const gather = (table: Tensor, index: Tensor, axis = 0): Tensor =>
  apply('gather', [table, index], { axis });
/** One value of the last axis for each row: ([...n, V], i64[...n]) -> [...n]. */
export const pick = (x: Tensor, index: Tensor): Tensor => apply('pick', [x, index], {});

/** Values of the last axis: ([...n, V], i64[...n, k]) -> [...n, k]. */
export const takeAlong = (x: Tensor, index: Tensor): Tensor => apply('takeAlong', [x, index], {});
/** x [n] with values [m] in place of those at indices i64[m]; equal indices need equal values. */
export const put = (x: Tensor, index: Tensor, values: Tensor): Tensor => apply('put', [x, index, values], {});
/** x, computed on only once `dependency` is there. */
export const after = (x: Tensor, dependency: Tensor): Tensor => apply('after', [x, dependency], {});

/**
 * A value with a derivative of its own: in place of the derivative of the nodes that made it, `vjp` gives the cotangents
 * of `inputs`. It has to name every differentiable value that the value depends on.
 */
export function define(name: string, value: Tensor, inputs: readonly Tensor[], vjp: DefinedVjp): Tensor {
  const all = [value, ...inputs];
  const attrs = { name, vjp };
  return traceOf(all).node('defined', all, attrs, RULES.defined.infer(all, attrs), true) as Tensor;
}

/** Adds an axis of size 1; -1 adds it at the end. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const position = axis < 0 ? x.shape.length + 1 + axis : axis;
  return reshape(x, [...x.shape.slice(0, position), 1, ...x.shape.slice(position)]);
}

/** Transposes the last two axes. */
export function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, i) => (i === rank - 2 ? rank - 1 : i === rank - 1 ? rank - 2 : i)),
  );
}

/** i64[n] -> f32[n, size], one 1 in each row. */
export const oneHot = (index: Tensor, size: Dim): Tensor =>
  cast(equal(expandDims(index, -1), iota(index.trace, size)), 'f32');
