import type { ElementType } from './element-type.js';

/** The element type of a result: the selecting operand's, a fixed one, or the one that attribute `to` names. */
export type ResultType = 'same' | 'to' | ElementType;

/** What a node asks of cuDNN or of a kernel beyond its type. */
export type Limit = 'cudnn' | 'outer axes' | 'no bf16 sum';

/** What ONNX Runtime's CUDA provider computes of one operator. */
export interface CudaOperator {
  /** Element types of the selecting operand that have a kernel. */
  readonly kernels: readonly ElementType[];
  /** The operand whose type selects the kernel. @defaultValue 0 */
  readonly selector?: number;
  /** One per output, the last for all that follow. @defaultValue same */
  readonly results?: readonly ResultType[];
  readonly limit?: Limit;
}

const real: readonly ElementType[] = ['f32', 'f16', 'f64'];
const floating: readonly ElementType[] = [...real, 'bf16'];
const whole: readonly ElementType[] = ['i32', 'i64'];
const small: readonly ElementType[] = ['u8', 'i8'];
const every: readonly ElementType[] = [...floating, ...whole, ...small, 'bool'];

const moved: CudaOperator = { kernels: every };
const smooth: CudaOperator = { kernels: floating };
const arithmetic: CudaOperator = { kernels: [...floating, ...whole, ...small] };
const extreme: CudaOperator = { kernels: [...floating, ...whole] };
const logical: CudaOperator = { kernels: ['bool'] };
const order: CudaOperator = { kernels: [...real, ...whole], results: ['bool'] };
const test: CudaOperator = { kernels: floating, results: ['bool'] };
const byCudnn: CudaOperator = { kernels: real, limit: 'cudnn' };

/**
 * Operators (opset 21, those of other domains with their domain before a colon) that CUDA graphs may hold. An operator
 * that is missing has no kernel as far as this table knows. Each row was found by making one-node sessions on the CUDA
 * provider of ONNX Runtime 1.29.0, see test/gpu/standin. The result of `Shape` lies in the processor's memory, where
 * operands that say a shape are read; whatever else is computed from it is placed there, see `SHAPE_OPERANDS`.
 */
export const CUDA_OPERATORS: Readonly<Record<string, CudaOperator>> = {
  MatMul: smooth,
  Gemm: smooth,
  'com.microsoft:FusedMatMul': smooth,

  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Pow: extreme,
  Max: extreme,
  Min: extreme,
  Mod: extreme,
  Abs: arithmetic,
  Sign: arithmetic,
  Neg: { kernels: [...floating, ...whole, 'i8'] },
  Exp: smooth,
  Sqrt: smooth,
  Erf: smooth,
  Sigmoid: smooth,
  Tanh: smooth,
  Relu: smooth,
  Gelu: smooth,
  'com.microsoft:Gelu': smooth,
  'com.microsoft:FastGelu': smooth,
  'com.microsoft:QuickGelu': smooth,
  Log: { kernels: real },
  Reciprocal: { kernels: real },
  Floor: { kernels: real },
  Sin: { kernels: real },
  Cos: { kernels: real },
  Softplus: { kernels: real },
  Clip: { kernels: [...real, 'i64', ...small] },
  IsNaN: test,
  IsInf: test,

  Not: logical,
  And: logical,
  Or: logical,
  Xor: logical,
  Equal: { kernels: [...real, ...whole, 'bool'], results: ['bool'] },
  Greater: order,
  GreaterOrEqual: order,
  Less: order,
  LessOrEqual: order,
  Where: { kernels: [...floating, ...whole, 'u8'], selector: 1 },

  Shape: { kernels: every, results: ['i64'] },
  Identity: moved,
  Cast: { kernels: every, results: ['to'] },
  Concat: moved,
  Slice: moved,
  Split: moved,
  Transpose: moved,
  Reshape: moved,
  Flatten: moved,
  Squeeze: moved,
  Unsqueeze: moved,
  Expand: moved,
  Trilu: moved,
  Gather: moved,
  GatherElements: moved,
  ScatterElements: moved,
  ScatterND: { kernels: every, limit: 'no bf16 sum' },
  GatherND: { kernels: [...floating, 'i64', 'bool'] },
  Tile: { kernels: [...floating, ...whole] },
  Pad: { kernels: [...real, 'bool'] },
  Range: { kernels: ['f32', 'f64', ...whole] },
  CumSum: { kernels: [...real, ...whole] },
  ArgMax: { kernels: real, results: ['i64'] },
  TopK: { kernels: [...real, ...whole, ...small], results: ['same', 'i64'] },
  OneHot: { kernels: ['f32', 'f16', 'i64'], selector: 2 },

  ReduceSum: { kernels: [...floating, ...whole] },
  ReduceMean: { kernels: real, limit: 'outer axes' },
  ReduceSumSquare: { kernels: floating, limit: 'outer axes' },
  ReduceMax: byCudnn,
  ReduceMin: byCudnn,
  ReduceL2: byCudnn,
  ReduceLogSumExp: byCudnn,

  Softmax: smooth,
  LogSoftmax: { kernels: real },
  LayerNormalization: { kernels: floating, results: ['same', 'f32'] },
  SimplifiedLayerNormalization: { kernels: floating, results: ['same', 'f32'] },
  'com.microsoft:RotaryEmbedding': { kernels: ['f32', 'f16', 'bf16'] },
};

/** Operators that read a shape from the processor's memory, and the operand that it is. */
export const SHAPE_OPERANDS: Readonly<Record<string, number>> = { Reshape: 1, Expand: 1 };
