import { type Dim, evalDim, mulDims, sameDim } from '../dim.js';
import { TensorError } from '../errors.js';
import { type DType, isPrim, type Prim, type Tensor } from '../ir.js';
import { at } from '../rules/rule.js';

/** An attribute of an ONNX node: an integer, integers, a text, or a float. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** What a lowering may ask of the emitter: all names are values of the ONNX graph being written. */
export interface Emit {
  /** The name that a traced value has in the graph. */
  name(t: Tensor): string;
  /** The type that products are computed in. */
  readonly precision: Precision;
  /** The name of a weight that is stored in 16 bits, as it is stored; null of any other value. */
  stored(t: Tensor): string | null;
  /** The name of a value in that type; a weight that is stored in it is read as it is. */
  factor(t: Tensor): string;
  /** The name of a product's right operand in f32: of a weight that is packed, one that its graph owns. */
  multiplier(t: Tensor): string;
  /** Writes one node and returns the name of its only output. */
  op(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    domain?: string,
  ): string;
  /** Writes one node of several outputs and returns their names. */
  many(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): readonly string[];
  /** An int64 vector: an initializer when all sizes are known, else an input that the host computes for each run. */
  ints(dims: readonly Dim[]): string;
  /** The target of a reshape, likewise; the one size that only the device knows is left for it to infer. */
  shape(dims: readonly Dim[]): string;
  /** An int64 scalar, likewise. */
  int(dim: Dim): string;
  /** A literal of a dtype. */
  literal(values: readonly number[], shape: readonly number[], dtype: DType): string;
}

/** How a primitive is spelled in ONNX. */
export interface Lowering<P extends Prim> {
  lower(node: Tensor<P>, emit: Emit): string;
  /** The values it reads where they are not the node's inputs: transposes that the spelling folds in are not computed. */
  readonly operands?: (node: Tensor<P>) => readonly Tensor[];
}

export const ONNX_DTYPE: Readonly<Record<DType, number>> = { f32: 1, i64: 7, bool: 9 };

/** Types of products: operands of 16 bits, their sums in f32 on the device; everything else stays f32. */
export type Precision = 'f32' | 'f16' | 'bf16';
export const PRECISION_DTYPE: Readonly<Record<Precision, number>> = { f32: 1, f16: 10, bf16: 16 };

/** ONNX clamps a slice's end to the axis. */
const END_OF_AXIS = 2 ** 31 - 1;

const direct = <P extends Prim>(type: string): Lowering<P> => ({
  lower: (node, emit) => emit.op(type, node.inputs.map(emit.name)),
});

const overLast = <P extends Prim>(type: string): Lowering<P> => ({
  lower: (node, emit) => emit.op(type, node.inputs.map(emit.name), { axis: -1 }),
});

const byTracer = <P extends Prim>(prim: string): Lowering<P> => ({
  lower: () => {
    throw new TensorError('TENSOR_TRACE', `internal: ${prim} is written by the emitter`);
  },
});

/** A matmul operand, with a transpose of its last two axes folded into the product. */
function unswap(x: Tensor): { source: Tensor; swapped: boolean } {
  const rank = x.shape.length;
  const [inner] = x.inputs;
  const isSwap =
    isPrim(x, 'transpose') &&
    x.attrs.perm.every((p, i) => p === (i === rank - 2 ? rank - 1 : i === rank - 1 ? rank - 2 : i));
  return isSwap && inner ? { source: inner, swapped: true } : { source: x, swapped: false };
}

/** The operands of a product and its attributes, transposes folded in. */
function product(node: Tensor<'matmul' | 'gemm'>): {
  a: Tensor;
  b: Tensor;
  attributes: Record<string, Attribute>;
} {
  const a = unswap(at(node.inputs, 0));
  const b = unswap(at(node.inputs, 1));
  const { alpha } = node.attrs;
  return {
    a: a.source,
    b: b.source,
    attributes: {
      ...(a.swapped || b.swapped ? { transA: a.swapped ? 1 : 0, transB: b.swapped ? 1 : 0 } : {}),
      ...(alpha === 1 ? {} : { alpha: { float: alpha } }),
    },
  };
}

