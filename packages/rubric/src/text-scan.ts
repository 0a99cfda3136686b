import type { Span } from './grade.js';

/**
 * Held here because a class that extends String anywhere in the process (the Redis client has one) makes V8 look them up at
 * each call: reading is four times as slow then.
 */
const { charCodeAt, codePointAt, slice } = String.prototype;

/** A set of UTF-16 codes: 1 at those that belong to it; codes beyond its length do not. */
export type CodeSet = Uint8Array;

export const codeSet = (length: number, has: (code: number) => boolean): CodeSet =>
  Uint8Array.from({ length }, (_, code) => (has(code) ? 1 : 0));

/**
 * A text that rules read through this class alone, which counts every character read. The count is what shows
 * that grading is linear: it must stay within a constant times the length, whatever the text is.
 */
export class TextScan {
  readonly text: string;
  /** Characters that were looked at so far; one that is read twice counts twice. */
  #read = 0;

  constructor(text: string) {
    this.text = text;
  }

  get read(): number {
    return this.#read;
  }

  code(index: number): number {
    this.#read++;
    return charCodeAt.call(this.text, index);
  }

  codePoint(index: number): number {
    this.#read++;
    return codePointAt.call(this.text, index) ?? 0;
  }

  /**
   * Offset of the first character of [from, limit) whose UTF-16 code is not among those of a set, or `limit`. A run is
   * counted at its end, which makes this several times as quick as a call for each character.
   */
  runEnd(set: CodeSet, from: number, limit: number): number {
    const { text } = this;
    let index = from;
    while (index < limit && set[charCodeAt.call(text, index)] === 1) index++;
    this.#read += Math.min(index + 1, limit) - from;
    return index;
  }

  /** Offset of the first `needle` that starts at or after `from`, or -1. */
  find(needle: string, from: number): number {
    const at = this.text.indexOf(needle, from);
    this.#read += (at === -1 ? this.text.length : at + needle.length) - from;
    return at;
  }

  hasAt(needle: string, index: number): boolean {
    this.#read += needle.length;
    return this.text.startsWith(needle, index);
  }

  slice(span: Span): string {
    this.#read += span.end - span.start;
    return slice.call(this.text, span.start, span.end);
  }
}

/**
 * What Python's `str.strip` and `\s` take for whitespace, so that texts are cut where the published scorer cuts
 * them (CRPO specification 2.9).
 */
export function isWhitespace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  if (code < 0x1680) return code === 0x85 || code === 0xa0;
  if (code >= 0x2000 && code <= 0x200a) return true;
  return [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(code);
}

/** The text without the whitespace around it; empty where there is nothing else. */
export function trimmed(scan: TextScan): Span {
  let end = scan.text.length;
  let start = 0;
  while (start < end && isWhitespace(scan.code(start))) start++;
  while (end > start && isWhitespace(scan.code(end - 1))) end--;
  return { start, end };
}
