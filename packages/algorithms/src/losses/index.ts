export { AGGREGATIONS, type Aggregation, type AggregationRequest, tokenWeights } from './aggregation.js';
export {
  IMPORTANCE_LEVELS,
  type ImportanceInput,
  type ImportanceLevel,
  type ImportanceWeights,
  importanceWeights,
} from './importance.js';
export { KL_ESTIMATORS, type KlEstimator, type KlInput, klPenalties, unclampedK3 } from './kl.js';
export {
  POLICY_ESTIMATORS,
  type PolicyEstimator,
  type PolicyLossInput,
  type PolicyLossTerms,
  policyLosses,
} from './policy-loss.js';
export { type PolicyObjective, type PolicyObjectiveInput, policyObjective } from './policy-objective.js';
export {
  type DpoOptions,
  type DpoTerms,
  dpoTerms,
  type PairSide,
  type PreferencePair,
} from './preference-loss.js';
export { LOSS_PRESET_NAMES, LOSS_PRESETS, type LossPreset, type PresetRow } from './presets.js';
export {
  OBJECTIVES,
  type Objective,
  type ObjectiveSettings,
  OLD_LOGPROBS,
  type OldLogprobs,
  type PolicyLossSettings,
} from './settings.js';
export { negativeLogLikelihood } from './supervised-loss.js';
export { maskLengths, sumTokens, type TokenMatrix } from './token-matrix.js';
