import { createHash } from 'node:crypto';
import type { Question } from './row.js';

const WORD = /[\p{L}\p{N}]+/gu;

/**
 * The words of a text as comparisons see them: runs of letters and digits, lower-cased, compatible characters made
 * one (NFKC). Punctuation, spacing and case make no difference.
 */
export const wordsOf = (text: string): readonly string[] =>
  text.normalize('NFKC').toLowerCase().match(WORD) ?? [];

const digest = (parts: readonly string[]): string => {
  const hash = createHash('sha256');
  // The length before each part keeps ['ab', 'c'] and ['a', 'bc'] apart.
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest('hex').slice(0, 32);
};

/** A text's words as one text; a text without any stands for itself. */
const normalized = (text: string): string => wordsOf(text).join(' ') || text;

/** Names a case: 128 bits, as hexadecimal, of the normalised question without its options. */
export const caseHash = ({ question }: Pick<Question, 'question'>): string => digest([normalized(question)]);

/** Names a case with its options, whatever their order. */
export const itemHash = ({ question, options }: Pick<Question, 'question' | 'options'>): string =>
  digest([normalized(question), ...Object.values(options).map(normalized).sort()]);
