/** Every way a grader or an item is refused: code -> what it means. */
export const rubricErrors = {
  RUBRIC_GRADER_NOT_OBJECT: 'the grader is not an object',
  RUBRIC_GRADER_FIELD: 'a field of the grader is missing or has a value outside its range',
  RUBRIC_GRADER_UNKNOWN_FIELD: 'the grader has a field that its type does not know',
  RUBRIC_GRADER_TEMPLATE: 'a template of the grader cannot be read',
  RUBRIC_GRADER_FORMULA: 'the formula of the grader cannot be read',
  RUBRIC_GRADER_HOST: 'the grader asks a model or runs Python, which text alone cannot',
  RUBRIC_ITEM_GOLD: 'the item has no usable gold letter',
  RUBRIC_ITEM_SPLIT: 'the item is of neither split that the released scorer knows',
  RUBRIC_ITEM_STATEMENTS: 'the item lists forbidden or required statements that cannot be read',
  RUBRIC_ITEM_QUESTION: 'the item has no question text, which the grader needs',
  RUBRIC_ITEM_VARIABLE: 'the item lacks what a template of the grader names',
  RUBRIC_ITEM_CASE: 'the item does not describe a case that the verifier can check',
} as const;

export type RubricErrorCode = keyof typeof rubricErrors;

/** A grader or an item that cannot be used; no completion ever causes one. */
export class RubricError extends Error {
  readonly code: RubricErrorCode;
  /** The field at fault: `k` for a grader's own field, `item.gold` for a field of the graded item. */
  readonly param: string;

  constructor(code: RubricErrorCode, param: string, message: string) {
    super(message);
    this.name = 'RubricError';
    this.code = code;
    this.param = param;
  }
}

/** A value as an error message shows it: short, on one line. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
