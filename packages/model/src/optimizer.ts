export {
  type AdamHyperparameters,
  type AdamState,
  adamW,
  decodeAdam,
  encodeAdam,
  initAdam,
} from './optimizer/adam.js';
export {
  applyUpdate,
  type SkipReason,
  type Update,
  type UpdateMetrics,
  type UpdateRequest,
} from './optimizer/apply-update.js';
export {
  type Checkpoint,
  type CheckpointOwner,
  decodeCheckpoint,
  encodeCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from './optimizer/checkpoint.js';
export type { RunState } from './optimizer/checkpoint-header.js';
export { GradientSum } from './optimizer/gradient-sum.js';
export { clipScale, globalNorm } from './optimizer/norm.js';
export {
  checkSchedule,
  constantSchedule,
  type ScheduleShape,
  type ScheduleSpec,
  scheduleAt,
  type Warmup,
  warmupSteps,
} from './optimizer/schedule.js';
