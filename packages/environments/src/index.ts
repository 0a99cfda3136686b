export type { Environment, Episode, EpisodeOptions, Observation, Step, StepInfo } from './environment.js';
export { EnvironmentError, type EnvironmentErrorCode, environmentErrors } from './errors.js';
export { type HouseholdEpisodeOptions, openGame, WIN_REWARD } from './household/episode.js';
export { type Game, type GameFile, parseGameFile, readGame, readGameText } from './household/game.js';
export { generateGame } from './household/generated/generate.js';
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
