import { ModelError } from '../errors.js';
import type { Cursor } from './cursor.js';

/** A value of the metadata; 64-bit integers that a double cannot hold exactly stay bigint. */
export type MetadataValue = number | bigint | boolean | string | readonly MetadataValue[];

interface ValueType {
  /** The fewest bytes that a value takes in the file. */
  readonly minBytes: number;
  readonly read: (cursor: Cursor, what: string, depth: number) => MetadataValue;
}

/** Nested lists exist in the format; no known key has any. */
const MAX_DEPTH = 4;

const whole = (value: bigint): number | bigint =>
  BigInt.asIntN(54, value) === value ? Number(value) : value;

/** Every `gguf_metadata_value_type` by its number in the file (ggml's docs/gguf.md). */
const VALUE_TYPES: readonly ValueType[] = [
  { minBytes: 1, read: (c, what) => c.u8(what) },
  { minBytes: 1, read: (c, what) => c.i8(what) },
  { minBytes: 2, read: (c, what) => c.u16(what) },
  { minBytes: 2, read: (c, what) => c.i16(what) },
  { minBytes: 4, read: (c, what) => c.u32(what) },
  { minBytes: 4, read: (c, what) => c.i32(what) },
  { minBytes: 4, read: (c, what) => c.f32(what) },
  { minBytes: 1, read: readBoolean },
  { minBytes: 8, read: (c, what) => c.string(what) },
  { minBytes: 12, read: readList },
  { minBytes: 8, read: (c, what) => whole(c.u64(what)) },
  { minBytes: 8, read: (c, what) => whole(c.i64(what)) },
  { minBytes: 8, read: (c, what) => c.f64(what) },
];

function readBoolean(cursor: Cursor, what: string): boolean {
  const byte = cursor.u8(what);
  if (byte > 1) throw cursor.error(`${what} is a boolean with byte ${byte}, want 0 or 1`);
  return byte === 1;
}

function readList(cursor: Cursor, what: string, depth: number): MetadataValue[] {
  if (depth >= MAX_DEPTH) throw cursor.error(`${what} nests lists deeper than ${MAX_DEPTH}`);
  const type = readType(cursor, `the element type of ${what}`);
  const count = cursor.count(`the length of ${what}`, type.minBytes);
  const values: MetadataValue[] = [];
  for (let i = 0; i < count; i++) values.push(type.read(cursor, what, depth + 1));
  return values;
}

function readType(cursor: Cursor, what: string): ValueType {
  const id = cursor.u32(what);
  const type = VALUE_TYPES[id];
  if (!type) throw cursor.error(`${what} is ${id}, want a value type from 0 to ${VALUE_TYPES.length - 1}`);
  return type;
}

/** Reads `count` pairs of key and value. @throws ModelError `MODEL_FILE` */
export function readPairs(cursor: Cursor, count: number): ReadonlyMap<string, MetadataValue> {
  const pairs = new Map<string, MetadataValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.string(`the key of metadata ${i}`);
    if (pairs.has(key)) throw cursor.error(`metadata ${key} is there twice`);
    pairs.set(key, readType(cursor, `the type of ${key}`).read(cursor, key, 0));
  }
  return pairs;
}

/**
 * The metadata of a file, asked for by key and type. Invariant: a value of another type is an error, never a
 * guess.
 */
export class Metadata {
  readonly #pairs: ReadonlyMap<string, MetadataValue>;
  readonly #path: string;

  constructor(pairs: ReadonlyMap<string, MetadataValue>, path: string) {
    this.#pairs = pairs;
    this.#path = path;
  }

  has(key: string): boolean {
    return this.#pairs.has(key);
  }

  get(key: string): MetadataValue | undefined {
    return this.#pairs.get(key);
  }

  /** @throws ModelError `MODEL_CONFIG` where the value is no string; null where there is none. */
  text(key: string): string | null {
    const value = this.#pairs.get(key) ?? null;
    if (value === null || typeof value === 'string') return value;
    throw this.error(key, 'a string');
  }

  /** @throws ModelError `MODEL_CONFIG` where the value is no boolean; null where there is none. */
  flag(key: string): boolean | null {
    const value = this.#pairs.get(key) ?? null;
    if (value === null || typeof value === 'boolean') return value;
    throw this.error(key, 'a boolean');
  }

  /** A finite number. @throws ModelError `MODEL_CONFIG`; null where there is none. */
  real(key: string): number | null {
    const value = this.#pairs.get(key) ?? null;
    if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.error(key, 'a finite number');
  }

  /** A whole number of at least `min`. @throws ModelError `MODEL_CONFIG`; null where there is none. */
  whole(key: string, min: number): number | null {
    const value = this.#pairs.get(key) ?? null;
    if (value === null || (typeof value === 'number' && Number.isInteger(value) && value >= min))
      return value;
    throw this.error(key, `a whole number from ${min}`);
  }

  /** @throws ModelError `MODEL_CONFIG` where the value is no list of strings; null where there is none. */
  texts(key: string): readonly string[] | null {
    return this.#list(key, (item) => typeof item === 'string', 'a list of strings');
  }

  /** @throws ModelError `MODEL_CONFIG` where the value is no list of numbers; null where there is none. */
  numbers(key: string): readonly number[] | null {
    return this.#list(key, (item) => typeof item === 'number', 'a list of numbers');
  }

  /** What is wrong with a key: what was found and what is wanted. */
  error(key: string, want: string): ModelError {
    return new ModelError('MODEL_CONFIG', `${this.#path}: ${key} is ${this.#show(key)}, want ${want}`);
  }

  #list<T extends MetadataValue>(
    key: string,
    isItem: (item: MetadataValue) => item is T,
    want: string,
  ): readonly T[] | null {
    const value = this.#pairs.get(key);
    if (value === undefined) return null;
    if (!Array.isArray(value) || !value.every(isItem)) throw this.error(key, want);
    return value;
  }

  #show(key: string): string {
    const value = this.#pairs.get(key);
    if (value === undefined) return 'missing';
    if (Array.isArray(value)) return `a list of ${value.length}`;
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
    return text.length > 80 ? `${text.slice(0, 80)}...` : text;
  }
}
