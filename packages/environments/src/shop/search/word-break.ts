/**
 * Words as Lucene's standard tokenizer finds them (specs/webshop.md section 6): the word boundaries of Unicode
 * Annex 29 for letters, digits, marks and the characters that join them. Every ideograph and every hiragana letter
 * is a word of its own. Emoji are left out.
 */

/** What a code point does to a word. */
const CLASSES = [
  'unknown',
  'other',
  'letter',
  'digit',
  'katakana',
  'complex',
  'single',
  'joiner',
  'extend',
  'middle letter',
  'middle number',
  'middle',
] as const;

type CharacterClass = (typeof CLASSES)[number];

/** A longer run is cut, as Lucene's `maxTokenLength` does; UTF-16 units. */
const MAX_WORD_UNITS = 255;

/** Characters that join two letters, two digits, or either, only between them (Annex 29, WB6, WB7, WB11, WB12). */
const MIDDLES: readonly (readonly [CharacterClass, string])[] = [
  ['middle letter', ':\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a'],
  ['middle number', ',;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\uff0c\uff1b'],
  ['middle', ".'\u2018\u2019\u2024\ufe52\uff07\uff0e"],
];

/** The first pattern that matches says what a code point is. */
const PATTERNS: readonly (readonly [CharacterClass, RegExp])[] = [
  ['extend', /[\p{M}\p{Cf}]/u],
  ['joiner', /[\p{Pc}\u202f]/u],
  ['single', /[\p{Script=Han}\p{Script=Hiragana}]/u],
  ['katakana', /[\p{Script=Katakana}\u30fc\u3031-\u3035]/u],
  ['complex', /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u],
  ['letter', /[\p{L}\p{Nl}]/u],
  ['digit', /\p{Nd}/u],
];

/** Class numbers by code point, filled as they are asked for: a cache of a pure function. */
const known = new Uint8Array(0x110000);
for (const [name, characters] of MIDDLES) {
  for (const character of characters) known[character.codePointAt(0) ?? 0] = CLASSES.indexOf(name);
}

function classOf(codePoint: number): CharacterClass {
  const number = known[codePoint] ?? 0;
  if (number > 0) return CLASSES[number] ?? 'other';
  const character = String.fromCodePoint(codePoint);
  const found = PATTERNS.find(([, pattern]) => pattern.test(character))?.[0] ?? 'other';
  known[codePoint] = CLASSES.indexOf(found);
  return found;
}

/** Whether a word goes on from a character of one class to one of another with nothing between them. */
const CONTINUES: { readonly [C in CharacterClass]?: ReadonlySet<CharacterClass> } = {
  letter: new Set(['letter', 'digit', 'joiner']),
  digit: new Set(['letter', 'digit', 'joiner']),
  katakana: new Set(['katakana', 'joiner']),
  complex: new Set(['complex']),
  joiner: new Set(['letter', 'digit', 'katakana', 'joiner']),
};

/** What a middle character joins. */
const JOINS: { readonly [C in CharacterClass]?: ReadonlySet<CharacterClass> } = {
  'middle letter': new Set(['letter']),
  'middle number': new Set(['digit']),
  middle: new Set(['letter', 'digit']),
};

const width = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1);

/** Offset of the first character at or after `from` that is not a mark. */
function skipExtends(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const codePoint = text.codePointAt(at) ?? 0;
    if (classOf(codePoint) !== 'extend') break;
    at += width(codePoint);
  }
  return at;
}

/** Where the word that starts at `start` with a character of class `first` ends; `hasWord` where it is not joiners alone. */
function endOfWord(text: string, start: number, first: CharacterClass): { end: number; hasWord: boolean } {
  let last = first;
  let hasWord = first !== 'joiner';
  let end = skipExtends(text, start + width(text.codePointAt(start) ?? 0));
  while (end < text.length && end - start < MAX_WORD_UNITS) {
    const codePoint = text.codePointAt(end) ?? 0;
    const next = classOf(codePoint);
    if (CONTINUES[last]?.has(next)) {
      last = next;
      hasWord ||= next !== 'joiner';
      end = skipExtends(text, end + width(codePoint));
      continue;
    }
    const after = JOINS[next]?.has(last) ? skipExtends(text, end + 1) : text.length;
    // A middle character joins only two of the same kind.
    if (after >= text.length || classOf(text.codePointAt(after) ?? 0) !== last) break;
    end = skipExtends(text, after + width(text.codePointAt(after) ?? 0));
  }
  return { end: Math.min(end, start + MAX_WORD_UNITS), hasWord };
}

/**
 * The words of a text in order, as written. Time grows linearly with the text.
 * Source: Unicode Annex 29 (word boundaries), Lucene `StandardTokenizer`.
 */
export function breakWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const codePoint = text.codePointAt(at) ?? 0;
    const first = classOf(codePoint);
    if (first === 'single') {
      const end = skipExtends(text, at + width(codePoint));
      words.push(text.slice(at, Math.min(end, at + MAX_WORD_UNITS)));
      at = end;
    } else if (CONTINUES[first] === undefined) {
      at += width(codePoint);
    } else {
      const { end, hasWord } = endOfWord(text, at, first);
      if (hasWord) words.push(text.slice(at, end));
      at = end;
    }
  }
  return words;
}
