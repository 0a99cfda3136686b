import { BOX, readBraces } from './box.js';
import type { Span } from './grade.js';
import { CRPO_TAGS } from './structure.js';
import type { TextScan } from './text-scan.js';

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

/** Lengths of what is no word: tags and whole boxes. */
function createSkipper(scan: TextScan, limit: number): (index: number, codePoint: number) => number {
  // Boxes before this offset are known to be unclosed: without it a line of unclosed boxes is read once for each.
  let unclosedBefore = 0;
  return (index, codePoint) => {
    if (codePoint === 0x3c) return CRPO_TAGS.find((tag) => scan.hasAt(tag, index))?.length ?? 0;
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
 * The content words of a range, in order of appearance with the place of the first occurrence: lower-cased runs of
 * letters and digits, with `.%/-` inside, of four characters or more or holding a digit, common words left out
 * (CRPO specification 2.4).
 */
export function contentWords(scan: TextScan, within: Span): Map<string, Span> {
  const words = new Map<string, Span>();
  const keep = (start: number, end: number) => {
    if (end - start > MAX_WORD) return;
    const word = scan.slice({ start, end }).toLowerCase();
    if (words.has(word) || COMMON_WORDS.has(word)) return;
    if (word.length >= 4 || DIGIT.test(word)) words.set(word, { start, end });
  };
  const skipLength = createSkipper(scan, within.end);
  let wordStart = -1;
  let wordEnd = -1;
  for (let index = within.start; index < within.end; ) {
    const codePoint = scan.codePoint(index);
    const width = codePoint > 0xffff ? 2 : 1;
    if (isWordCharacter(codePoint)) {
      if (wordStart === -1) wordStart = index;
      wordEnd = index + width;
    } else if (wordStart !== -1 && !isJoiner(codePoint)) {
      keep(wordStart, wordEnd);
      wordStart = -1;
    }
    index += Math.max(width, skipLength(index, codePoint));
  }
  if (wordStart !== -1) keep(wordStart, wordEnd);
  return words;
}
