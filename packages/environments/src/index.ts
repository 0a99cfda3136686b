export { type ProjectedAction, projectAction, responseOf } from './agent/projection.js';
export {
  type AgentView,
  agentPrompt,
  agentReply,
  type PastStep,
  PROMPT_STYLES,
  type PromptSettings,
  type PromptStyle,
  taskIn,
} from './agent/prompt.js';
export type { Environment, Episode, EpisodeOptions, Observation, Step, StepInfo } from './environment.js';
export { EnvironmentError, type EnvironmentErrorCode, environmentErrors } from './errors.js';
export { type HouseholdEpisodeOptions, openGame, WIN_REWARD } from './household/episode.js';
export { type Game, type GameFile, parseGameFile, readGame, readGameText } from './household/game.js';
export { generateGame } from './household/generated/generate.js';
export { type Guide, type GuidedStep, guideOf } from './household/generated/guide.js';
export { LAST_LEVEL } from './household/generated/levels.js';
export { household } from './household/household.js';
export {
  type Band,
  pointsOf,
  type Response,
  responseTo,
  VITAL_SIGNS,
  type VitalSign,
  type VitalSignRow,
  vitalSigns,
} from './news2.js';
export { environmentNamed, environments } from './registry.js';
export * from './shop/index.js';
export { triage } from './triage.js';
export { drawPatient, type Patient } from './triage-patient.js';
export {
  buildWard,
  type DiseaseDefinition,
  type FindingDefinition,
  type Ward,
  type WardAction,
  type WardDefinition,
  type WardDisease,
  type WardFinding,
} from './ward/build-ward.js';
export type { WardEpisode, WardStep, WardStepInfo } from './ward/case-episode.js';
export { type DiseaseName, type DiseaseRow, diseases as wardDiseases } from './ward/diseases.js';
export { drawWardPatient, type WardPatient } from './ward/draw-patient.js';
export {
  type FindingKind,
  type FindingName,
  type FindingRow,
  findings as wardFindings,
  verbs as findingVerbs,
} from './ward/findings.js';
export { type Estimate, informedBound } from './ward/informed-bound.js';
export { ABSENT, anchorOf, type Knowledge, PRESENT, posteriorOf, UNKNOWN } from './ward/knowledge.js';
export {
  LEVEL_NAMES as WARD_LEVELS,
  type Level,
  type LevelName,
  levels as wardLevels,
  wardOf,
} from './ward/levels.js';
export { optimalValue, type Solution, solveWard } from './ward/optimal.js';
export { type ModelledEpisode, openWard, policyActions, type WardOptions } from './ward/play-ward.js';
export {
  greedyPolicy,
  optimalPolicy,
  type PolicyName,
  policies as wardPolicies,
  policyValue,
  randomPolicy,
  randomValue,
  type SeededPolicy,
  type Simulation,
  simulatePolicy,
  type WardPolicy,
} from './ward/policies.js';
export { type EpisodeScore, type RuleName, rules as wardRules, type ScorePart } from './ward/rules.js';
export { type Commitment, type ScoredEpisode, scoreEpisode } from './ward/score-episode.js';
export { MAX_EXACT_FINDINGS } from './ward/sweep.js';
export { URGENCIES, type Urgency } from './ward/urgency.js';
export { type DrawnOptions, withDrawnOptions } from './ward/vignette/draw-options.js';
export { openVignette, type VignetteOptions } from './ward/vignette/play-vignette.js';
export { type CaseFile, readCases } from './ward/vignette/read-cases.js';
export { type ScoredVignette, scoreVignette } from './ward/vignette/score-vignette.js';
export type { Vignette, VignetteFact } from './ward/vignette/vignette.js';
export { ward } from './ward/ward.js';
