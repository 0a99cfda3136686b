/** The error fields of a graded sample (fine-tuning specification 5): booleans, and three texts that may be null. */
export interface GraderErrors {
  readonly formula_parse_error: boolean;
  readonly sample_parse_error: boolean;
  readonly truncated_observation_error: boolean;
  readonly unresponsive_reward_error: boolean;
  readonly invalid_variable_error: boolean;
  readonly other_error: boolean;
  readonly python_grader_server_error: boolean;
  readonly python_grader_server_error_type: string | null;
  readonly python_grader_runtime_error: boolean;
  readonly python_grader_runtime_error_details: string | null;
  readonly model_grader_server_error: boolean;
  readonly model_grader_refusal_error: boolean;
  readonly model_grader_parse_error: boolean;
  readonly model_grader_server_error_details: string | null;
}

type ErrorFlag = {
  [K in keyof GraderErrors]: GraderErrors[K] extends boolean ? K : never;
}[keyof GraderErrors];

/** Everything that can go wrong with one sample. */
export type GraderReason =
  | 'formula_not_finite'
  | 'grader_deadline'
  | 'grader_failed'
  | 'item_variable_missing'
  | 'model_deadline'
  | 'model_not_allowed'
  | 'model_not_number'
  | 'model_refusal'
  | 'model_rejected'
  | 'model_unavailable'
  | 'model_unknown_label'
  | 'python_crashed'
  | 'python_deadline'
  | 'python_exception'
  | 'python_not_number'
  | 'sample_not_json'
  | 'sample_variable_missing'
  | 'text_too_long';

export interface ReasonEntry {
  /** The boolean that the sample's errors carry. */
  readonly flag: ErrorFlag;
  /**
   * `zero`: the grader gave no number, which counts as 0 (fine-tuning specification 4.2). `none`: the grader could
   * not be asked, which is nobody's merit or fault: the sample has no reward and counts in no mean.
   */
  readonly reward: 'zero' | 'none';
  readonly meaning: string;
}

const entry = (flag: ErrorFlag, reward: ReasonEntry['reward'], meaning: string): ReasonEntry => ({
  flag,
  reward,
  meaning,
});

/** The reasons: codes are a contract with those who read a run's ledger. */
export const graderReasons: { readonly [R in GraderReason]: ReasonEntry } = {
  formula_not_finite: entry('other_error', 'zero', 'calculate_output gave no finite number'),
  grader_deadline: entry('unresponsive_reward_error', 'none', 'a rule passed its deadline'),
  grader_failed: entry('other_error', 'none', 'a rule could not be carried out'),
  item_variable_missing: entry('invalid_variable_error', 'none', 'the row lacks what a template names'),
  model_deadline: entry('model_grader_server_error', 'none', 'the model did not answer in time'),
  model_not_allowed: entry('model_grader_server_error', 'none', 'the operator does not offer this model'),
  model_not_number: entry(
    'model_grader_parse_error',
    'zero',
    'the model answered something else than a number',
  ),
  model_refusal: entry('model_grader_refusal_error', 'zero', 'the model refused to judge'),
  model_rejected: entry('model_grader_server_error', 'none', 'the endpoint refused the request'),
  model_unavailable: entry('model_grader_server_error', 'none', 'the endpoint kept failing'),
  model_unknown_label: entry('model_grader_parse_error', 'zero', 'the model answered none of the labels'),
  python_crashed: entry('python_grader_server_error', 'none', 'the interpreter broke'),
  python_deadline: entry('python_grader_server_error', 'none', 'the source passed its deadline'),
  python_exception: entry('python_grader_runtime_error', 'zero', 'the source raised an exception'),
  python_not_number: entry('python_grader_runtime_error', 'zero', 'grade gave no finite number'),
  sample_not_json: entry(
    'sample_parse_error',
    'zero',
    'output_json is asked for and the completion is no JSON',
  ),
  sample_variable_missing: entry(
    'invalid_variable_error',
    'zero',
    'the completion lacks what a template names',
  ),
  text_too_long: entry('truncated_observation_error', 'none', 'a template makes too long a text'),
};

/** What went wrong with one sample. */
export interface GraderFailure {
  readonly code: GraderReason;
  /** What was found, on one line. */
  readonly detail: string;
}

/** Codes of samples without a reward. */
export type UngradedCode = Extract<
  GraderReason,
  | 'grader_deadline'
  | 'grader_failed'
  | 'item_variable_missing'
  | 'model_deadline'
  | 'model_not_allowed'
  | 'model_rejected'
  | 'model_unavailable'
  | 'python_crashed'
  | 'python_deadline'
  | 'text_too_long'
>;

/** A failure that leaves its sample without a reward. */
export interface UngradedFailure extends GraderFailure {
  readonly code: UngradedCode;
}

/** Whether a failure leaves the sample without a reward. */
export function isUngraded(code: GraderReason): code is UngradedCode {
  return graderReasons[code].reward === 'none';
}

/** The detail of the first failure with one of the flags, or null. */
function detailOf(
  failures: readonly GraderFailure[],
  flag: ErrorFlag,
  shown: (f: GraderFailure) => string,
): string | null {
  const found = failures.find(({ code }) => graderReasons[code].flag === flag);
  return found === undefined ? null : shown(found);
}

/** The error fields of a sample from what went wrong with it; all false and null where nothing did. */
export function graderErrors(failures: readonly GraderFailure[]): GraderErrors {
  const flags = new Set(failures.map(({ code }) => graderReasons[code].flag));
  return {
    formula_parse_error: flags.has('formula_parse_error'),
    sample_parse_error: flags.has('sample_parse_error'),
    truncated_observation_error: flags.has('truncated_observation_error'),
    unresponsive_reward_error: flags.has('unresponsive_reward_error'),
    invalid_variable_error: flags.has('invalid_variable_error'),
    other_error: flags.has('other_error'),
    python_grader_server_error: flags.has('python_grader_server_error'),
    python_grader_server_error_type: detailOf(failures, 'python_grader_server_error', ({ code }) => code),
    python_grader_runtime_error: flags.has('python_grader_runtime_error'),
    python_grader_runtime_error_details: detailOf(
      failures,
      'python_grader_runtime_error',
      ({ detail }) => detail,
    ),
    model_grader_server_error: flags.has('model_grader_server_error'),
    model_grader_refusal_error: flags.has('model_grader_refusal_error'),
    model_grader_parse_error: flags.has('model_grader_parse_error'),
    model_grader_server_error_details: detailOf(
      failures,
      'model_grader_server_error',
      ({ detail }) => detail,
    ),
  };
}

/** A text as a reason shows it: on one line, and short. */
export function oneLine(text: string, limit = 200): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 3)}...` : line;
}
