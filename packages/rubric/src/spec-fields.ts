import { RubricError, shown } from './errors.js';

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the fields of one object of a grader; every message names the field from the grader on. */
export class FieldReader {
  readonly #fields: Fields;
  /** Path of the object within the grader: empty, or `tags.`. */
  readonly #path: string;

  constructor(fields: Fields, path = '') {
    this.#fields = fields;
    this.#path = path;
  }

  refuse(field: string, want: string): never {
    const param = `${this.#path}${field}`;
    throw new RubricError(
      'RUBRIC_GRADER_FIELD',
      param,
      `grader.${param} is ${shown(this.#fields[field])}, want ${want}`,
    );
  }

  /** @throws RubricError RUBRIC_GRADER_UNKNOWN_FIELD for a field that is not one of these */
  only(known: readonly string[], what: string): void {
    for (const field of Object.keys(this.#fields).sort()) {
      if (known.includes(field)) continue;
      const param = `${this.#path}${field}`;
      throw new RubricError(
        'RUBRIC_GRADER_UNKNOWN_FIELD',
        param,
        `grader.${param} is not a field of ${what}, want: ${known.join(', ')}`,
      );
    }
  }

  isText(field: string): boolean {
    return typeof this.#fields[field] === 'string';
  }

  has(field: string): boolean {
    return this.#fields[field] !== undefined;
  }

  number(
    field: string,
    { min, max }: { readonly min: number; readonly max: number },
    fallback: number,
  ): number {
    const value = this.#fields[field] ?? fallback;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    return this.refuse(field, `a number from ${min} to ${max}`);
  }

  integer(field: string, range: { readonly min: number; readonly max: number }, fallback: number): number {
    const value = this.number(field, range, fallback);
    return Number.isInteger(value)
      ? value
      : this.refuse(field, `an integer from ${range.min} to ${range.max}`);
  }

  boolean(field: string, fallback: boolean): boolean {
    const value = this.#fields[field] ?? fallback;
    return typeof value === 'boolean' ? value : this.refuse(field, 'true or false');
  }

  /** A text of `min` to `max` characters. */
  text(
    field: string,
    { min, max }: { readonly min: number; readonly max: number },
    fallback?: string,
  ): string {
    const value = this.#fields[field] ?? fallback;
    if (typeof value === 'string' && value.length >= min && value.length <= max) return value;
    return this.refuse(field, `a string of ${min} to ${max} characters`);
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], fallback?: T): T {
    const value = this.#fields[field] ?? fallback;
    const found = allowed.find((candidate) => candidate === value);
    return found ?? this.refuse(field, `one of: ${allowed.map((name) => `'${name}'`).join(', ')}`);
  }

  /** A list of names, each given once. */
  names<T extends string>(field: string, allowed: readonly T[]): readonly T[] {
    const value = this.#fields[field] ?? [];
    const found = Array.isArray(value) ? allowed.filter((name) => value.includes(name)) : [];
    if (Array.isArray(value) && found.length === value.length) return found;
    return this.refuse(field, `a list of distinct names out of: ${allowed.join(', ')}`);
  }

  /** The fields of an object within, null where there is none. */
  object(field: string): FieldReader | null {
    const value = this.#fields[field];
    if (value === undefined || value === null) return null;
    return isObject(value)
      ? new FieldReader(value, `${this.#path}${field}.`)
      : this.refuse(field, 'an object');
  }
}

/** The keys of a total table, typed as what they are. */
export function namesOf<T extends string>(table: Readonly<Record<T, unknown>>): T[] {
  // A total table has exactly the keys of its type.
  return Object.keys(table).sort() as T[];
}
