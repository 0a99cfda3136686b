import { EvaluationError, shown } from '../errors.js';

/** A value of a parsed file, with the place that errors name. */
export interface Field {
  readonly value: unknown;
  readonly place: string;
}

/** @throws EvaluationError EVALUATION_REPORT, always */
export function refuse({ value, place }: Field, want: string): never {
  throw new EvaluationError('EVALUATION_REPORT', `${place}: found ${shown(value)}, want ${want}`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field of an object. @throws EvaluationError EVALUATION_REPORT where there is no object */
export function at(field: Field, name: string): Field {
  if (!isObject(field.value)) return refuse(field, 'an object');
  const value = Object.hasOwn(field.value, name) ? field.value[name] : undefined;
  return { value, place: `${field.place}.${name}` };
}

/** @throws EvaluationError EVALUATION_REPORT, as do all readers here */
export function list<T>(field: Field, read: (entry: Field) => T): T[] {
  if (!Array.isArray(field.value)) return refuse(field, 'a list');
  return field.value.map((value: unknown, i) => read({ value, place: `${field.place}[${i}]` }));
}

export const text = (field: Field): string =>
  typeof field.value === 'string' ? field.value : refuse(field, 'a text');

export const flag = (field: Field): boolean =>
  typeof field.value === 'boolean' ? field.value : refuse(field, 'true or false');

export const number = (field: Field): number =>
  typeof field.value === 'number' ? field.value : refuse(field, 'a number');

/** A whole number of at least 0. */
export const whole = (field: Field): number => {
  const { value } = field;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(field, 'a whole number of at least 0');
};

export const nullable = <T>(field: Field, read: (field: Field) => T): T | null =>
  field.value === null ? null : read(field);

export function oneOf<T extends string>(field: Field, allowed: readonly T[]): T {
  return allowed.find((candidate) => candidate === field.value) ?? refuse(field, allowed.join(' or '));
}

/** Texts by name. */
export function texts(field: Field): Readonly<Record<string, string>> {
  if (!isObject(field.value)) return refuse(field, 'an object');
  return Object.fromEntries(Object.keys(field.value).map((name) => [name, text(at(field, name))]));
}
