import { RubricError, shown } from '../errors.js';
import { type Item, MAX_SPANS, type Span } from '../grade.js';
import { TextScan } from '../text-scan.js';
import { SectionWords, type WordSequence } from '../words.js';
import type { Reading } from './reading.js';

/** A hard constraint: statements of the item that cap the total (a contraindicated drug, a red flag that is missed). */
export interface SafetyRule {
  /** Most that the total may be where the constraint is broken. */
  readonly cap: number;
  /** Where forbidden statements count: the answer block, or the whole text; without a structure always the whole text. */
  readonly scope: 'answer' | 'text';
}

/** A statement of an item that a completion made, or failed to make. */
export interface Breach {
  readonly spans: readonly Span[];
  readonly reason: string;
}

const MAX_STATEMENTS = 64;
const MAX_STATEMENT_CHARACTERS = 512;

/** Before a statement, within so many words and in the same sentence, these say that it is not made. */
const NEGATIONS: ReadonlySet<string> = new Set([
  ...[
    'no',
    'not',
    'never',
    'avoid',
    'avoids',
    'avoided',
    'avoiding',
    'contraindicated',
    'against',
    'stop',
    'nor',
  ],
  ...['withhold', 'hold', 'neither', 'exclude', 'excluded', 'excludes'],
  // An apostrophe ends a word: don't, shouldn't, mustn't.
  ...['don', 'shouldn', 'mustn'],
]);
const NEGATION_REACH = 5;
const CLAUSE_ENDS: ReadonlySet<number> = new Set(Array.from('.;:,?!\n', (c) => c.charCodeAt(0)));

/** The statements of an item: `forbidden` and `required`, lists of phrases. */
export function statementsOf(item: Item, field: 'forbidden' | 'required'): readonly string[] {
  const value = item[field] ?? [];
  const isList =
    Array.isArray(value) &&
    value.length <= MAX_STATEMENTS &&
    value.every(
      (s) => typeof s === 'string' && s.length <= MAX_STATEMENT_CHARACTERS && wordsOf(s).length > 0,
    );
  if (isList) return value;
  throw new RubricError(
    'RUBRIC_ITEM_STATEMENTS',
    `item.${field}`,
    `item.${field} is ${shown(value)}, want at most ${MAX_STATEMENTS} texts with words, of at most ${MAX_STATEMENT_CHARACTERS} characters`,
  );
}

/** Where a phrase stands in a sequence of words, each time, in linear time (Knuth, Morris and Pratt 1977). */
function* occurrences(words: readonly string[], phrase: readonly string[]): Generator<number> {
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

/** Whether one of the few words before a place, in its sentence, takes back what follows. */
function isNegated({ scan }: Reading, { words, places }: WordSequence, at: number): boolean {
  for (let i = at - 1; i >= Math.max(0, at - NEGATION_REACH); i--) {
    const [end, next] = [places[i]?.end ?? 0, places[i + 1]?.start ?? 0];
    for (let c = end; c < Math.min(next, end + 8); c++) {
      const code = scan.code(c);
      // A stop, comma or colon, a question or exclamation mark, or a line feed ends what a negation reaches.
      if (CLAUSE_ENDS.has(code)) return false;
    }
    if (NEGATIONS.has(words[i] ?? '')) return true;
  }
  return false;
}

const wordsOf = (text: string): readonly string[] =>
  new SectionWords(new TextScan(text), { start: 0, end: text.length }).sequence.words;

/** Forbidden statements that the completion makes, without a negation before them, and required ones that it lacks. */
export function breaches(reading: Reading, { scope }: SafetyRule): readonly Breach[] {
  const { scan, within, blocks, item } = reading;
  const whole = new SectionWords(scan, within);
  const { words: section } = blocks.found && scope === 'answer' ? blocks.answer : { words: whole };
  const found: Breach[] = [];
  for (const statement of statementsOf(item, 'forbidden')) {
    const said = section.sequence;
    const phrase = wordsOf(statement);
    const spans: Span[] = [];
    for (const at of occurrences(said.words, phrase)) {
      const [first, last] = [said.places[at], said.places[at + phrase.length - 1]];
      if (spans.length >= MAX_SPANS) break;
      if (first && last && !isNegated(reading, said, at)) spans.push({ start: first.start, end: last.end });
    }
    if (spans.length > 0) found.push({ spans, reason: `forbidden: ${shown(statement)}` });
  }
  for (const statement of statementsOf(item, 'required')) {
    const isThere = !occurrences(whole.sequence.words, wordsOf(statement)).next().done;
    if (!isThere) found.push({ spans: [], reason: `missing: ${shown(statement)}` });
  }
  return found;
}
