export { checkpoint } from './checkpoint.js';
export { CUDA_OPERATORS, type CudaOperator } from './device/cuda-operators.js';
export { CPU, type Device, type DeviceRequest, parseDevice, showDevice } from './device/device.js';
export { type CommandResult, type Machine, thisMachine } from './device/machine.js';
export { checkPlacement, type PlacementProblem, showProblem } from './device/placement.js';
export { preflight, type ResolvedDevice, resolveDevice } from './device/preflight.js';
export { formatReport, type PreflightCheck, type PreflightReport } from './device/report.js';
export {
  addDims,
  type Bindings,
  type Dim,
  mulDims,
  productOf,
  type Shape,
  type SymbolicDim,
  showDim,
  subDims,
  sym,
} from './dim.js';
export { TensorError, type TensorErrorCode } from './errors.js';
export { grad, pullBack } from './grad.js';
export type { Value } from './interp/value.js';
export { interpret } from './interp.js';
export type { DType, Prim, Tensor, Trace } from './ir.js';
export { type LoopSpec, loop } from './loop.js';
export { estimateMemory, type HeldValues, type MemoryEstimate } from './memory/estimate.js';
export { linear, sumAll, sumLast, sumListed, takeRows } from './nn.js';
export type { WeightLocation } from './onnx/emit.js';
export { emitModel } from './onnx/emit.js';
export type { Precision } from './onnx/lowering.js';
export * as ops from './ops.js';
export { perBlock } from './per-block.js';
export { hashProgram, printProgram } from './print.js';
export { type CallLimits, ComputeProcess, type ComputeProcessOptions } from './process/compute-process.js';
export { type Handlers, serve } from './process/serve.js';
export { type Program, type TraceOptions, type Tracer, trace } from './program.js';
export { PRIMITIVES } from './rules.js';
export { createChildRunner } from './runner/child.js';
export { createLocalRunner } from './runner/local.js';
export type { Feed, SessionRunner, TensorData } from './runner/runner.js';
export { type CompileOptions, compile, type Session, type WeightFiles } from './session.js';
