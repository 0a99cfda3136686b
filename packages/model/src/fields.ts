import { ModelError } from './errors.js';

export type Json = Readonly<Record<string, unknown>>;

/** Longest spelling of a found value in a message. */
const MAX_SHOWN = 160;

/**
 * Reads the fields of a JSON object; null counts as missing. Each throws ModelError `MODEL_CONFIG` naming the
 * field.
 */
export interface Fields {
  /** The error that says what a field is and what is wanted. */
  bad(field: string, want: string): ModelError;
  /** The value as it is, `undefined` where it is missing or null. */
  get(field: string): unknown;
  /** Whether a field is there and null. */
  isNull(field: string): boolean;
  /** A whole number above 0. */
  whole(field: string, fallback?: number): number;
  /** A finite number above 0, of at least `least` where one is given. */
  positive(field: string, fallback?: number, least?: number): number;
  flag(field: string, fallback: boolean): boolean;
  /** The fields of an object inside; none where it is missing. */
  inside(field: string): Fields;
}

/** @param prefix what stands before the names of fields in messages, as `rope_scaling.` */
export function fieldsOf(json: Json, path: string, prefix = ''): Fields {
  const get = (field: string): unknown => json[field] ?? undefined;
  const bad = (field: string, want: string): ModelError => {
    const found = JSON.stringify(json[field]) ?? 'missing';
    const shown = found.length > MAX_SHOWN ? `${found.slice(0, MAX_SHOWN)}...` : found;
    return new ModelError('MODEL_CONFIG', `${path}: ${prefix}${field} is ${shown}, want ${want}`);
  };
  return {
    bad,
    get,
    isNull: (field) => json[field] === null,
    whole: (field, fallback) => {
      const value = get(field) ?? fallback;
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
        throw bad(field, 'a whole number above 0');
      return value;
    },
    positive: (field, fallback, least = 0) => {
      const value = get(field) ?? fallback;
      const isFine = typeof value === 'number' && Number.isFinite(value) && value > 0 && value >= least;
      if (!isFine) throw bad(field, least > 0 ? `a number of at least ${least}` : 'a number above 0');
      return value;
    },
    flag: (field, fallback) => {
      const value = get(field) ?? fallback;
      if (typeof value !== 'boolean') throw bad(field, 'true or false');
      return value;
    },
    inside: (field) => {
      const value = get(field) ?? {};
      if (typeof value !== 'object' || Array.isArray(value)) throw bad(field, 'an object or null');
      return fieldsOf(value as Json, path, `${prefix}${field}.`); // an object, checked above
    },
  };
}
