export { type Adapter, decodeAdapter, encodeAdapter, initAdapter, peftConfig } from './adapter.js';
export { type DecoderConfig, parseConfig, readConfig } from './config.js';
export { openEngine } from './engine/engine.js';
export type {
  AdapterRef,
  CallOptions,
  Engine,
  EngineOptions,
  LearnGroup,
  LearnHyperparameters,
  LearnMetrics,
  LearnRequest,
  LearnResult,
  LearnSample,
  LoraOptions,
  ModelInfo,
  PolicyState,
  Sample,
  SampleKey,
  SampleRequest,
} from './engine-types.js';
export { ModelError, type ModelErrorCode } from './errors.js';
export { type GgufFile, readGguf } from './gguf/gguf-file.js';
export { type GgufImport, type GgufImportOptions, importGguf } from './gguf/import-gguf.js';
export type { TensorInfo } from './gguf/tensor-infos.js';
export { type AdamHyperparameters, type AdamState, adamW, GradientSum, initAdam } from './optimizer.js';
export { weightShapes } from './parameters.js';
export {
  type NamedTensor,
  parseSafetensors,
  readHeader,
  readTensor,
  writeSafetensors,
} from './safetensors.js';
export { type SafetensorsFileOptions, type TensorSource, writeSafetensorsFile } from './safetensors-file.js';
export { type SupervisedExample, type SupervisedStep, SupervisedTrainer } from './supervised.js';
export { openWeights } from './weights.js';
