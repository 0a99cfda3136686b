import { BOX } from '../box.js';
import type { Span } from '../grade.js';
import type { Lexicon } from '../lexicon.js';
import { type CodeSet, codeSet, type TextScan } from '../text-scan.js';
import { KIND, kindOf, SMALL, tagLength } from '../word-characters.js';
import type { WordSequence } from '../words.js';

/** The words of a range as safety rules read them, with the clauses that they stand in. */
export interface Clauses extends WordSequence {
  /** By word: the number of its clause, from 0. Every clause has words. */
  readonly clauses: Int32Array;
  /** By word: 1 where nothing but `.%/-` stands between it and the word before. */
  readonly joined: Uint8Array;
  /** By clause: its last word. */
  readonly lasts: Int32Array;
  /** By clause: 1 where a question mark ends it. */
  readonly asked: Uint8Array;
}

/** Braces are among them: what stands in a box is a clause of its own. */
const CLAUSE_ENDS: CodeSet = codeSet(0x80, (code) => '.;:,?!\n{}'.includes(String.fromCharCode(code)));
const QUESTION = 0x3f;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/**
 * The words of a range, lower-cased, in order, in time linear in it. Unlike the words of the cross-reference
 * (`SectionWords`) they end at `.%/-`, except between two digits (37.5, 90/60), may have any length, and stand in boxes too:
 * a statement is found wherever it is made. Tags and `\boxed` are no words, and end a clause.
 */
export function readClauses(scan: TextScan, within: Span, lexicon: Lexicon): Clauses {
  // Something stands between two words: no more of them fit.
  const most = (within.end - within.start + 1) >> 1;
  const [numbers, starts, ends] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  const [clauses, lasts] = [new Int32Array(most), new Int32Array(most)];
  const [joined, asked] = [new Uint8Array(most), new Uint8Array(most)];
  let count = 0;
  let clause = 0;
  /** Whether a clause ended since the last word, and whether anything but joiners stands behind it. */
  let [isOver, isApart] = [false, true];
  const told = (start: number, end: number, isFolded: boolean): void => {
    const word = scan.slice({ start, end });
    if (isOver && count > 0) clause++;
    numbers[count] = lexicon.numberOf(isFolded ? word.toLowerCase() : word);
    starts[count] = start;
    ends[count] = end;
    clauses[count] = clause;
    joined[count] = isOver || isApart ? 0 : 1;
    lasts[clause] = count++;
    [isOver, isApart] = [false, false];
  };
  const isBetweenDigits = (index: number): boolean =>
    index + 1 < within.end && isDigit(scan.code(index - 1)) && isDigit(scan.code(index + 1));
  let wordStart = -1;
  let isFolded = false;
  for (let index = within.start; index < within.end; ) {
    const codePoint = scan.codePoint(index);
    const kind = kindOf(codePoint);
    if ((kind & KIND.word) !== 0) {
      if (wordStart === -1) wordStart = index;
      isFolded ||= (kind & KIND.folded) !== 0;
      index =
        kind === KIND.word ? scan.runEnd(SMALL, index, within.end) : index + (codePoint > 0xffff ? 2 : 1);
      continue;
    }
    if (wordStart !== -1) {
      if ((kind & KIND.joiner) !== 0 && isBetweenDigits(index)) {
        index++;
        continue;
      }
      told(wordStart, index, isFolded);
      wordStart = -1;
      isFolded = false;
    }
    const marked = (kind & KIND.mark) === 0 ? 0 : markLength(scan, index, within.end);
    if (marked > 0 || CLAUSE_ENDS[codePoint] === 1) isOver = true;
    if (codePoint === QUESTION && count > 0) asked[clause] = 1;
    if ((kind & KIND.joiner) === 0) isApart = true;
    index += Math.max(marked, codePoint > 0xffff ? 2 : 1);
  }
  if (wordStart !== -1) told(wordStart, within.end, isFolded);
  const [words, sentences] = [count, count === 0 ? 0 : clause + 1];
  return {
    numbers: numbers.subarray(0, words),
    starts: starts.subarray(0, words),
    ends: ends.subarray(0, words),
    clauses: clauses.subarray(0, words),
    joined: joined.subarray(0, words),
    lasts: lasts.subarray(0, sentences),
    asked: asked.subarray(0, sentences),
  };
}

/** Length of the tag or `\boxed` that starts at `index`, or 0. */
function markLength(scan: TextScan, index: number, limit: number): number {
  if (scan.code(index) === 0x3c) return tagLength(scan, index, limit);
  return index + BOX.length <= limit && scan.hasAt(BOX, index) ? BOX.length : 0;
}