/** Writes a product, in the products' type unless the node says otherwise; its result is f32. */
function multiply(node: Tensor<'matmul' | 'gemm'>, emit: Emit): string {
  const { a, b, attributes } = product(node);
  const isLow = emit.precision !== 'f32' && !node.attrs.isFull;
  const names = isLow ? [emit.factor(a), emit.factor(b)] : [emit.name(a), emit.multiplier(b)];
  const isPlain = a.shape.length === 2 && b.shape.length === 2;
  const result =
    Object.keys(attributes).length === 0
      ? emit.op('MatMul', names)
      : isPlain
        ? emit.op('Gemm', names, attributes)
        : emit.op('FusedMatMul', names, attributes, 'com.microsoft');
  return isLow ? emit.op('Cast', [result], { to: ONNX_DTYPE.f32 }) : result;
}

const matmul: Lowering<'matmul'> = {
  operands: (node) => node.inputs.map((x) => unswap(x).source),
  lower: (node, emit) => multiply(node as Tensor<'matmul' | 'gemm'>, emit),
};

const gemm: Lowering<'gemm'> = {
  operands: (node) => [...node.inputs.slice(0, 2).map((x) => unswap(x).source), at(node.inputs, 2)],
  lower: (node, emit) => {
    const addend = emit.name(at(node.inputs, 2));
    // An addend of 16 bits would round what is summed up, a residual stream for instance.
    if (emit.precision !== 'f32' && !node.attrs.isFull)
      return emit.op('Add', [multiply(node as Tensor<'matmul' | 'gemm'>, emit), addend]);
    const { a, b, attributes } = product(node as Tensor<'matmul' | 'gemm'>);
    return emit.op('Gemm', [emit.name(a), emit.multiplier(b), addend], attributes);
  },
};

/** The right operand of a product, where that is a weight. */
export function weightOf(node: Tensor): Tensor<'param'> | null {
  if (!isPrim(node, 'matmul') && !isPrim(node, 'gemm')) return null;
  const { source } = unswap(at(node.inputs, 1));
  return isPrim(source, 'param') && source.attrs.role === 'weight' ? source : null;
}

/** What a value was before it was reshaped. */
const beforeReshape = (x: Tensor): Tensor => (isPrim(x, 'reshape') ? at(x.inputs, 0) : x);

/** The fused operator wants [1, n, heads·d], and counts positions from the one that it is given: row i reads row i. */
const rotary: Lowering<'rotary'> = {
  operands: (node) => [beforeReshape(at(node.inputs, 0)), ...node.inputs.slice(1)],
  lower: (node, emit) => {
    const [n, heads, d] = node.shape;
    if (n === undefined || heads === undefined || d === undefined)
      throw new TensorError('TENSOR_SHAPE', 'internal: rotary wants three axes');
    const [x, cos, sin] = [beforeReshape(at(node.inputs, 0)), at(node.inputs, 1), at(node.inputs, 2)].map(
      emit.name,
    );
    const rows = emit.op('Reshape', [x ?? '', emit.shape([1, n, mulDims(heads, d)])], { allowzero: 1 });
    const inputs = [rows, emit.ints([0]), cos ?? '', sin ?? ''];
    const turned = emit.op('RotaryEmbedding', inputs, { interleaved: 0 }, 'com.microsoft');
    return emit.op('Reshape', [turned, emit.shape(node.shape)], { allowzero: 1 });
  },
};

/** The pads of an ONNX `Pad` that adds to one axis: what comes before every axis, then what comes behind. */
function padding(rank: number, axis: number, before: Dim, after: Dim): Dim[] {
  const pads = new Array<Dim>(2 * rank).fill(0);
  pads[axis] = before;
  pads[rank + axis] = after;
  return pads;
}

/** A sum is vectorised from an address on that is a multiple of this many elements. */
const SUM_LANES = 16;

/**
 * The operand of a sum over the last axis, with zeros where rows would otherwise begin between two such addresses: the order
 * of a row's additions, and so its last bits, would depend on where the row lies.
 */
function wholeLanes(node: Tensor<'reduceSum'>, emit: Emit): string {
  const x = at(node.inputs, 0);
  const last = x.shape.length - 1;
  const width = x.shape[last];
  const isRows = node.attrs.axes.includes(last) && node.attrs.axes.length < x.shape.length;
  const missing = isRows && typeof width === 'number' && width > 1 ? -width & (SUM_LANES - 1) : 0;
  if (missing === 0) return emit.name(x);
  return emit.op('Pad', [emit.name(x), emit.ints(padding(last + 1, last, 0, missing))]);
}

