export { componentWeights } from './component-weights.js';
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
export type { GraderOptions } from './grader.js';
export {
  type AskingGraderSpec,
  type GraderSpec,
  type GraderType,
  graderTypes,
  type LeafGraderSpec,
  parseGraderSpec,
  type TextGraderSpec,
} from './grader-types.js';
export {
  type ChatOutcome,
  type ChatQuestion,
  createHostedGrader,
  type GraderHost,
  type HostedGrader,
  type PythonCall,
  type PythonOutcome,
} from './hosted-grader.js';
export { createItemCheck, type ItemCheck } from './item-check.js';
export { MAX_COMPARED } from './openai/common-subsequence.js';
export { findText } from './openai/find-text.js';
export {
  compileFormula,
  type Formula,
  type FormulaFunctionName,
  formulaFunctions,
} from './openai/formula.js';
export { failedGrade, ungradedBy } from './openai/leaf-grade.js';
export { Meter } from './openai/meter.js';
export { isCompletion, readUsage, type TokenUsage } from './openai/model-answer.js';
export type { ChatRequest } from './openai/model-request.js';
export { porterStem } from './openai/porter.js';
export {
  type GraderErrors,
  type GraderFailure,
  type GraderReason,
  graderErrors,
  graderReasons,
  oneLine,
  type UngradedCode,
  type UngradedFailure,
} from './openai/reasons.js';
export { type SimilarityMetric, similarityMetrics } from './openai/similarity.js';
export { type StringOperation, stringCheck } from './openai/string-check.js';
export { MAX_RENDERED, MAX_VARIABLES, parseTemplate } from './openai/template.js';
export { findStructure, type Structure } from './structure.js';
export { createGrader } from './text-grader.js';
export { isWhitespace, TextScan } from './text-scan.js';
export { type Verifier, type VerifierName, verifiers } from './verifier.js';
export { contentWords } from './words.js';
