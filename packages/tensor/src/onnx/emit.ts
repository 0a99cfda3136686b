import type { MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import { type Dim, namesOf, type Shape, showDim, showShape } from '../dim.js';
import { TensorError } from '../errors.js';
import {
  type AttributeProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from '../gen/onnx/onnx_pb.js';
import { type DType, isPrim, type Tensor, type Trace } from '../ir.js';
import type { Program } from '../program.js';
import { at } from '../rules/rule.js';
import {
  type Attribute,
  type Emit,
  lowerNode,
  neededNodes,
  ONNX_DTYPE,
  PRECISION_DTYPE,
  type Precision,
  spelledBody,
} from './lowering.js';

type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;
type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
type ValueInit = MessageInitShape<typeof ValueInfoProtoSchema>;
type GraphInit = MessageInitShape<typeof GraphProtoSchema>;

/** First character of every name that the emitter makes up; names of programs cannot have it. */
const GENERATED = '%';

/** Where a weight's bytes lie, little-endian: a file under the folder of its model. */
export interface WeightLocation {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** @defaultValue `f32` */
  readonly dtype?: Precision;
}
const BYTES_PER: Readonly<Record<Precision, number>> = { f32: 4, f16: 2, bf16: 2 };

/** An int64 vector (or scalar) input that the host computes from the run's sizes. */
export interface HostInts {
  readonly name: string;
  readonly dims: readonly Dim[];
  readonly isScalar: boolean;
}

export interface EmittedModel {
  readonly bytes: Uint8Array;
  readonly hostInts: readonly HostInts[];
}

/**
 * Writes a program as an ONNX model; equal programs give equal bytes.
 * @param precision type that products are computed in; inputs, outputs and everything else are f32
 */
export function emitModel(
  program: Program,
  weights: ReadonlyMap<string, WeightLocation>,
  precision: Precision = 'f32',
): EmittedModel {
  return new Emitter(program, weights, precision).model();
}

class Emitter {
  readonly #program: Program;
  readonly #weights: ReadonlyMap<string, WeightLocation>;
  /** Names of traced values; a loop body sees those of the graphs around it. */
  readonly #names = new Map<Tensor, string>();
  /** Results of loops, by loop: their projections are names, not nodes. */
  readonly #loopOutputs = new Map<Tensor, readonly string[]>();
  readonly #hostInts = new Map<string, HostInts>();
  /** Names of the sizes that the host is given. */
  readonly #hostSizes: ReadonlySet<string>;
  readonly #literals = new Map<string, string>();
  readonly #initializers: TensorInit[] = [];
  readonly #precision: Precision;
  /** Where the nodes of each graph are written: the program's, and those of the loop bodies being written. */
  readonly #graphs = new Map<Trace, NodeInit[]>();
  /** Names of values in the products' type. */
  readonly #factors = new Map<Tensor, string>();
  /** Weights that the graphs of loop bodies own. */
  readonly #owned = new Map<NodeInit[], Map<Tensor, TensorInit>>();
  /** Names of weights that are stored in 16 bits. */
  readonly #stored = new Map<Tensor, string>();
  #next = 0;

  constructor(program: Program, weights: ReadonlyMap<string, WeightLocation>, precision: Precision) {
    this.#precision = precision;
    this.#program = program;
    this.#weights = weights;
    this.#hostSizes = new Set(program.inputs.flatMap((p) => p.shape.flatMap(namesOf)));
  }

  model(): EmittedModel {
    const { inputs, weights, outputs, name } = this.#program;
    const ordered = neededNodes(Object.values(outputs));
    const needed = new Set(ordered);
    const nodes: NodeInit[] = [];
    const [first] = ordered;
    if (first) this.#graphs.set(first.trace.root, nodes);
    for (const p of inputs) this.#names.set(p as Tensor, p.attrs.name);
    for (const w of weights) if (needed.has(w as Tensor)) this.#weight(w);
    this.#nodes(
      [...needed].sort((a, b) => a.id - b.id),
      nodes,
    );
    const results = Object.entries(outputs).map(([key, t]) => {
      nodes.push({ opType: 'Identity', input: [this.#name(t)], output: [key], name: key });
      return valueInfo(key, t.dtype, t.shape);
    });
    const used = inputs.filter((p) => needed.has(p as Tensor));
    const graph: GraphInit = {
      name,
      node: nodes,
      initializer: this.#initializers,
      input: [
        ...used.map((p) => valueInfo(p.attrs.name, p.dtype, p.shape)),
        ...[...this.#hostInts.values()].map((h) =>
          valueInfo(h.name, 'i64', h.isScalar ? [] : [h.dims.length]),
        ),
      ],
      output: results,
    };
    const model = create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: 'residency',
      graph,
      opsetImport: [
        { domain: '', version: 21n },
        { domain: 'com.microsoft', version: 1n },
      ],
    });
    return { bytes: toBinary(ModelProtoSchema, model), hostInts: [...this.#hostInts.values()] };
  }

  /** A weight of 16 bits has no f32 name before something asks for one: products read it as it is. */
  #weight(w: Tensor<'param'>): void {
    const { name } = w.attrs;
    const dtype = this.#weights.get(name)?.dtype ?? 'f32';
    this.#initializers.push(this.#external(w, dtype));
    if (dtype === 'f32') this.#names.set(w as Tensor, name);
    else this.#stored.set(w as Tensor, name);
    if (dtype !== 'f32' && dtype === this.#precision) this.#factors.set(w as Tensor, name);
  }

  /** Casts a value where it is defined, so that a loop does not cast what it only reads. */
  #cast(t: Tensor, from: string, to: number): string {
    const into = this.#graphs.get(t.trace);
    if (!into) throw new TensorError('TENSOR_TRACE', `internal: ${t.prim} ${t.id} is read outside its graph`);
    return at(
      this.#node(into, { type: 'Cast', inputs: [from], attributes: { to }, domain: '', count: 1 }),
      0,
    );
  }

  #factor(t: Tensor): string {
    const known = this.#factors.get(t);
    if (known !== undefined) return known;
    const from = this.#stored.get(t) ?? this.#name(t);
    const name = this.#cast(t, from, PRECISION_DTYPE[this.#precision]);
    this.#factors.set(t, name);
    return name;
  }

  /** ONNX Runtime packs the weights of a graph of its own or of the one around it, not those of a graph further out. */
  #multiplier(t: Tensor, into: NodeInit[]): string {
    const owned = this.#owned.get(into);
    const isShared =
      !this.#program.packsWeights || !owned || !isPrim(t, 'param') || t.attrs.role !== 'weight';
    if (isShared || this.#stored.has(t)) return this.#name(t);
    const known = owned.get(t) ?? { ...this.#external(t, 'f32'), name: this.#fresh() };
    owned.set(t, known);
    return known.name ?? '';
  }

  #name(t: Tensor): string {
    const stored = this.#names.has(t) ? undefined : this.#stored.get(t);
    if (stored !== undefined) this.#names.set(t, this.#cast(t, stored, ONNX_DTYPE.f32));
    const known = this.#names.get(t);
    if (known === undefined)
      throw new TensorError('TENSOR_TRACE', `internal: ${t.prim} ${t.id} is read before it is written`);
    return known;
  }

  #fresh(): string {
    return `${GENERATED}v${this.#next++}`;
  }

  #nodes(ordered: readonly Tensor[], into: NodeInit[]): void {
    for (const node of ordered) {
      if (this.#names.has(node) || this.#stored.has(node) || this.#loopOutputs.has(node)) continue;
      if (isPrim(node, 'loop')) this.#loop(node, into);
      else if (isPrim(node, 'project')) {
        this.#names.set(node, at(this.#loopOutputs.get(at(node.inputs, 0)) ?? [], node.attrs.index));
      } else this.#names.set(node, lowerNode(node, this.#emit(into)));
    }
  }

  #emit(into: NodeInit[]): Emit {
    return {
      precision: this.#precision,
      name: (t) => this.#name(t),
      stored: (t) => this.#stored.get(t) ?? null,
      factor: (t) => this.#factor(t),
      multiplier: (t) => this.#multiplier(t, into),
      op: (type, inputs, attributes = {}, domain = '') =>
        at(this.#node(into, { type, inputs, attributes, domain, count: 1 }), 0),
      many: (type, inputs, attributes, count) =>
        this.#node(into, { type, inputs, attributes, domain: '', count }),
      ints: (dims) => this.#ints(dims, false),
      shape: (dims) => this.#shape(dims),
      int: (dim) => this.#ints([dim], true),
      literal: (values, shape, dtype) => this.#literal(values, shape, dtype),
    };
  }

  #node(
    into: NodeInit[],
    node: {
      readonly type: string;
      readonly inputs: readonly string[];
      readonly attributes: Readonly<Record<string, Attribute>>;
      readonly domain: string;
      readonly count: number;
    },
  ): readonly string[] {
    const output = Array.from({ length: node.count }, () => this.#fresh());
    const attribute = Object.entries(node.attributes).map(([n, v]) => attributeInit(n, v));
    const { type: opType, domain } = node;
    into.push({ opType, input: [...node.inputs], output, name: at(output, 0), attribute, domain });
    return output;
  }

  #shape(dims: readonly Dim[]): string {
    const known = dims.map((d) => (this.#isKnown(d) ? d : -1));
    if (known.filter((d) => d === -1).length > 1) {
      throw new TensorError(
        'TENSOR_SHAPE',
        `reshape to ${showShape(dims)}: only one size may be the device's`,
      );
    }
    return this.#ints(known, false);
  }

  /** Whether the host can compute a size: it is given those of the inputs; others arise in loops. */
  #isKnown(d: Dim): boolean {
    return typeof d === 'number' || namesOf(d).every((name) => this.#hostSizes.has(name));
  }

  #ints(dims: readonly Dim[], isScalar: boolean): string {
    const values = dims.filter((d) => typeof d === 'number');
    if (values.length === dims.length) return this.#literal(values, isScalar ? [] : [dims.length], 'i64');
    const name = `${GENERATED}${isScalar ? 'size' : 'shape'}:${dims.map(showDim).join(',')}`;
    this.#hostInts.set(name, { name, dims, isScalar });
    return name;
  }

  #literal(values: readonly number[], shape: readonly number[], dtype: DType): string {
    const key = `${dtype}[${shape.join(',')}]:${values.map((v) => (Object.is(v, -0) ? '-0' : v)).join(',')}`;
    const known = this.#literals.get(key);
    if (known !== undefined) return known;
    const name = `${GENERATED}c${this.#literals.size}`;
    this.#literals.set(key, name);
    this.#initializers.push({
      name,
      dims: shape.map(BigInt),
      dataType: ONNX_DTYPE[dtype],
      rawData: rawData(values, dtype),
    });
    return name;
  }

  #external(weight: Tensor<'param'>, dtype: Precision): TensorInit {
    const { name } = weight.attrs;
    const location = this.#weights.get(name);
    if (!location)
      throw new TensorError(
        'TENSOR_WEIGHT',
        `weight ${name} of program ${this.#program.name} is bound to no file`,
      );
    const dims = weight.shape.map((d) => {
      if (typeof d !== 'number') throw new TensorError('TENSOR_WEIGHT', `weight ${name}: want a known shape`);
      return d;
    });
    const want = dims.reduce((n, d) => n * d, BYTES_PER[dtype]);
    if (location.bytes !== want) {
      throw new TensorError(
        'TENSOR_WEIGHT',
        `weight ${name}: want ${want} bytes of ${dtype}[${dims.join(',')}], ${location.file} has ${location.bytes}`,
      );
    }
    const externalData = [
      { key: 'location', value: location.file },
      { key: 'offset', value: `${location.offset}` },
      { key: 'length', value: `${location.bytes}` },
    ];
    return { name, dims: dims.map(BigInt), dataType: PRECISION_DTYPE[dtype], dataLocation: 1, externalData };
  }

  #loop(node: Tensor<'loop'>, into: NodeInit[]): void {
    const body = node.attrs;
    const inner: NodeInit[] = [];
    const owned = new Map<Tensor, TensorInit>();
    this.#graphs.set(body.iteration.trace, inner);
    this.#owned.set(inner, owned);
    const [iteration, condition] = [this.#fresh(), this.#fresh()];
    this.#names.set(body.iteration as Tensor, iteration);
    const carriedNames = body.carriedIn.map((p) => {
      const name = this.#fresh();
      this.#names.set(p as Tensor, name);
      return name;
    });
    this.#nodes(spelledBody(node).nodes, inner);
    const free = new Set(inner.flatMap((n) => n.output ?? []));
    const outputs = [body.proceed, ...body.carriedOut, ...body.scans].map((t) => {
      const own = this.#name(t);
      // A value that the body computes is the output itself: a copy of a growing cache for each token would
      // cost.
      if (free.delete(own)) return { name: own, t };
      // An output must be a value of its own even where it is a carried input, an outer value or another
      // output.
      const name = this.#fresh();
      inner.push({ opType: 'Identity', input: [own], output: [name], name });
      return { name, t };
    });
    const graph: GraphInit = {
      name: `body${node.id}`,
      node: inner,
      initializer: [...owned.values()],
      input: [
        valueInfo(iteration, 'i64', []),
        valueInfo(condition, 'bool', []),
        ...body.carriedIn.map((p, i) => valueInfo(at(carriedNames, i), p.dtype, p.shape)),
      ],
      output: outputs.map(({ name, t }) => valueInfo(name, t.dtype, t.shape)),
    };
    const results = [...body.carriedOut, ...body.scans].map(() => this.#fresh());
    const initial = node.inputs.slice(0, 1 + body.carriedIn.length).map((x) => this.#name(x));
    const [trip, ...carried] = initial;
    into.push({
      opType: 'Loop',
      name: `loop${node.id}`,
      input: [trip ?? '', this.#literal([1], [], 'bool'), ...carried],
      output: results,
      attribute: [{ name: 'body', type: 5, g: graph }],
    });
    this.#loopOutputs.set(node as Tensor, results);
  }
}

function attributeInit(name: string, value: Attribute): AttributeInit {
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: 2, i: BigInt(value) };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: value.map(BigInt) };
}

function rawData(values: readonly number[], dtype: DType): Uint8Array {
  const arrays: Readonly<Record<DType, () => ArrayBufferView>> = {
    f32: () => Float32Array.from(values),
    i64: () => BigInt64Array.from(values.map(BigInt)),
    bool: () => Uint8Array.from(values),
  };
  const array = arrays[dtype]();
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function valueInfo(name: string, dtype: DType, shape: Shape): ValueInit {
  const dim = shape.map((d) =>
    typeof d === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(d) } }
      : { value: { case: 'dimParam' as const, value: showDim(d) } },
  );
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: ONNX_DTYPE[dtype], shape: { dim } } } },
  };
}
