export {
  type Adapter,
  decodeAdapter,
  encodeAdapter,
  type FullWeights,
  initAdapter,
  type LoraTensors,
} from './adapter.js';
export { writeFileAtomically, writeFolderAtomically } from './atomic-write.js';
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
  LearnTrajectory,
  LoraOptions,
  ModelInfo,
  PolicyState,
  Sample,
  SampleKey,
  SampleRequest,
  StateOptions,
  TrainedPart,
  TrajectoryGroup,
} from './engine-types.js';
export { ModelError, type ModelErrorCode } from './errors.js';
export { checkFit, readBaseModel } from './export/base-model.js';
export { type LoraAdapter, type LoraPair, parseLoraAdapter, readLoraAdapter } from './export/lora-adapter.js';
export { exportMerged, type MergedExport, type MergedSummary } from './export/merged.js';
export { exportPeft, type PeftExport } from './export/peft.js';
export { readTrainedWeights, type TrainedWeights } from './export/trained-weights.js';
export type { Biases, Family } from './families.js';
export { type GgufFile, readGguf } from './gguf/gguf-file.js';
export { type GgufImport, type GgufImportOptions, importGguf } from './gguf/import-gguf.js';
export type { TensorInfo } from './gguf/tensor-infos.js';
export {
  type AdamHyperparameters,
  type AdamState,
  adamW,
  applyUpdate,
  type Checkpoint,
  type CheckpointOwner,
  checkSchedule,
  clipScale,
  constantSchedule,
  decodeAdam,
  decodeCheckpoint,
  encodeAdam,
  encodeCheckpoint,
  GradientSum,
  globalNorm,
  initAdam,
  loadCheckpoint,
  type RunState,
  type ScheduleShape,
  type ScheduleSpec,
  type SkipReason,
  saveCheckpoint,
  scheduleAt,
  type Update,
  type UpdateMetrics,
  type UpdateRequest,
  type Warmup,
  warmupSteps,
} from './optimizer.js';
export { weightShapes } from './parameters.js';
export type { RopeSpec } from './rope.js';
export {
  type NamedTensor,
  parseSafetensors,
  readHeader,
  readTensor,
  writeSafetensors,
} from './safetensors.js';
export { type SafetensorsFileOptions, type TensorSource, writeSafetensorsFile } from './safetensors-file.js';
export { type SupervisedExample, type SupervisedStep, SupervisedTrainer } from './supervised.js';
export type { WeightDType } from './weight-dtype.js';
export { type ModelWeights, openWeights, type WeightOptions } from './weights.js';
