import { BOX, readBraces } from './box.js';
import type { Span } from './grade.js';
import { ALL_TAGS } from './structure.js';
import { TextScan } from './text-scan.js';

/** Words of four and more letters that say nothing about a case. */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  [
    'about after again also although always among another because been before being below between both',
    'cannot consistent could does doing down during each either else ever every from further have having hence',
    'here however into itself just less like made make many more much must neither never none only other over',
    'quite rather same shall should show shows since some such than that their them then there therefore these',
    'they this those though through thus under unless until upon very well were what when where whether which',
    'while whose will with within without would your',
    // Words of every question (CRPO specification 2.4).
    'patient option answer choice question most likely',
  ].flatMap((line) => line.split(' ')),
);

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const DIGIT = /\p{N}/u;

function isWordCharacter(codePoint: number): boolean {
  if (codePoint < 0x80) {
    const isLetter = (codePoint | 0x20) >= 0x61 && (codePoint | 0x20) <= 0x7a;
    return isLetter || (codePoint >= 0x30 && codePoint <= 0x39);
  }
  return LETTER_OR_DIGIT.test(String.fromCodePoint(codePoint));
}

/** `.`, `%`, `/` and `-` join a word where they stand inside it: 37.5, 90/60, gram-negative. */
function isJoiner(codePoint: number): boolean {
  return codePoint === 0x2e || codePoint === 0x25 || codePoint === 0x2f || codePoint === 0x2d;
}

const TAGS: ReadonlySet<string> = new Set(ALL_TAGS);
const LONGEST_TAG = Math.max(...ALL_TAGS.map((tag) => tag.length));

/** Length of the tag that starts at `index`, or 0. */
function tagLength(scan: TextScan, index: number, limit: number): number {
  const end = Math.min(limit, index + LONGEST_TAG);
  for (let at = index + 1; at < end; at++) {
    const code = scan.code(at);
    if (code === 0x3e) return TAGS.has(scan.slice({ start: index, end: at + 1 })) ? at + 1 - index : 0;
    // Names of tags are of small letters; what else stands there ends the search.
    if (code !== 0x2f && (code < 0x61 || code > 0x7a)) return 0;
  }
  return 0;
}

/** Lengths of what is no word: tags and whole boxes. */
function createSkipper(scan: TextScan, limit: number): (index: number, codePoint: number) => number {
  // Boxes before this offset are known to be unclosed: without it a line of unclosed boxes is read once for each.
  let unclosedBefore = 0;
  return (index, codePoint) => {
    if (codePoint === 0x3c) return tagLength(scan, index, limit);
    if (codePoint !== 0x5c || !scan.hasAt(BOX, index)) return 0;
    if (index < unclosedBefore) return BOX.length;
    const { content, stop } = readBraces(scan, index, limit);
    if (content !== null) return stop - index;
    unclosedBefore = stop;
    return BOX.length;
  };
}

/** Longest word that is kept; anything longer is not language and would only cost memory. */
const MAX_WORD = 64;

/**
 * Tells the place of each word of a range, in order: runs of letters and digits with `.%/-` inside; of tags and boxes
 * nothing. Words too long to be language are left out.
 */
function eachWord(scan: TextScan, within: Span, tell: (start: number, end: number) => void): void {
  const skipLength = createSkipper(scan, within.end);
  const told = (start: number, end: number): void => {
    if (end - start <= MAX_WORD) tell(start, end);
  };
  let wordStart = -1;
  let wordEnd = -1;
  for (let index = within.start; index < within.end; ) {
    const codePoint = scan.codePoint(index);
    const width = codePoint > 0xffff ? 2 : 1;
    if (isWordCharacter(codePoint)) {
      if (wordStart === -1) wordStart = index;
      wordEnd = index + width;
    } else if (wordStart !== -1 && !isJoiner(codePoint)) {
      told(wordStart, wordEnd);
      wordStart = -1;
    }
    index += Math.max(width, skipLength(index, codePoint));
  }
  if (wordStart !== -1) told(wordStart, wordEnd);
}

/** Whether a lower-cased word says something: four characters or more or a digit in it, and not a common word. */
const isContent = (word: string): boolean =>
  !COMMON_WORDS.has(word) && (word.length >= 4 || DIGIT.test(word));

/** The words of a range, read at most once however many rules ask. */
export class SectionWords {
  readonly #scan: TextScan;
  readonly #within: Span;
  #sequence: WordSequence | null = null;
  #content: ReadonlyMap<string, Span> | null = null;

  constructor(scan: TextScan, within: Span) {
    this.#scan = scan;
    this.#within = within;
  }

  /** All words, lower-cased, in order. */
  get sequence(): WordSequence {
    this.#sequence ??= readWords(this.#scan, this.#within);
    return this.#sequence;
  }

  /**
   * The content words in order of appearance with the place of the first occurrence: lower-cased runs of letters and digits,
   * with `.%/-` inside, of four characters or more or holding a digit, common words left out (CRPO specification 2.4).
   */
  get content(): ReadonlyMap<string, Span> {
    this.#content ??= contentOf(this.sequence);
    return this.#content;
  }
}

export interface WordSequence {
  readonly words: readonly string[];
  /** Where each stands. */
  readonly places: readonly Span[];
}

function readWords(scan: TextScan, within: Span): WordSequence {
  const words: string[] = [];
  const places: Span[] = [];
  eachWord(scan, within, (start, end) => {
    words.push(scan.slice({ start, end }).toLowerCase());
    places.push({ start, end });
  });
  return { words, places };
}

function contentOf({ words, places }: WordSequence): Map<string, Span> {
  const content = new Map<string, Span>();
  for (const [i, word] of words.entries()) {
    const place = places[i];
    if (place && !content.has(word) && isContent(word)) content.set(word, place);
  }
  return content;
}

/** The content words of a whole text. */
export const contentWords = (text: string): ReadonlyMap<string, Span> =>
  new SectionWords(new TextScan(text), { start: 0, end: text.length }).content;
