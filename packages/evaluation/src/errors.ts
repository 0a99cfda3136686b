/** Every way the functions of this package refuse their input: code -> what it means. */
export const evaluationErrors = {
  EVALUATION_NUMBER: 'a number that a statistic takes is outside its range',
  EVALUATION_SHAPE: 'lists that belong together differ in length',
  EVALUATION_ROW: 'a row of the data cannot be evaluated',
  EVALUATION_REPORT: 'a baseline report is not one that this package wrote',
  EVALUATION_UNPAIRED: 'model and baseline do not answer the same questions',
} as const;

export type EvaluationErrorCode = keyof typeof evaluationErrors;

/** Thrown for input that cannot be evaluated; `code` is a contract, the message is for people. */
export class EvaluationError extends Error {
  readonly code: EvaluationErrorCode;

  constructor(code: EvaluationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvaluationError';
    this.code = code;
  }
}

/** A value as an error message shows it: short, on one line. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
