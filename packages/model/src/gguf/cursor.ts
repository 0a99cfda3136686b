import { ModelError } from '../errors.js';

/** More of the file is needed than was read so far; `end` is the offset, in bytes, up to which. */
export class NeedMoreBytes extends Error {
  readonly end: number;

  constructor(end: number) {
    super(`internal: the first ${end} bytes are needed`);
    this.end = end;
  }
}

/**
 * Reads little-endian values one after another from the beginning of a file. Invariant: no value is taken,
 * and nothing is allocated, beyond the end of the file.
 */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileBytes: number;
  readonly #path: string;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #offset = 0;

  /** `bytes` are the first ones of a file of `fileBytes` bytes; `path` is for messages. */
  constructor(bytes: Uint8Array, fileBytes: number, path: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
    this.#path = path;
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes between here and the end of the file. */
  get left(): number {
    return this.#fileBytes - this.#offset;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#take(1, what));
  }
  i8(what: string): number {
    return this.#view.getInt8(this.#take(1, what));
  }
  u16(what: string): number {
    return this.#view.getUint16(this.#take(2, what), true);
  }
  i16(what: string): number {
    return this.#view.getInt16(this.#take(2, what), true);
  }
  u32(what: string): number {
    return this.#view.getUint32(this.#take(4, what), true);
  }
  i32(what: string): number {
    return this.#view.getInt32(this.#take(4, what), true);
  }
  f32(what: string): number {
    return this.#view.getFloat32(this.#take(4, what), true);
  }
  f64(what: string): number {
    return this.#view.getFloat64(this.#take(8, what), true);
  }
  u64(what: string): bigint {
    return this.#view.getBigUint64(this.#take(8, what), true);
  }
  i64(what: string): bigint {
    return this.#view.getBigInt64(this.#take(8, what), true);
  }

  /** A count of things of at least `minBytes` bytes each, which the rest of the file must be able to hold. */
  count(what: string, minBytes: number): number {
    const value = this.u64(what);
    if (value * BigInt(minBytes) <= BigInt(this.left)) return Number(value);
    throw this.error(`${what} is ${value}, more than the ${this.left} bytes that follow can hold`);
  }

  /** A string: its length in bytes as u64, then UTF-8. */
  string(what: string): string {
    const length = this.count(`the length of ${what}`, 1);
    const begin = this.#take(length, what);
    try {
      return this.#text.decode(this.#bytes.subarray(begin, begin + length));
    } catch (cause) {
      throw this.error(`${what} is not UTF-8`, cause);
    }
  }

  error(message: string, cause?: unknown): ModelError {
    return new ModelError('MODEL_FILE', `${this.#path}: ${message}`, { cause });
  }

  #take(length: number, what: string): number {
    const begin = this.#offset;
    const end = begin + length;
    if (end > this.#fileBytes)
      throw this.error(`truncated: ${what} needs bytes ${begin} to ${end} of a file of ${this.#fileBytes}`);
    if (end > this.#bytes.length) throw new NeedMoreBytes(end);
    this.#offset = end;
    return begin;
  }
}
