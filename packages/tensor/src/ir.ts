import { type Dim, type Shape, showDim, showShape } from './dim.js';
import { TensorError } from './errors.js';

export type DType = 'f32' | 'i64' | 'bool';

/** The closed set of primitives and what each carries beside its inputs. Everything else is composed of these. */
export interface Attrs {
  param: { readonly name: string; readonly role: 'input' | 'weight' | 'carried' };
  constant: { readonly values: readonly number[] };
  iota: { readonly length: Dim };
  neg: Empty;
  exp: Empty;
  log: Empty;
  sqrt: Empty;
  sigmoid: Empty;
  silu: Empty;
  sin: Empty;
  cos: Empty;
  not: Empty;
  stopGradient: Empty;
  cast: { readonly to: DType };
  add: Empty;
  sub: Empty;
  mul: Empty;
  div: Empty;
  max: Empty;
  min: Empty;
  or: Empty;
  equal: Empty;
  less: Empty;
  where: Empty;
  matmul: ProductAttrs;
  gemm: ProductAttrs;
  rmsNorm: { readonly epsilon: number };
  rotary: Empty;
  reduceSum: { readonly axes: readonly number[] };
  softmax: Empty;
  logSoftmax: Empty;
  cumSum: { readonly reverse: boolean };
  argMax: Empty;
  topK: { readonly count: Dim };
  choose: { readonly atLeast: number; readonly multipleOf: number; readonly size: Dim };
  reshape: { readonly shape: Shape };
  expand: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  slice: { readonly axis: number; readonly start: Dim; readonly end: Dim };
  pad: { readonly axis: number; readonly before: Dim; readonly after: Dim };
  concat: { readonly axis: number };
  gather: { readonly axis: number };
  pick: Empty;
  takeAlong: Empty;
  put: Empty;
  after: Empty;
  defined: { readonly name: string; readonly vjp: DefinedVjp };
  loop: LoopBody;
  project: { readonly index: number };
}
/** `isFull` products are computed in f32 where others are computed in 16 bits. */
export interface ProductAttrs {
  readonly alpha: number;
  readonly isFull: boolean;
}

/**
 * Cotangents of the arguments of a value with a derivative of its own, from the value's cotangent; null where there is
 * none. It is called while the program is traced: the program itself holds only the nodes that it makes.
 */
export type DefinedVjp = (ct: Tensor) => readonly (Tensor | null)[];
export type Empty = Readonly<Record<never, never>>;
export type Prim = keyof Attrs;

/**
 * The body of a loop. Each iteration maps the carried values to their next values; `scans` are stacked along a new first
 * axis; the loop ends after `tripCount` iterations or as soon as `proceed` is false.
 */
export interface LoopBody {
  readonly iteration: Tensor<'param'>;
  readonly carriedIn: readonly Tensor<'param'>[];
  readonly carriedOut: readonly Tensor[];
  readonly proceed: Tensor;
  readonly scans: readonly Tensor[];
  /** Name of the first axis of the stacked scans: the number of iterations that ran. */
  readonly iterations: Dim;
}

/** A traced value: one primitive applied to traced values. Immutable; equal nodes of one trace are one object. */
export interface Tensor<P extends Prim = Prim> {
  readonly id: number;
  readonly trace: Trace;
  readonly prim: P;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs[P];
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What a type rule answers. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** `f32[P+G*S,64]` */
export const showAval = (t: Aval): string => `${t.dtype}${showShape(t.shape)}`;
/** `matmul(f32[32,4], f32[3,8])` */
export const showCall = (prim: Prim, inputs: readonly Aval[]): string =>
  `${prim}(${inputs.map(showAval).join(', ')})`;

/**
 * Where nodes live while a program is being traced: a root trace, and a child trace for each loop body. It interns nodes,
 * so that a repeated sub-expression exists once. A trace belongs to one program; nothing is global.
 */
export class Trace {
  readonly parent: Trace | null;
  readonly depth: number;
  /** Interned nodes of this trace, by primitive, inputs and attributes. */
  readonly #interned = new Map<string, Tensor>();
  /** Counts nodes of a whole trace tree, so that ids are a topological order across loop bodies too. */
  readonly #counter: { next: number };

  constructor(parent: Trace | null = null) {
    this.parent = parent;
    this.depth = parent ? parent.depth + 1 : 0;
    this.#counter = parent ? parent.#counter : { next: 0 };
  }

  get root(): Trace {
    return this.parent ? this.parent.root : this;
  }

  /** Adds a node whose type is already checked; `unique` nodes (parameters, loops) are never merged. */
  node<P extends Prim>(
    prim: P,
    inputs: readonly Tensor[],
    attrs: Attrs[P],
    aval: Aval,
    unique = false,
  ): Tensor<P> {
    const key = unique
      ? null
      : `${prim}|${inputs.map((x) => x.id).join(',')}|${attrsKey(attrs)}|${showAval(aval)}`;
    const known = key === null ? undefined : this.#interned.get(key);
    // The key starts with the primitive, so a hit is a node of it.
    if (known) return known as Tensor<P>;
    const { shape, dtype } = aval;
    const made: Tensor<P> = { id: this.#counter.next++, trace: this, prim, inputs, attrs, shape, dtype };
    if (key !== null) this.#interned.set(key, made as Tensor);
    return made;
  }

  isWithin(other: Trace): boolean {
    return this === other || (this.parent?.isWithin(other) ?? false);
  }
}

/** The innermost trace of the inputs: a node lives where its most local input lives. */
export function traceOf(inputs: readonly Tensor[]): Trace {
  let deepest = inputs[0]?.trace;
  for (const x of inputs) {
    if (deepest && x.trace.root !== deepest.root) {
      throw new TensorError('TENSOR_TRACE', 'values of two different programs cannot meet in one operation');
    }
    if (deepest === undefined || x.trace.depth > deepest.depth) deepest = x.trace;
  }
  if (!deepest) throw new TensorError('TENSOR_TRACE', 'internal: an operation without inputs needs a trace');
  return deepest;
}

function attrsKey(attrs: object): string {
  return Object.entries(attrs)
    .map(([k, v]) => `${k}=${attrKey(v)}`)
    .join(';');
}

function attrKey(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(attrKey).join(',')}]`;
  if (typeof v === 'object' && v !== null && 'key' in v) return showDim(v as Dim);
  return Object.is(v, -0) ? '-0' : String(v);
}

export const isPrim = <P extends Prim>(t: Tensor, prim: P): t is Tensor<P> => t.prim === prim;
