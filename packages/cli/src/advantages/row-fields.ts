import { CliError } from '../errors.js';

export interface RowOptions {
  /** True for the library's defaults, false for what the reference trainer does, defects included. */
  readonly isCorrected: boolean;
}

/** A value inside a row, with the path that messages name it by; the row itself has none. */
export interface Field {
  readonly value: unknown;
  readonly path: string;
}

export type Matrix = readonly (readonly number[])[];

/** A row's object: only own names are fields. */
type Names = Readonly<Record<string, unknown>>;

/** @throws CliError CLI_INPUT naming the field, what was found and what was wanted */
export function refuse({ value, path }: Field, wanted: string): never {
  throw new CliError('CLI_INPUT', `${path === '' ? 'the row' : path} is ${show(value)}, want ${wanted}`);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'missing');
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The names and values of an object. */
export function objectOf(field: Field): Names {
  const { value } = field;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(field, 'an object');
  // An object that JSON gave has nothing but names and values.
  return value as Names;
}

const inside = ({ path }: Field, name: string): string => (path === '' ? name : `${path}.${name}`);

/** A field that may be absent. */
export function optional(object: Field, name: string): Field | null {
  const names = objectOf(object);
  return Object.hasOwn(names, name) ? { value: names[name], path: inside(object, name) } : null;
}

/** A field that must be there. */
export function required(object: Field, name: string): Field {
  const found = optional(object, name);
  if (found === null) throw new CliError('CLI_INPUT', `${inside(object, name)} is missing`);
  return found;
}

export function listOf(field: Field): Field[] {
  const { value, path } = field;
  if (!Array.isArray(value)) return refuse(field, 'a list');
  return value.map((item: unknown, i) => ({ value: item, path: `${path}[${i}]` }));
}

/** JSON has no infinite numbers, but 1e999 reads as one. */
export function numberOf(field: Field): number {
  const { value } = field;
  return typeof value === 'number' && Number.isFinite(value) ? value : refuse(field, 'a finite number');
}

export function integerOf(field: Field, low: number, high: number): number {
  const value = numberOf(field);
  const isGood = Number.isInteger(value) && value >= low && value <= high;
  return isGood ? value : refuse(field, `an integer from ${low} to ${high}`);
}

export const textOf = (field: Field): string =>
  typeof field.value === 'string' ? field.value : refuse(field, 'a text');

export const booleanOf = (field: Field): boolean =>
  typeof field.value === 'boolean' ? field.value : refuse(field, 'true or false');

export const choiceOf = <T extends string>(field: Field, choices: readonly T[]): T =>
  choices.find((choice) => choice === field.value) ?? refuse(field, choices.join(' or '));

/** A list of a given length; any length where none is given. */
export function itemsOf<T>(field: Field, read: (item: Field) => T, length?: number): T[] {
  const items = listOf(field);
  if (length !== undefined && items.length !== length) return refuse(field, `a list of ${length}`);
  return items.map(read);
}

/** Numbers in rows; of the same shape as another matrix where one is given. */
export function matrixOf(field: Field, like?: Matrix): number[][] {
  const rows = like === undefined ? listOf(field) : itemsOf(field, (row) => row, like.length);
  return rows.map((row, i) => itemsOf(row, numberOf, like?.[i]?.length));
}

/** Zeros and ones in rows. */
export const maskOf = (field: Field): number[][] =>
  listOf(field).map((row) => itemsOf(row, (bit) => integerOf(bit, 0, 1)));
