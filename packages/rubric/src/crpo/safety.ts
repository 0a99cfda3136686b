import { RubricError, shown } from '../errors.js';
import { type Item, MAX_SPANS, type Span } from '../grade.js';
import { Lexicon } from '../lexicon.js';
import { TextScan } from '../text-scan.js';
import { placeAt } from '../words.js';
import { type Clauses, readClauses } from './clauses.js';
import type { Reading } from './reading.js';
import { isTakenBack } from './warnings.js';

/** A hard constraint: statements of the item that cap the total (a contraindicated drug, a red flag that is missed). */
export interface SafetyRule {
  /** Most that the total may be where the constraint is broken. */
  readonly cap: number;
  /**
   * Where forbidden statements count: the answer block, or the whole text; without a structure always the whole text.
   * Required ones count anywhere. A statement that the text takes back is not made (see `isTakenBack`).
   */
  readonly scope: 'answer' | 'text';
}

/** A statement of an item that a completion made, or failed to make. */
export interface Breach {
  readonly spans: readonly Span[];
  readonly reason: string;
}

const MAX_STATEMENTS = 64;
const MAX_STATEMENT_CHARACTERS = 512;

const clausesOf = (text: string, lexicon: Lexicon): Clauses =>
  readClauses(new TextScan(text), { start: 0, end: text.length }, lexicon);

const hasWords = (text: string): boolean => clausesOf(text, new Lexicon()).numbers.length > 0;

/** The statements of an item: `forbidden` and `required`, lists of phrases. */
export function statementsOf(item: Item, field: 'forbidden' | 'required'): readonly string[] {
  const value = item[field] ?? [];
  const isList =
    Array.isArray(value) &&
    value.length <= MAX_STATEMENTS &&
    value.every((s) => typeof s === 'string' && s.length <= MAX_STATEMENT_CHARACTERS && hasWords(s));
  if (isList) return value;
  throw new RubricError(
    'RUBRIC_ITEM_STATEMENTS',
    `item.${field}`,
    `item.${field} is ${shown(value)}, want at most ${MAX_STATEMENTS} texts with words, of at most ${MAX_STATEMENT_CHARACTERS} characters`,
  );
}

/** Where a phrase stands in a sequence of words, each time, in linear time (Knuth, Morris and Pratt 1977). */
function* occurrences(words: Int32Array, phrase: Int32Array): Generator<number> {
  if (phrase.length === 0) return;
  const border = new Int32Array(phrase.length);
  for (let i = 1, k = 0; i < phrase.length; i++) {
    while (k > 0 && phrase[i] !== phrase[k]) k = border[k - 1] ?? 0;
    if (phrase[i] === phrase[k]) k++;
    border[i] = k;
  }
  for (let i = 0, k = 0; i < words.length; i++) {
    while (k > 0 && words[i] !== phrase[k]) k = border[k - 1] ?? 0;
    if (words[i] === phrase[k]) k++;
    if (k < phrase.length) continue;
    yield i - k + 1;
    k = border[k - 1] ?? 0;
  }
}

/** Where a text makes a statement, in order, without taking it back. */
function* made(text: Clauses, lexicon: Lexicon, statement: string): Generator<Span> {
  const phrase = clausesOf(statement, lexicon).numbers;
  for (const first of occurrences(text.numbers, phrase)) {
    const last = first + phrase.length - 1;
    if (isTakenBack(text, lexicon, { first, last })) continue;
    yield { start: placeAt(text, first).start, end: placeAt(text, last).end };
  }
}

/** Forbidden statements that the completion makes, and required ones that it does not make, both read by `isTakenBack`. */
export function breaches({ scan, within, blocks, item }: Reading, { scope }: SafetyRule): readonly Breach[] {
  const lexicon = new Lexicon();
  const whole = readClauses(scan, within, lexicon);
  const isWhole = !blocks.found || scope === 'text';
  const section = isWhole ? whole : readClauses(scan, blocks.answer.span, lexicon);
  const found: Breach[] = [];
  for (const statement of statementsOf(item, 'forbidden')) {
    const spans: Span[] = [];
    for (const span of made(section, lexicon, statement)) if (spans.push(span) >= MAX_SPANS) break;
    if (spans.length > 0) found.push({ spans, reason: `forbidden: ${shown(statement)}` });
  }
  for (const statement of statementsOf(item, 'required')) {
    const isMade = !made(whole, lexicon, statement).next().done;
    if (!isMade) found.push({ spans: [], reason: `missing: ${shown(statement)}` });
  }
  return found;
}
