import type { Span } from '../grade.js';
import type { Meter } from './meter.js';

/** A word or sign of a text and where it stands. */
export interface Token extends Span {
  readonly text: string;
}

const WORD_CHARACTER = /[\p{L}\p{N}\p{M}]/u;

function isWordCharacter(codePoint: number): boolean {
  if (codePoint >= 0x80) return WORD_CHARACTER.test(String.fromCodePoint(codePoint));
  const isLetter = (codePoint | 0x20) >= 0x61 && (codePoint | 0x20) <= 0x7a;
  return isLetter || (codePoint >= 0x30 && codePoint <= 0x39);
}

const SPACE = /\s/u;

/**
 * A text's tokens: runs of letters, digits and marks, and, where `signs` is set, each other character that is no
 * space. Reads each character once.
 */
export function tokensOf(text: string, options: { readonly signs: boolean; readonly meter: Meter }): Token[] {
  const tokens: Token[] = [];
  let wordStart = -1;
  const endWord = (end: number): void => {
    if (wordStart !== -1) tokens.push({ text: text.slice(wordStart, end), start: wordStart, end });
    wordStart = -1;
  };
  for (let index = 0; index < text.length; ) {
    const codePoint = text.codePointAt(index) ?? 0;
    const next = index + (codePoint > 0xffff ? 2 : 1);
    if (isWordCharacter(codePoint)) {
      if (wordStart === -1) wordStart = index;
    } else {
      endWord(index);
      const sign = text.slice(index, next);
      if (options.signs && !SPACE.test(sign)) tokens.push({ text: sign, start: index, end: next });
    }
    index = next;
  }
  endWord(text.length);
  options.meter.add(text.length);
  return tokens;
}

/** Small numbers for texts: equal texts have equal numbers. */
export class Vocabulary {
  readonly #numbers: Map<string, number> = new Map();

  get size(): number {
    return this.#numbers.size;
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }

  /** The numbers of a text's words, in order. */
  numbersOf(words: Iterable<string>): number[] {
    return Array.from(words, (word) => this.numberOf(word));
  }
}
