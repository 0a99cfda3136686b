import { ALL_TAGS } from './structure.js';
import { type CodeSet, codeSet, type TextScan } from './text-scan.js';

/** The characters of most words, which lower-casing leaves as they are. */
export const SMALL: CodeSet = codeSet(
  0x80,
  (code) => (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a),
);

/** What a character is to the words of a text, as bits: several may hold. */
export const KIND = {
  /** Part of no word. */
  other: 1,
  /** A letter or digit. */
  word: 2,
  /** One that lower-casing may change. */
  folded: 4,
  /** `.`, `%`, `/` and `-` join a word where they stand inside it: 37.5, 90/60, gram-negative. */
  joiner: 8,
  /** May begin a tag or a box. */
  mark: 16,
} as const;

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const JOINERS = '.%/-';
const MARKS = '<\\';

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (JOINERS.includes(character)) return KIND.joiner | KIND.other;
  if (MARKS.includes(character)) return KIND.mark | KIND.other;
  if (!LETTER_OR_DIGIT.test(character)) return KIND.other;
  const isLower = codePoint < 0x80 && character.toLowerCase() === character;
  return isLower ? KIND.word : KIND.word | KIND.folded;
}

/** Kinds by code point, each found when it is first met; 0 until then. Pages that no text needs stay untouched. */
const kinds = new Uint8Array(0x11_0000);

/** The kind of a character: bits of `KIND`. */
export function kindOf(codePoint: number): number {
  const known = kinds[codePoint] ?? 0;
  if (known !== 0) return known;
  const kind = classify(codePoint);
  kinds[codePoint] = kind;
  return kind;
}

const TAGS: ReadonlySet<string> = new Set(ALL_TAGS);
const LONGEST_TAG = Math.max(...ALL_TAGS.map((tag) => tag.length));

/** Length of the tag that starts at `index`, or 0. */
export function tagLength(scan: TextScan, index: number, limit: number): number {
  const end = Math.min(limit, index + LONGEST_TAG);
  for (let at = index + 1; at < end; at++) {
    const code = scan.code(at);
    if (code === 0x3e) return TAGS.has(scan.slice({ start: index, end: at + 1 })) ? at + 1 - index : 0;
    // Names of tags are of small letters; what else stands there ends the search.
    if (code !== 0x2f && (code < 0x61 || code > 0x7a)) return 0;
  }
  return 0;
}
