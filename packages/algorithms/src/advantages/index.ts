export {
  AGENT_ESTIMATORS,
  type AgentEstimator,
  type AgentRuleOptions,
  agentAdvantages,
} from './agent-rules.js';
export type { Anchor } from './anchors.js';
export {
  GAE_PADDINGS,
  type GaeAdvantages,
  type GaeBatch,
  type GaeOptions,
  type GaePadding,
  gae,
} from './gae.js';
export {
  ANCHOR_STATISTICS,
  type AnchorStatistics,
  EPISODE_STATISTICS,
  type EpisodeOptions,
  type EpisodeStatistics,
  episodeAdvantagesOf,
  type GigpoAdvantages,
  type GigpoOptions,
  gigpo,
  REFERENCE_GIGPO,
} from './gigpo.js';
export {
  type AdvantageEstimate,
  type AdvantageRequest,
  type Estimator,
  type EstimatorRule,
  estimateAdvantages,
  estimators,
  isEstimator,
  SINGLETONS,
  type Singletons,
} from './group-estimators.js';
export { filterGroups, type GroupFilterRequest, type GroupFilterResult } from './group-filter.js';
export { type HgpoOptions, hgpo } from './hgpo.js';
export {
  NORMALISATION_MODES,
  type NormalisationMode,
  type NormalisationOptions,
  PENALTY_SPREADS,
  type PenaltySpread,
} from './normalisation.js';
export {
  OBJECTIVE_RULES,
  type ObjectiveEstimate,
  type ObjectiveRequest,
  type ObjectiveRule,
  type Objectives,
  objectiveAdvantages,
} from './objective-advantages.js';
export {
  ADVANTAGE_NAMES,
  type AdvantageName,
  type AdvantageRules,
  advantageRules,
  type GroupedScores,
  type GroupOptions,
} from './registry.js';
export {
  type BaselineBatch,
  reinforcePlusPlus,
  reinforcePlusPlusBaseline,
  type TokenRewards,
} from './reinforce-plus-plus.js';
export { type RemaxBatch, remax } from './remax.js';
export { diagnoseRewards, type RewardDiagnosis, type RewardGroupSample } from './reward-diagnosis.js';
export { similarityRatio } from './similarity.js';
export {
  type EpisodeStep,
  type PenalisedSteps,
  type ScoredSteps,
  type StepScoring,
  scoreSteps,
} from './steps.js';
