import { RubricError } from '@residency/rubric';
import { CliError } from '../errors.js';

export type Row = Readonly<Record<string, unknown>>;

/** A value as a message shows it. */
const shown = (value: unknown): string => {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const refuse = (field: string, value: unknown, want: string): never => {
  throw new CliError('CLI_INPUT', `${field} is ${shown(value)}, want ${want}`);
};

/** @throws CliError CLI_INPUT */
export function rowOf(value: unknown): Row {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  // An object of JSON has only string keys.
  return isObject ? (value as Row) : refuse('the row', value, 'an object');
}

/** @throws CliError CLI_INPUT naming the field, as all of these do */
export function textField(row: Row, field: string, fallback?: string): string {
  const value = row[field] ?? fallback;
  return typeof value === 'string' ? value : refuse(field, row[field], 'a text');
}

export function flagField(row: Row, field: string): boolean | null {
  const value = row[field] ?? null;
  return value === null || typeof value === 'boolean' ? value : refuse(field, value, 'true, false or null');
}

export function numberField(row: Row, field: string, fallback: number): number {
  const value = row[field] ?? fallback;
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(field, value, 'a number');
}

/** Grades; a row that the rubric refuses is bad input. @throws CliError CLI_INPUT */
export function graded<G>(grade: () => G): G {
  try {
    return grade();
  } catch (cause) {
    if (!(cause instanceof RubricError)) throw cause;
    throw new CliError('CLI_INPUT', cause.message, { cause });
  }
}
