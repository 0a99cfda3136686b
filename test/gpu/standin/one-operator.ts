import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ELEMENT_TYPES, type ElementType } from '../../../packages/tensor/src/device/element-type.js';
import {
  type AttributeProtoSchema,
  ModelProtoSchema,
} from '../../../packages/tensor/src/gen/onnx/onnx_pb.js';

type Attribute = number | string | readonly number[];

/** An input of a probed operator: of the probed type `T` or of a fixed one; with values it is an initializer. */
interface ProbeInput {
  readonly type: ElementType | 'T';
  readonly shape: readonly number[];
  readonly values?: readonly number[];
}

/** How one operator is spelled as a model of one node. */
export interface ProbeShape {
  readonly inputs: readonly ProbeInput[];
  /** `T` for the probed type. */
  readonly attributes?: Readonly<Record<string, Attribute | 'T'>>;
  readonly outputs: readonly { readonly type: ElementType | 'T'; readonly rank: number }[];
}

const T = (...shape: readonly number[]): ProbeInput => ({ type: 'T', shape });
const i64 = (...values: readonly number[]): ProbeInput => ({ type: 'i64', shape: [values.length], values });
const out = (type: ElementType | 'T', rank: number): ProbeShape['outputs'] => [{ type, rank }];
const unary: ProbeShape = { inputs: [T(2, 3)], outputs: out('T', 2) };
const binary: ProbeShape = { inputs: [T(2, 3), T(2, 3)], outputs: out('T', 2) };
const comparison: ProbeShape = { ...binary, outputs: out('bool', 2) };
const product: ProbeShape = { inputs: [T(2, 3), T(3, 4)], outputs: out('T', 2) };
const overLast: ProbeShape = { inputs: [T(2, 3)], attributes: { axis: -1 }, outputs: out('T', 2) };
const reduction = (...axes: readonly number[]): ProbeShape => ({
  inputs: [T(2, 3, 4), i64(...axes)],
  attributes: { keepdims: 1 },
  outputs: out('T', 3),
});

/** One model per operator of the CUDA table, keyed as the table is. */
export const PROBES: Readonly<Record<string, ProbeShape>> = {
  MatMul: product,
  Gemm: product,
  'com.microsoft:FusedMatMul': {
    inputs: [T(2, 3, 4), T(2, 5, 4)],
    attributes: { transB: 1 },
    outputs: out('T', 3),
  },
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Pow: binary,
  Max: binary,
  Min: binary,
  Mod: { ...binary, attributes: { fmod: 1 } },
  And: binary,
  Or: binary,
  Xor: binary,
  Not: unary,
  Neg: unary,
  Abs: unary,
  Exp: unary,
  Log: unary,
  Sqrt: unary,
  Reciprocal: unary,
  Erf: unary,
  Sigmoid: unary,
  Tanh: unary,
  Relu: unary,
  Gelu: unary,
  Sin: unary,
  Cos: unary,
  Floor: unary,
  Sign: unary,
  Softplus: unary,
  IsNaN: { ...unary, outputs: out('bool', 2) },
  IsInf: { ...unary, outputs: out('bool', 2) },
  'com.microsoft:QuickGelu': unary,
  'com.microsoft:FastGelu': unary,
  'com.microsoft:Gelu': unary,
  Clip: { inputs: [T(2, 3), T(), T()], outputs: out('T', 2) },
  Equal: comparison,
  Greater: comparison,
  GreaterOrEqual: comparison,
  Less: comparison,
  LessOrEqual: comparison,
  Where: { inputs: [{ type: 'bool', shape: [2, 3] }, T(2, 3), T(2, 3)], outputs: out('T', 2) },
  Shape: { inputs: [T(2, 3)], outputs: out('i64', 1) },
  Identity: unary,
  Concat: { inputs: [T(2, 3), T(2, 3)], attributes: { axis: 0 }, outputs: out('T', 2) },
  Slice: { inputs: [T(2, 3), i64(0), i64(1), i64(1)], outputs: out('T', 2) },
  Split: {
    inputs: [T(2, 4), i64(1, 3)],
    attributes: { axis: 1 },
    outputs: [...out('T', 2), ...out('T', 2)],
  },
  Transpose: { inputs: [T(2, 3)], attributes: { perm: [1, 0] }, outputs: out('T', 2) },
  Reshape: { inputs: [T(2, 3), i64(3, 2)], attributes: { allowzero: 1 }, outputs: out('T', 2) },
  Squeeze: { inputs: [T(2, 1), i64(1)], outputs: out('T', 1) },
  Unsqueeze: { inputs: [T(2, 3), i64(2)], outputs: out('T', 3) },
  Flatten: unary,
  Expand: { inputs: [T(1, 3), i64(2, 3)], outputs: out('T', 2) },
  Tile: { inputs: [T(1, 3), i64(2, 1)], outputs: out('T', 2) },
  Pad: { inputs: [T(2, 3), i64(0, 1, 0, 1)], outputs: out('T', 2) },
  Trilu: unary,
  Gather: {
    inputs: [T(5, 3), { type: 'i64', shape: [2] }],
    attributes: { axis: 0 },
    outputs: out('T', 2),
  },
  GatherElements: {
    inputs: [T(2, 3), { type: 'i64', shape: [2, 1] }],
    attributes: { axis: -1 },
    outputs: out('T', 2),
  },
  GatherND: { inputs: [T(2, 3), { type: 'i64', shape: [2, 1] }], outputs: out('T', 2) },
  ScatterElements: {
    inputs: [T(2, 3), { type: 'i64', shape: [2, 1] }, T(2, 1)],
    attributes: { axis: 1 },
    outputs: out('T', 2),
  },
  ScatterND: { inputs: [T(2, 3), { type: 'i64', shape: [1, 1] }, T(1, 3)], outputs: out('T', 2) },
  Cast: { inputs: [T(2, 3)], attributes: { to: ELEMENT_TYPES.f32 }, outputs: out('f32', 2) },
  Range: { inputs: [T(), T(), T()], outputs: out('T', 1) },
  CumSum: { inputs: [T(2, 3), { type: 'i64', shape: [], values: [1] }], outputs: out('T', 2) },
  ArgMax: { inputs: [T(2, 3)], attributes: { axis: -1, keepdims: 0 }, outputs: out('i64', 1) },
  TopK: {
    inputs: [T(2, 3), i64(1)],
    attributes: { axis: -1 },
    outputs: [...out('T', 2), ...out('i64', 2)],
  },
  OneHot: {
    inputs: [{ type: 'i64', shape: [2] }, { type: 'i64', shape: [], values: [4] }, T(2)],
    outputs: out('T', 2),
  },
  ReduceSum: reduction(1),
  ReduceMean: reduction(-1),
  ReduceSumSquare: reduction(-1),
  ReduceMax: reduction(-1),
  ReduceMin: reduction(-1),
  ReduceL2: reduction(-1),
  ReduceLogSumExp: reduction(-1),
  Softmax: overLast,
  LogSoftmax: overLast,
  LayerNormalization: { inputs: [T(2, 4), T(4), T(4)], attributes: { axis: -1 }, outputs: out('T', 2) },
  SimplifiedLayerNormalization: { inputs: [T(2, 4), T(4)], attributes: { axis: -1 }, outputs: out('T', 2) },
  'com.microsoft:RotaryEmbedding': {
    inputs: [T(1, 2, 8), { type: 'i64', shape: [1, 2] }, T(4, 4), T(4, 4)],
    attributes: { num_heads: 1 },
    outputs: out('T', 3),
  },
};

