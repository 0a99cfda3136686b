export { DataError, type DataErrorCode, type DataProblem, dataErrors } from './errors.js';
export type { Format, FormatOptions } from './format.js';
export { type FormatName, formatNames, formats } from './format-table.js';
export { type Asked, type PromptName, promptMessages, promptNames, questionText } from './prompt.js';
export { readIds } from './read-ids.js';
export { type PlacedRow, type ReadOptions, readQuestions } from './read-questions.js';
export { type DataMessage, type Question, type QuestionRow, type TrainingRow, trainingRow } from './row.js';
export { type DataSource, MAX_DOCUMENT_BYTES, MAX_LINE_BYTES } from './source.js';
