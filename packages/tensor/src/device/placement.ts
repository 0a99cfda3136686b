import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto, type TensorProto } from '../gen/onnx/onnx_pb.js';
import {
  CUDA_OPERATORS,
  type CudaOperator,
  type Limit,
  type ResultType,
  SHAPE_OPERANDS,
} from './cuda-operators.js';
import { ELEMENT_TYPES, type ElementType, elementTypeOf } from './element-type.js';

/** A node that the CUDA provider would not compute by itself. */
export interface PlacementProblem {
  /** The node's name, those of the loops around it before it: `loop12/%v34`. */
  readonly node: string;
  /** As in CUDA_OPERATORS: `Add`, `com.microsoft:FusedMatMul`. */
  readonly operator: string;
  /** Element type of the operand that selects the kernel, where it is known. */
  readonly type: ElementType | null;
  readonly reason: Reason;
}

type Reason =
  | 'no such operator'
  | 'no kernel for the type'
  | 'needs cuDNN'
  | 'unknown type'
  | 'computes with the result of Shape';

/** `loop12/%v34: Pad of bf16: no kernel for the type` */
export const showProblem = ({ node, operator, type, reason }: PlacementProblem): string =>
  `${node}: ${operator}${type === null ? '' : ` of ${type}`}: ${reason}`;

/**
 * Names every node of an emitted ONNX model that has no CUDA kernel for its element type, would load cuDNN, or reads the
 * result of a Shape for anything but a shape; loop bodies included, which ONNX Runtime's own
 * `session.disable_cpu_ep_fallback` does not look into. Element types are inferred from inputs and initializers on.
 */
export function checkPlacement(model: Uint8Array): PlacementProblem[] {
  const { graph } = fromBinary(ModelProtoSchema, model);
  const problems: PlacementProblem[] = [];
  if (graph) new Walk(problems).graph(graph, new Map(), '');
  return problems;
}

/** Whether a model has 16-bit initializers: folding their casts would make a second, wider copy of every weight. */
export function hasHalfWeights(model: Uint8Array): boolean {
  const { graph } = fromBinary(ModelProtoSchema, model);
  const half: readonly number[] = [ELEMENT_TYPES.f16, ELEMENT_TYPES.bf16];
  return graph?.initializer.some((t) => half.includes(t.dataType)) ?? false;
}

/** Types of the values that a graph sees: its own and those of the graphs around it. */
type Scope = Map<string, ElementType>;

class Walk {
  readonly #problems: PlacementProblem[];
  /** Initializers that are vectors of int64 in the model itself: axes, for instance. */
  readonly #constants = new Map<string, readonly number[]>();
  /** Results of Shape, which lie in the processor's memory. Names are unique in a model. */
  readonly #shapes = new Set<string>();

  constructor(problems: PlacementProblem[]) {
    this.#problems = problems;
  }

  graph(graph: GraphProto, outer: Scope, path: string): Scope {
    const scope: Scope = new Map(outer);
    for (const tensor of graph.initializer) {
      set(scope, tensor.name, elementTypeOf(tensor.dataType));
      if (tensor.dataType === ELEMENT_TYPES.i64) this.#constants.set(tensor.name, integersOf(tensor));
    }
    for (const { name, type } of graph.input) {
      if (type?.value.case === 'tensorType') set(scope, name, elementTypeOf(type.value.value.elemType));
    }
    for (const node of graph.node) this.#node(node, scope, path);
    return scope;
  }

  #node(node: NodeProto, scope: Scope, path: string): void {
    const bodies = node.attribute.flatMap(({ g }) => (g ? [g] : []));
    if (bodies.length > 0) {
      for (const body of bodies) {
        const inner = this.graph(body, scope, `${path}${node.name}/`);
        const isLeaving = [...node.input, ...body.output.map(({ name }) => name)].some((name) =>
          this.#shapes.has(name),
        );
        if (isLeaving)
          this.#add(`${path}${node.name}`, node.opType, null, 'computes with the result of Shape');
        // A loop's body answers first whether it goes on; the loop itself does not.
        const results = node.opType === 'Loop' ? body.output.slice(1) : body.output;
        results.forEach(({ name }, i) => {
          set(scope, node.output[i] ?? '', inner.get(name));
        });
      }
      return;
    }
    const operator = node.domain === '' ? node.opType : `${node.domain}:${node.opType}`;
    const row = CUDA_OPERATORS[operator];
    const type = scope.get(node.input[row?.selector ?? 0] ?? '');
    const to = elementTypeOf(Number(node.attribute.find(({ name }) => name === 'to')?.i ?? 0n));
    node.output.forEach((name, i) => {
      set(scope, name, row && resultType(row.results?.[i] ?? row.results?.at(-1) ?? 'same', type, to));
    });
    const reason = this.#reason(node, row, type, to);
    if (reason !== null) this.#add(`${path}${node.name}`, operator, type ?? null, reason);
    if (operator === 'Shape') for (const name of node.output) this.#shapes.add(name);
  }

  #add(node: string, operator: string, type: ElementType | null, reason: Reason): void {
    this.#problems.push({ node, operator, type, reason });
  }

  /** What speaks against a node; null where nothing does. */
  #reason(
    node: NodeProto,
    row: CudaOperator | undefined,
    type: ElementType | undefined,
    to: ElementType | undefined,
  ): Reason | null {
    if (!row) return 'no such operator';
    if (type === undefined) return 'unknown type';
    if (!row.kernels.includes(type)) return 'no kernel for the type';
    if (row.results?.includes('to') && to === undefined) return 'unknown type';
    const isShapeOnly = node.input.every(
      (name, i) => !this.#shapes.has(name) || SHAPE_OPERANDS[node.opType] === i,
    );
    if (!isShapeOnly) return 'computes with the result of Shape';
    return row.limit ? LIMITS[row.limit](node, type, this.#constants) : null;
  }
}

/** Why a node of a row with a limit cannot be computed; null where it can. */
type LimitCheck = (
  node: NodeProto,
  type: ElementType,
  constants: ReadonlyMap<string, readonly number[]>,
) => Reason | null;

const LIMITS: { readonly [L in Limit]: LimitCheck } = {
  cudnn: () => 'needs cuDNN',
  // Reductions over leading, trailing or all axes are a matrix reduction of the provider's own; others are cuDNN's.
  'outer axes': (node, _, constants) => {
    const name = node.input[1] ?? '';
    const axes = name === '' ? [] : constants.get(name);
    if (axes === undefined) return 'needs cuDNN';
    const sorted = [...axes].sort((a, b) => a - b);
    const isLeading = sorted.every((axis, i) => axis === i);
    const isTrailing = sorted.every((axis, i) => axis === i - sorted.length);
    return isLeading || isTrailing ? null : 'needs cuDNN';
  },
  // Placed, and refused when it runs: "element_type 16 not implemented".
  'no bf16 sum': (node, type) => {
    const reduction = node.attribute.find(({ name }) => name === 'reduction')?.s;
    const isPlain = reduction === undefined || new TextDecoder().decode(reduction) === 'none';
    return type === 'bf16' && !isPlain ? 'no kernel for the type' : null;
  },
};

const resultType = (
  result: ResultType,
  operand: ElementType | undefined,
  to: ElementType | undefined,
): ElementType | undefined => (result === 'same' ? operand : result === 'to' ? to : result);

function set(scope: Scope, name: string, type: ElementType | undefined): void {
  if (type !== undefined) scope.set(name, type);
  // A name of an outer graph must not lend its type to one that is not known.
  else scope.delete(name);
}

function integersOf({ rawData }: TensorProto): number[] {
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}
