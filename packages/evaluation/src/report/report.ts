import { type Comparison, compareOutcomes } from '../comparison.js';
import type { Outcome } from '../outcome.js';
import { type Results, summarise } from '../results.js';

/** A model or an adapter, by its name and the SHA-256 of its weights, lower-case hexadecimal. */
export interface NamedWeights {
  readonly name: string;
  readonly sha256: string;
}

/** What answered the questions. */
export interface EvaluatedModel extends NamedWeights {
  /** Null for the model alone. */
  readonly adapter: NamedWeights | null;
}

/** How it was asked. */
export interface EvaluationSettings {
  /** Completions of each question. */
  readonly samples: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** Most new tokens of a completion. */
  readonly maxTokens: number;
  readonly seed: number;
  /** The rubric, or `none`. */
  readonly profile: string;
}

/** One model's answers and how they came about. */
export interface EvaluatedRun {
  readonly model: EvaluatedModel;
  readonly settings: EvaluationSettings;
  readonly outcomes: readonly Outcome[];
}

/** The data that was asked: a file by its name and the SHA-256 of its bytes. */
export interface EvaluatedData extends NamedWeights {
  /** Rows that were asked, from the first on. */
  readonly questions: number;
}

/** Content of report.json: no clock and no path, so that equal evaluations give equal files. */
export interface EvaluationReport extends EvaluatedRun {
  readonly kind: typeof REPORT_KIND;
  readonly version: typeof REPORT_VERSION;
  readonly data: EvaluatedData;
  readonly results: Results;
  readonly baseline: (EvaluatedRun & { readonly results: Results }) | null;
  readonly comparison: Comparison | null;
}

export const REPORT_KIND = 'residency-evaluation';
export const REPORT_VERSION = 1;

export interface ReportInput extends EvaluatedRun {
  readonly data: EvaluatedData;
  readonly baseline: EvaluatedRun | null;
}

/** A baseline's answers to the questions that the model was asked: figures side by side are of the same questions. */
function commonRun(baseline: EvaluatedRun, outcomes: readonly Outcome[]): EvaluatedRun {
  const asked = new Set(outcomes.map(({ id }) => id));
  return { ...baseline, outcomes: baseline.outcomes.filter(({ id }) => asked.has(id)) };
}

/**
 * Everything that is reported of an evaluation. A baseline's answers to other questions are left out. The seed of the
 * settings draws the resamples too.
 * @throws EvaluationError EVALUATION_UNPAIRED, EVALUATION_SHAPE
 */
export function buildReport({ model, settings, outcomes, data, baseline }: ReportInput): EvaluationReport {
  const bootstrap = { seed: settings.seed };
  const common = baseline === null ? null : commonRun(baseline, outcomes);
  return {
    kind: REPORT_KIND,
    version: REPORT_VERSION,
    model,
    settings,
    data,
    results: summarise(outcomes, bootstrap),
    baseline: common === null ? null : { ...common, results: summarise(common.outcomes, bootstrap) },
    comparison: common === null ? null : compareOutcomes(outcomes, common.outcomes, bootstrap),
    outcomes,
  };
}
