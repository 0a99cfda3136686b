export {
  type CrossReference,
  type CrossReferenceInput,
  type CrossReferenceName,
  crossReferences,
} from './cross-reference.js';
export { normaliseReleased } from './crpo/normalise.js';
export { type ProfileName, profiles } from './crpo/profile.js';
export type { CrpoGraderSpec } from './crpo/spec.js';
export { RubricError, type RubricErrorCode, rubricErrors } from './errors.js';
export { goldLetter } from './gold.js';
export {
  type Finding,
  type Grade,
  type GradeComponent,
  type GradeRequest,
  type Grader,
  type Item,
  MAX_SPANS,
  type Span,
} from './grade.js';
export { createGrader, type GraderOptions } from './grader.js';
export { parseGraderSpec } from './grader-spec.js';
export { findStructure, type Structure } from './structure.js';
export { isWhitespace, TextScan } from './text-scan.js';
export { type Verifier, type VerifierName, verifiers } from './verifier.js';
export { contentWords } from './words.js';
