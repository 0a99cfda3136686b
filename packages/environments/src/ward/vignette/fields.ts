import { EnvironmentError, type EnvironmentErrorCode } from '../../errors.js';
import { shown } from '../shown.js';

/** A value from outside with where it stands, which is what errors name. */
export interface Field {
  readonly value: unknown;
  /** Such as `OSCE_Examination.Test_Results`. */
  readonly path: string;
  /** Such as `cases.jsonl:3: `, or nothing. */
  readonly place: string;
  readonly code: EnvironmentErrorCode;
}

export type Entries = Readonly<Record<string, unknown>>;

/** An error that names the field, what was found and what was wanted. */
export function refuse({ value, path, place, code }: Field, wanted: string): EnvironmentError {
  const found = value === undefined ? 'is missing' : `is ${shown(value)}`;
  return new EnvironmentError(code, path, `${place}${path} ${found}, want ${wanted}`);
}

export function entriesOf(field: Field): Entries {
  const { value } = field;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(field, 'an object');
  return { ...value };
}

/** A field of an object's entries. */
export const fieldOf = (parent: Field, entries: Entries, name: string): Field => ({
  ...parent,
  value: Object.hasOwn(entries, name) ? entries[name] : undefined,
  path: parent.path === '' ? name : `${parent.path}.${name}`,
});

export function listOf(field: Field): Field[] {
  const { value, path } = field;
  if (!Array.isArray(value)) throw refuse(field, 'a list');
  return value.map((item: unknown, index) => ({ ...field, value: item, path: `${path}[${index}]` }));
}

/** A text that says something, trimmed. */
export function textOf(field: Field): string {
  const { value } = field;
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '') throw refuse(field, 'a text');
  return text;
}
