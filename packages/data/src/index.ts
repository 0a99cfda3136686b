export { convertTraces, type TraceOptions, type TraceRow } from './convert-traces.js';
export { DataError, type DataErrorCode, type DataProblem, dataErrors } from './errors.js';
export type { Format, FormatOptions } from './format.js';
export { type FormatName, formatNames, formats } from './format-table.js';
export {
  type ComparedText,
  findNearDuplicates,
  type NearDuplicates,
  type NearOptions,
  type NearPair,
} from './near-duplicates.js';
export { type Asked, type PromptName, promptMessages, promptNames, questionText } from './prompt.js';
export { type Quantiles, quantilesOf } from './quantiles.js';
export { readIds } from './read-ids.js';
export { type PlacedRow, type ReadOptions, readQuestions } from './read-questions.js';
export {
  buildReport,
  type DataReport,
  type DuplicateGroup,
  type NearDuplicate,
  type PartName,
  type RowRef,
  reportRecords,
} from './report.js';
export { type DataMessage, type Question, type QuestionRow, type TrainingRow, trainingRow } from './row.js';
export { jaccard, type Shingles, shinglesOf } from './shingles.js';
export { type DataSource, MAX_DOCUMENT_BYTES, MAX_LINE_BYTES } from './source.js';
export { createSplitter, NearSplit, type SplitOptions, type Splitter } from './split.js';
export { type LongRow, type PartReport, PartSurvey, type RowSketch, type SurveyOptions } from './survey.js';
export { type ConvertedTrace, convertTrace, type TraceFault, type TraceKey, traceFaults } from './trace.js';
export { caseHash, itemHash, wordsOf } from './words.js';
