/** The code of an error of this package. */
export type BedsideErrorCode =
  | 'BEDSIDE_EMPTY_CHOICE'
  | 'BEDSIDE_BAD_INDEX'
  | 'BEDSIDE_NO_SCORES'
  | 'BEDSIDE_BAD_MIX'
  | 'BEDSIDE_BAD_ROW';

/** What was broken, by the names that the message uses. */
export type BedsideErrorData = Readonly<Record<string, string>>;

/** Every error this package throws: code and message. */
const MESSAGES: Readonly<Record<BedsideErrorCode, (data: BedsideErrorData) => string>> = {
  BEDSIDE_EMPTY_CHOICE: (data) => `pick from stream ${data['key']}: found no values, want at least one`,
  BEDSIDE_BAD_INDEX: (data) =>
    `case index: found ${data['found']}, want a whole number from 0 to 9007199254740991`,
  BEDSIDE_NO_SCORES: () => 'scores: found an empty list, want at least one score name',
  BEDSIDE_BAD_MIX: (data) =>
    `mix.${data['field']}: found ${data['found']}, want a finite number of at least 0 with a sum above 0`,
  BEDSIDE_BAD_ROW: (data) => `row.${data['field']}: found ${data['found']}, want ${data['wanted']}`,
};

/** An error of this package; `code` names the rule that was broken, `data` what was found. */
export class BedsideError extends Error {
  readonly code: BedsideErrorCode;
  readonly data: BedsideErrorData;

  constructor(code: BedsideErrorCode, data: BedsideErrorData = {}) {
    super(MESSAGES[code](data));
    this.name = 'BedsideError';
    this.code = code;
    this.data = data;
  }
}
