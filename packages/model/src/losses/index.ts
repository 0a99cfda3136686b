export { PAIRED_SEQUENCES, PAIRS } from './dpo.js';
export {
  type BuiltLoss,
  LOSS_SUMS,
  type LossDefinition,
  type LossInputs,
  type LossSum,
  type ScalarInput,
  type SumKind,
  type TokenContext,
  type TokenInput,
} from './loss.js';
export type { LossNumber, LossNumbers } from './numbers.js';
export type { PolicyLossSpec } from './policy.js';
export {
  buildLoss,
  inputsOf,
  LOSSES,
  type LossKind,
  type LossSpec,
  lossInputs,
  lossKey,
  needsEntropy,
  needsReference,
} from './table.js';