/** The nodes that a loop body's spelling computes, each after its inputs, and the outer values that it reads. */
export function spelledBody(node: Tensor<'loop'>): { nodes: Tensor[]; captured: Tensor[] } {
  const { carriedOut, scans, proceed, iteration } = node.attrs;
  const all = neededNodes([...carriedOut, ...scans, proceed], (t) => t.trace.isWithin(iteration.trace));
  return {
    nodes: all.filter((t) => t.trace.isWithin(iteration.trace)),
    captured: all.filter((t) => !t.trace.isWithin(iteration.trace)),
  };
}

/**
 * What the spelling of the roots computes, each node after its inputs: folded transposes and dead branches are absent.
 * The operands of a node that `isInside` refuses are not followed.
 */
export function neededNodes(
  roots: readonly Tensor[],
  isInside: (t: Tensor) => boolean = () => true,
): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (isInside(node)) stack.push(...operandsOf(node));
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The ONNX spelling (opset 21) of every primitive: a missing row fails to compile. */
export const LOWERINGS: { readonly [P in Prim]: Lowering<P> } = {
  param: byTracer('param'),
  constant: {
    lower: (node, emit) =>
      emit.literal(
        node.attrs.values,
        node.shape.map((d) => evalDim(d, {})),
        node.dtype,
      ),
  },
  iota: { lower: (node, emit) => emit.op('Range', [emit.int(0), emit.int(node.attrs.length), emit.int(1)]) },
  neg: direct('Neg'),
  exp: direct('Exp'),
  log: direct('Log'),
  sqrt: direct('Sqrt'),
  sigmoid: direct('Sigmoid'),
  silu: {
    lower: (node, emit) =>
      emit.op('QuickGelu', node.inputs.map(emit.name), { alpha: { float: 1 } }, 'com.microsoft'),
  },
  sin: direct('Sin'),
  cos: direct('Cos'),
  not: direct('Not'),
  stopGradient: direct('Identity'),
  cast: {
    lower: (node, emit) => emit.op('Cast', node.inputs.map(emit.name), { to: ONNX_DTYPE[node.attrs.to] }),
  },
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  max: direct('Max'),
  min: direct('Min'),
  or: direct('Or'),
  equal: direct('Equal'),
  less: direct('Less'),
  where: direct('Where'),
  matmul,
  gemm,
  rmsNorm: {
    lower: (node, emit) =>
      emit.op('SimplifiedLayerNormalization', node.inputs.map(emit.name), {
        axis: -1,
        epsilon: { float: node.attrs.epsilon },
        stash_type: 1,
      }),
  },
  rotary,
  reduceSum: {
    lower: (node, emit) =>
      emit.op('ReduceSum', [wholeLanes(node, emit), emit.ints(node.attrs.axes)], { keepdims: 1 }),
  },
  softmax: overLast('Softmax'),
  logSoftmax: overLast('LogSoftmax'),
  cumSum: {
    lower: (node, emit) =>
      emit.op('CumSum', [emit.name(at(node.inputs, 0)), emit.int(node.shape.length - 1)], {
        reverse: node.attrs.reverse ? 1 : 0,
      }),
  },
  argMax: { lower: (node, emit) => emit.op('ArgMax', node.inputs.map(emit.name), { axis: -1, keepdims: 0 }) },
  choose: {
    lower: (node, emit) => {
      const flags = emit.op('Cast', node.inputs.map(emit.name), { to: ONNX_DTYPE.f32 });
      const number = (value: number): string => emit.literal([value], [1], 'f32');
      const sum = emit.op('ReduceSum', [flags, emit.ints([0])], { keepdims: 1 });
      const { atLeast, multipleOf } = node.attrs;
      const upTo = emit.op('Add', [emit.op('Max', [sum, number(atLeast)]), number(multipleOf - 1)]);
      const whole = emit.op('Floor', [emit.op('Div', [upTo, number(multipleOf)])]);
      const count = emit.op('Cast', [emit.op('Mul', [whole, number(multipleOf)])], { to: ONNX_DTYPE.i64 });
      // Equal values keep their order, so the chosen indices rise.
      return at(emit.many('TopK', [flags, count], { axis: 0, largest: 1, sorted: 1 }, 2), 1);
    },
  },
  topK: {
    lower: (node, emit) => {
      const inputs = [emit.name(at(node.inputs, 0)), emit.ints([node.attrs.count])];
      return at(emit.many('TopK', inputs, { axis: -1, largest: 1, sorted: 1 }, 2), 1);
    },
  },
  reshape: {
    lower: (node, emit) =>
      emit.op('Reshape', [emit.name(at(node.inputs, 0)), emit.shape(node.shape)], { allowzero: 1 }),
  },
  expand: {
    lower: (node, emit) => emit.op('Expand', [emit.name(at(node.inputs, 0)), emit.ints(node.shape)]),
  },
  transpose: {
    lower: (node, emit) => emit.op('Transpose', node.inputs.map(emit.name), { perm: node.attrs.perm }),
  },
  slice: {
    lower: (node, emit) => {
      const { axis, start, end } = node.attrs;
      const x = at(node.inputs, 0);
      // To the end of the axis needs no size: inside a loop that size may grow and the host cannot know it.
      const isToEnd = sameDim(end, at(x.shape, axis));
      return emit.op('Slice', [
        emit.name(x),
        emit.ints([start]),
        emit.ints([isToEnd ? END_OF_AXIS : end]),
        emit.ints([axis]),
      ]);
    },
  },
  pad: {
    lower: (node, emit) => {
      const { axis, before, after } = node.attrs;
      const pads = padding(node.shape.length, axis, before, after);
      return emit.op('Pad', [emit.name(at(node.inputs, 0)), emit.ints(pads)]);
    },
  },
  concat: { lower: (node, emit) => emit.op('Concat', node.inputs.map(emit.name), { axis: node.attrs.axis }) },
  gather: {
    lower: (node, emit) => {
      const [table, index] = [at(node.inputs, 0), at(node.inputs, 1)];
      const { axis } = node.attrs;
      // Of a table of 16 bits only the rows that are read become f32.
      const stored = emit.stored(table);
      if (stored === null) return emit.op('Gather', [emit.name(table), emit.name(index)], { axis });
      const rows = emit.op('Gather', [stored, emit.name(index)], { axis });
      return emit.op('Cast', [rows], { to: ONNX_DTYPE.f32 });
    },
  },
  pick: {
    lower: (node, emit) => {
      const [x, index] = [at(node.inputs, 0), at(node.inputs, 1)];
      const last = emit.ints([-1]);
      const column = emit.op('Unsqueeze', [emit.name(index), last]);
      const picked = emit.op('GatherElements', [emit.name(x), column], { axis: -1 });
      return emit.op('Squeeze', [picked, last]);
    },
  },
  takeAlong: {
    lower: (node, emit) => emit.op('GatherElements', node.inputs.map(emit.name), { axis: -1 }),
  },
  put: { lower: (node, emit) => emit.op('ScatterElements', node.inputs.map(emit.name), { axis: 0 }) },
  // A reshape to the other value's shape costs nothing and cannot run before that value is there.
  after: {
    lower: (node, emit) => {
      const [x, dependency] = node.inputs.map(emit.name);
      return emit.op('Reshape', [x ?? '', emit.op('Shape', [dependency ?? ''])], { allowzero: 1 });
    },
  },
  defined: {
    operands: (node) => node.inputs.slice(0, 1),
    lower: (node, emit) => emit.name(at(node.inputs, 0)),
  },
  loop: {
    ...byTracer('loop'),
    operands: (node) => [
      ...node.inputs.slice(0, 1 + node.attrs.carriedIn.length),
      ...spelledBody(node).captured,
    ],
  },
  project: byTracer('project'),
};

/** The values that a node's spelling reads. */
export function operandsOf(node: Tensor): readonly Tensor[] {
  const lowering = LOWERINGS[node.prim] as Lowering<Prim>; // a node carries the attributes of its primitive
  return lowering.operands ? lowering.operands(node) : node.inputs;
}

export const lowerNode = (node: Tensor, emit: Emit): string =>
  (LOWERINGS[node.prim] as Lowering<Prim>).lower(node as Tensor<Prim>, emit); // likewise
