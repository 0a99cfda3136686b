import { stem } from './porter-stemmer.js';
import { breakWords } from './word-break.js';

/** Lucene's English stop words. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  [
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they',
    'this to was will with',
  ].flatMap((line) => line.split(' ')),
);

const APOSTROPHES = "'\u2019\uff07";

/** Drops the 's of a possessive, however the apostrophe is written. */
function withoutPossessive(word: string): string {
  const isPossessive =
    word.length >= 2 && 'sS'.includes(word.slice(-1)) && APOSTROPHES.includes(word.charAt(word.length - 2));
  return isPossessive ? word.slice(0, -2) : word;
}

/** Stems of words seen before: texts repeat their words. A cache of a pure function, emptied when it is full. */
const stems = new Map<string, string>();
const MAX_STEMS = 100_000;

function knownStem(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const found = stem(word);
  if (stems.size >= MAX_STEMS) stems.clear();
  stems.set(word, found);
  return found;
}

/**
 * The index terms of a text in order, as Lucene's English analyser makes them: words, without possessives, in lower
 * case, without stop words, stemmed (specs/webshop.md section 6). Time grows linearly with the text.
 */
export function analyse(text: string): string[] {
  return breakWords(text)
    .map((word) => withoutPossessive(word).toLowerCase())
    .filter((word) => word !== '' && !STOP_WORDS.has(word))
    .map(knownStem);
}
