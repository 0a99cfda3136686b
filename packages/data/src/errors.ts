/** Every way data are refused: code -> what it means. */
export const dataErrors = {
  DATA_JSON: 'a line or a document is not JSON',
  DATA_ENCODING: 'a line or a document is not UTF-8',
  DATA_LINE_LENGTH: 'a line is longer than a row may be',
  DATA_ROW: 'a field of a row is missing or has an unusable value',
  DATA_UNLABELLED: 'a row has no key, where rows without one are not asked for',
  DATA_TRACE: 'a trace is malformed',
  DATA_DOCUMENT: 'a document does not have the shape of its format',
  DATA_AMBIGUOUS_KEY: 'a file does not show how its keys count',
  DATA_EMPTY: 'a file holds no rows',
  DATA_SETTING: 'a setting is outside its range',
} as const;

export type DataErrorCode = keyof typeof dataErrors;

/** What a {@link DataError} says, beside its code. */
export interface DataProblem {
  /** The file, as it was named. */
  readonly file: string;
  /** `line 12`, `item 21645374`; null for the file as a whole. */
  readonly place: string | null;
  /** The field at fault, such as `options.B`; null where there is none. */
  readonly field: string | null;
  readonly found: string;
  readonly wanted: string;
  /** What to count rows by, where it is finer than the code. */
  readonly reason?: string;
}

/** Data or a setting that cannot be used; one with a `place` concerns that row alone. */
export class DataError extends Error {
  readonly code: DataErrorCode;
  readonly problem: DataProblem;

  constructor(code: DataErrorCode, problem: DataProblem, options?: ErrorOptions) {
    const { file, place, field, found, wanted } = problem;
    const where = [place === null ? file : `${file} ${place}`, ...(field === null ? [] : [field])].join(': ');
    super(`${where}: found ${found}, wanted ${wanted}`, options);
    this.name = 'DataError';
    this.code = code;
    this.problem = problem;
  }
}

/** A value as an error message shows it: short, on one line. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The error of a setting. */
export function badSetting(name: string, found: unknown, wanted: string): DataError {
  return new DataError('DATA_SETTING', { file: name, place: null, field: null, found: shown(found), wanted });
}
