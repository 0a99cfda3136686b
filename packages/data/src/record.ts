import { DataError, shown } from './errors.js';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True of a text with something in it besides white space. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Where a record stands. */
export interface RecordPlace {
  readonly file: string;
  readonly place: string;
}

/** The fields of one record, and how a bad one is refused. */
export interface RecordReader {
  readonly fields: Fields;
  /** @throws DataError DATA_ROW */
  refuse(field: string, found: unknown, wanted: string): never;
  /** A text that is not blank. @throws DataError DATA_ROW */
  text(field: string): string;
  /** The same, or undefined where the field is absent, null or blank. @throws DataError DATA_ROW */
  optionalText(field: string): string | undefined;
  /** Texts that are not blank. @throws DataError DATA_ROW */
  texts(field: string): readonly string[];
}

/** Reads a record. @throws DataError DATA_ROW where it is not an object */
export function createRecordReader(value: unknown, { file, place }: RecordPlace): RecordReader {
  const refuse = (field: string | null, found: unknown, wanted: string): never => {
    throw new DataError('DATA_ROW', { file, place, field, found: shown(found), wanted });
  };
  if (!isFields(value)) return refuse(null, value, 'a JSON object');
  const text = (field: string): string => {
    const found = value[field];
    return isText(found) ? found : refuse(field, found, 'a text that is not blank');
  };
  return {
    fields: value,
    refuse,
    text,
    optionalText: (field) => {
      const found = value[field];
      const isAbsent = found === undefined || found === null;
      return isAbsent || (typeof found === 'string' && !isText(found)) ? undefined : text(field);
    },
    texts: (field) => {
      const found = value[field];
      if (!Array.isArray(found)) return refuse(field, found, 'a list of texts');
      return found.map((entry: unknown, at) =>
        isText(entry) ? entry : refuse(`${field}[${at}]`, entry, 'a text that is not blank'),
      );
    },
  };
}