const numberOf = (type: ElementType | 'T', probed: ElementType): number =>
  ELEMENT_TYPES[type === 'T' ? probed : type];

function attribute(
  name: string,
  value: Attribute,
  probed: ElementType,
): MessageInitShape<typeof AttributeProtoSchema> {
  if (value === 'T') return { name, type: 2, i: BigInt(ELEMENT_TYPES[probed]) };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: 2, i: BigInt(value) };
  return { name, type: 7, ints: value.map(BigInt) };
}

/** The node of a probe as a model (opset 21). Inputs of types that the interface of Node.js lacks are cast inside. */
export function oneOperatorModel(key: string, shape: ProbeShape, probed: ElementType): Uint8Array {
  const [op = '', domain = ''] = key.split(':').reverse();
  const isBorder = (type: number): boolean => type !== ELEMENT_TYPES.bf16;
  const names = shape.inputs.map((_, i) => `x${i}`);
  const node = [];
  const input = shape.inputs.flatMap((x, i) => {
    if (x.values !== undefined) return [];
    const type = numberOf(x.type, probed);
    const name = isBorder(type) ? `x${i}` : `x${i}f`;
    if (!isBorder(type))
      node.push({
        opType: 'Cast',
        input: [name],
        output: [`x${i}`],
        attribute: [attribute('to', type, probed)],
      });
    return [valueInfo(name, isBorder(type) ? type : ELEMENT_TYPES.f32, x.shape)];
  });
  const results = shape.outputs.map((_, i) => `y${i}`);
  node.push({
    opType: op,
    domain: op === domain ? '' : domain,
    name: key,
    input: names,
    output: results,
    attribute: Object.entries(shape.attributes ?? {}).map(([n, v]) => attribute(n, v, probed)),
  });
  const output = shape.outputs.map((y, i) => {
    const type = numberOf(y.type, probed);
    const dims = Array.from({ length: y.rank }, (_, d) => `d${i}_${d}`);
    if (isBorder(type)) return valueInfo(`y${i}`, type, dims);
    node.push({
      opType: 'Cast',
      input: [`y${i}`],
      output: [`y${i}f`],
      attribute: [attribute('to', ELEMENT_TYPES.f32, probed)],
    });
    return valueInfo(`y${i}f`, ELEMENT_TYPES.f32, dims);
  });
  const initializer = shape.inputs.flatMap((x, i) =>
    x.values === undefined
      ? []
      : [
          {
            name: `x${i}`,
            dims: x.shape.map(BigInt),
            dataType: ELEMENT_TYPES.i64,
            rawData: new Uint8Array(BigInt64Array.from(x.values, BigInt).buffer),
          },
        ],
  );
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    graph: { name: key, node, input, output, initializer },
    opsetImport: [
      { domain: '', version: 21n },
      { domain: 'com.microsoft', version: 1n },
    ],
  });
  return toBinary(ModelProtoSchema, model);
}

function valueInfo(name: string, elemType: number, shape: readonly (number | string)[]) {
  const dim = shape.map((d) =>
    typeof d === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(d) } }
      : { value: { case: 'dimParam' as const, value: d } },
  );
  return { name, type: { value: { case: 'tensorType' as const, value: { elemType, shape: { dim } } } } };
}
