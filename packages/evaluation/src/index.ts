export { type Choice, readChoice } from './answer.js';
export { chooseBest, type EvaluatedCheckpoint } from './choose-best.js';
export { type Comparison, compareOutcomes, type Pair, pairQuestions } from './comparison.js';
export { EvaluationError, type EvaluationErrorCode, evaluationErrors } from './errors.js';
export { type ChatJudgeOptions, createChatJudge, type RetryPolicy } from './judge/chat-judge.js';
export { mapLimited, Semaphore } from './judge/concurrency.js';
export { parseCount } from './judge/count-reply.js';
export { JudgeError, type JudgeErrorCode, judgeErrors } from './judge/errors.js';
export type { Judge, JudgeMessage } from './judge/judge.js';
export { type JudgingOptions, judgeOutcomes } from './judge/judge-outcomes.js';
export {
  type JudgedResults,
  type JudgeResult,
  judgedResults,
  type MeasureResult,
} from './judge/judged-results.js';
export { type Measure, type MeasureName, measureNames, measures } from './judge/measures.js';
export { type JudgedText, judgePrompt } from './judge/prompt.js';
export type { Answer, Judgement, Outcome, Question } from './outcome.js';
export { readQuestion } from './question.js';
export {
  bestInterval,
  decimal,
  percent,
  percentRange,
  points,
  pointsRange,
  pValue,
  range,
} from './report/figures.js';
export { escapeHtml, type Html, html } from './report/html/markup.js';
export { nameOf, renderReport } from './report/html/page.js';
export { type Prediction, predictionsOf } from './report/prediction.js';
export { readReport } from './report/read-report.js';
export {
  buildReport,
  type EvaluatedData,
  type EvaluatedModel,
  type EvaluatedRun,
  type EvaluationReport,
  type EvaluationSettings,
  type NamedWeights,
  type ReportInput,
} from './report/report.js';
export { type SummaryRow, summaryRows } from './report/summary-rows.js';
export {
  type AccuracyFigure,
  isRight,
  type MajorityFigure,
  type Results,
  type SubjectFigure,
  summarise,
} from './results.js';
export { type Agreement, agreement } from './statistics/agreement.js';
export {
  type BootstrapInterval,
  type BootstrapMethod,
  type BootstrapOptions,
  bootstrapRatio,
  type Ratio,
  type RatioEstimate,
} from './statistics/bootstrap.js';
export { type BcaInput, bcaInterval, percentileInterval, quantile } from './statistics/bootstrap-interval.js';
export type { Interval } from './statistics/interval.js';
export { type Majority, majorityVote } from './statistics/majority-vote.js';
export { countPairs, type McNemarTest, mcNemarTest, type PairCounts } from './statistics/mcnemar.js';
export { chiSquaredTail, erfc, normalCdf, normalQuantile } from './statistics/normal.js';
export { passAtK } from './statistics/pass-at-k.js';
export { wilsonInterval } from './statistics/wilson.js';
