import { BOX, readBraces } from './box.js';
import type { Span } from './grade.js';
import { Lexicon } from './lexicon.js';
import { TextScan } from './text-scan.js';
import { KIND, kindOf, SMALL, tagLength } from './word-characters.js';

/** Lengths of what is no word: tags and whole boxes. */
function createSkipper(scan: TextScan, limit: number): (index: number, codePoint: number) => number {
  // Boxes before this offset are known to be unclosed: without it a line of unclosed boxes is read once for each.
  let unclosedBefore = 0;
  return (index, codePoint) => {
    if (codePoint === 0x3c) return tagLength(scan, index, limit);
    if (!scan.hasAt(BOX, index)) return 0;
    if (index < unclosedBefore) return BOX.length;
    const { content, stop } = readBraces(scan, index, limit);
    if (content !== null) return stop - index;
    unclosedBefore = stop;
    return BOX.length;
  };
}

/** Words in order, each by its number in a lexicon and by its place; the three lists are equally long. */
export interface WordSequence {
  readonly numbers: Int32Array;
  /** Offsets of the first character, and of what follows the last one. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Where the word at an index of a sequence stands. */
export const placeAt = ({ starts, ends }: WordSequence, index: number): Span => ({
  start: starts[index] ?? 0,
  end: ends[index] ?? 0,
});

/** Longest word that is kept; anything longer is not language and would only cost memory. */
const MAX_WORD = 64;

/**
 * The words of a range, lower-cased, in order: runs of letters and digits with `.%/-` inside; of tags and boxes nothing.
 * Words too long to be language are left out.
 */
function readWords(scan: TextScan, within: Span, lexicon: Lexicon): WordSequence {
  const skipLength = createSkipper(scan, within.end);
  // Something stands between two words: no more of them fit.
  const most = (within.end - within.start + 1) >> 1;
  const [numbers, starts, ends] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  let count = 0;
  const told = (start: number, end: number, seen: number): void => {
    if (end - start > MAX_WORD) return;
    const word = scan.slice({ start, end });
    numbers[count] = lexicon.numberOf((seen & KIND.folded) === 0 ? word : word.toLowerCase());
    starts[count] = start;
    ends[count] = end;
    count++;
  };
  // No closure sees these: the loop keeps them in registers.
  let wordStart = -1;
  let wordEnd = -1;
  let seen = 0;
  for (let index = within.start; index < within.end; ) {
    const codePoint = scan.codePoint(index);
    const kind = kindOf(codePoint);
    const width = codePoint > 0xffff ? 2 : 1;
    if ((kind & KIND.word) !== 0) {
      if (wordStart === -1) wordStart = index;
      wordEnd = index + width;
      seen |= kind;
    } else if (wordStart !== -1 && (kind & KIND.joiner) === 0) {
      told(wordStart, wordEnd, seen);
      wordStart = -1;
      seen = 0;
    }
    index += (kind & KIND.mark) === 0 ? width : Math.max(width, skipLength(index, codePoint));
    if (kind === KIND.word) wordEnd = index = scan.runEnd(SMALL, index, within.end);
  }
  if (wordStart !== -1) told(wordStart, wordEnd, seen);
  return {
    numbers: numbers.subarray(0, count),
    starts: starts.subarray(0, count),
    ends: ends.subarray(0, count),
  };
}

/** The different content words of a section. */
export interface ContentWords {
  /** Their numbers, in order of appearance. */
  readonly numbers: readonly number[];
  /** Where in the sequence the content word of a number first stands; -1 where it does not stand. */
  firstOf(number: number): number;
}

function contentOf({ numbers: all }: WordSequence, lexicon: Lexicon): ContentWords {
  // Words that the lexicon meets later stand in another section alone.
  const firsts = new Int32Array(lexicon.size).fill(-1);
  const numbers: number[] = [];
  for (let index = 0; index < all.length; index++) {
    const number = all[index] ?? 0;
    if (firsts[number] !== -1 || !lexicon.isContent(number)) continue;
    firsts[number] = index;
    numbers.push(number);
  }
  return { numbers, firstOf: (number) => firsts[number] ?? -1 };
}

/** The words of a range, read at most once however many rules ask. */
export class SectionWords {
  /** Shared by the sections of a completion: equal words have equal numbers. */
  readonly lexicon: Lexicon;
  readonly #scan: TextScan;
  readonly #within: Span;
  #sequence: WordSequence | null = null;
  #content: ContentWords | null = null;

  constructor(scan: TextScan, within: Span, lexicon: Lexicon) {
    this.lexicon = lexicon;
    this.#scan = scan;
    this.#within = within;
  }

  /** All words, lower-cased, in order. */
  get sequence(): WordSequence {
    this.#sequence ??= readWords(this.#scan, this.#within, this.lexicon);
    return this.#sequence;
  }

  /**
   * The content words in order of appearance with the place of the first occurrence: lower-cased runs of letters and digits,
   * with `.%/-` inside, of four characters or more or holding a digit, common words left out (CRPO specification 2.4).
   */
  get content(): ContentWords {
    this.#content ??= contentOf(this.sequence, this.lexicon);
    return this.#content;
  }
}

const wordsOf = (text: string, lexicon: Lexicon): SectionWords =>
  new SectionWords(new TextScan(text), { start: 0, end: text.length }, lexicon);

/** The numbers of all words of a whole text, in order. */
export const wordNumbers = (text: string, lexicon: Lexicon): Int32Array =>
  wordsOf(text, lexicon).sequence.numbers;

/** The content words of a whole text in order of appearance, with the place of the first occurrence. */
export function contentWords(text: string): ReadonlyMap<string, Span> {
  const words = wordsOf(text, new Lexicon());
  const { sequence, content, lexicon } = words;
  return new Map(
    content.numbers.map((number) => [lexicon.wordOf(number), placeAt(sequence, content.firstOf(number))]),
  );
}
