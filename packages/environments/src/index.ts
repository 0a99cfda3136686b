export type { Environment, Episode, EpisodeOptions, Observation, Step, StepInfo } from './environment.js';
export { EnvironmentError, type EnvironmentErrorCode, environmentErrors } from './errors.js';
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
