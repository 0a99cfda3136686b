import type { BedsideCase, Finding } from './case.js';
import { DISTRACTORS } from './distractor.js';
import type { Criterion } from './score.js';
import { SCORE_NAMES, SCORES } from './score-table.js';

/** A finding that a completion cites: a known name with a value right after it. Offsets are UTF-16 indices, end exclusive. */
export interface Citation {
  /** Key of the criterion or distractor that the name belongs to. */
  readonly criterion: string;
  /** The value as the completion writes it. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** True where the case holds this finding with this value. */
  readonly isFaithful: boolean;
  /** The value in the case; null where the case does not hold the finding. */
  readonly found: string | null;
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A name by its first word: the rest of its words and what it names. */
interface NameEntry {
  readonly words: readonly string[];
  readonly criterion: string;
}

/** Words that may stand between a name and its value. */
const LINKS: ReadonlySet<string> = new Set(['is', 'was', 'of', 'at', 'equals']);

const NUMBER = /^[0-9]+(?:[./][0-9]+)*$/;

/** A word is a run of letters, digits and inner `.`, `/`, `-`; each character is looked at a fixed number of times. */
const splitWords = (text: string): Word[] => {
  const words: Word[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}]+(?:[./-][\p{L}\p{N}]+)*/gu)) {
    words.push({ text: match[0].toLowerCase(), start: match.index, end: match.index + match[0].length });
  }
  return words;
};

const CRITERIA: readonly Criterion[] = [
  ...SCORE_NAMES.flatMap((name) => SCORES[name].criteria),
  ...DISTRACTORS,
];

const VALUE_WORDS: ReadonlySet<string> = new Set([
  ...CRITERIA.flatMap((criterion) => criterion.values.map((value) => value.text)).filter(
    (text) => !NUMBER.test(text),
  ),
]);

const NAMES: ReadonlyMap<string, readonly NameEntry[]> = (() => {
  const entries = new Map<string, NameEntry>();
  for (const criterion of CRITERIA) {
    for (const name of [criterion.label, ...criterion.names]) {
      const words = splitWords(name).map((word) => word.text);
      entries.set(words.join(' '), { words, criterion: criterion.key });
    }
  }
  const byFirst = new Map<string, NameEntry[]>();
  for (const entry of entries.values()) {
    const first = entry.words[0] ?? '';
    byFirst.set(first, [...(byFirst.get(first) ?? []), entry]);
  }
  // Longest first, so that "calf difference" is not read as "calf".
  for (const list of byFirst.values()) list.sort((a, b) => b.words.length - a.words.length);
  return byFirst;
})();

const nameAt = (words: readonly Word[], at: number): NameEntry | undefined =>
  NAMES.get(words[at]?.text ?? '')?.find((entry) =>
    entry.words.every((word, offset) => words[at + offset]?.text === word),
  );

/** Numbers by what they are worth, so that 8 and 8.0 are equal; everything else by its letters. */
const canonical = (value: string): string => {
  const text = value.toLowerCase();
  return /^[0-9]+(?:\.[0-9]+)?$/.test(text) ? String(Number(text)) : text;
};

/**
 * Finds the findings that a text cites: a name known to this package (of any score or distractor, in any of its wordings,
 * case-insensitive), at most one linking word, then a number or one of the known values. Linear in the length of the text.
 *
 * A citation is faithful when the case holds that finding with that value; `8` and `8.0` are the same value. The name of the asked score itself (as in "GCS 12" where the Glasgow Coma Scale is asked) is an answer, no citation.
 */
export const findCitations = (
  bedside: Pick<BedsideCase, 'score' | 'findings' | 'distractors'>,
  text: string,
): Citation[] => {
  const held = new Map<string, Finding>(
    [...bedside.distractors, ...bedside.findings].map((finding) => [finding.criterion, finding]),
  );
  const words = splitWords(text);
  const citations: Citation[] = [];
  let at = 0;
  while (at < words.length) {
    const name = nameAt(words, at);
    if (name === undefined) {
      at += 1;
      continue;
    }
    const start = words[at]?.start ?? 0;
    at += name.words.length;
    const valueAt = LINKS.has(words[at]?.text ?? '') ? at + 1 : at;
    const value = words[valueAt];
    const isValue = value !== undefined && (NUMBER.test(value.text) || VALUE_WORDS.has(value.text));
    if (!isValue || (bedside.score === 'glasgow' && name.criterion === 'mentation')) continue;
    const found = held.get(name.criterion)?.value ?? null;
    citations.push({
      criterion: name.criterion,
      value: text.slice(value.start, value.end),
      start,
      end: value.end,
      isFaithful: found !== null && canonical(found) === canonical(value.text),
      found,
    });
    at = valueAt + 1;
  }
  return citations;
};
