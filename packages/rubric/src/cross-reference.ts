import { RubricError, shown } from './errors.js';
import { type Finding, type Item, MAX_SPANS, type Span } from './grade.js';
import type { Lexicon } from './lexicon.js';
import type { TextScan } from './text-scan.js';
import { sharedRun } from './verbatim.js';
import { placeAt, type SectionWords, wordNumbers } from './words.js';

export interface CrossReferenceInput {
  /** The completion, read through its scan only. */
  readonly scan: TextScan;
  readonly reasoning: Section;
  readonly answer: Section;
  readonly item: Item;
  readonly limits: CrossReferenceLimits;
}

/** A block of a completion with its words. */
export interface Section {
  readonly span: Span;
  readonly words: SectionWords;
}

/** What the lexical predicates want, and what they refuse as gaming (CRPO specification 2.4). */
export interface CrossReferenceLimits {
  /** Least number of shared words. @defaultValue 2 */
  readonly minShared: number;
  /** Least share of the answer's words. @defaultValue 0.3 */
  readonly minShare: number;
  /** Most characters of the answer as a share of the reasoning's; null for any. @defaultValue null */
  readonly maxLengthRatio: number | null;
  /** Most words in a row that the answer may copy from the reasoning; null for any. @defaultValue null */
  readonly maxVerbatimWords: number | null;
}

export const DEFAULT_LIMITS: CrossReferenceLimits = {
  minShared: 2,
  minShare: 0.3,
  maxLengthRatio: null,
  maxVerbatimWords: null,
};

/** Decides whether an answer rests on its reasoning: value 1 or 0, with the words that show it. */
export type CrossReference = (input: CrossReferenceInput) => Finding;

/**
 * `lexical`: shared words decide. `case`: one of the shared words must also occur in the question. `stated`: the row says so
 * itself, in `crossref` and `crossref_reason`, as rows do that people have read.
 */
export type CrossReferenceName = 'lexical' | 'case' | 'stated';

/** Names a few of the words that were found. */
function listed(numbers: readonly number[], lexicon: Lexicon): string {
  const more = numbers.length > 5 ? ` and ${numbers.length - 5} more` : '';
  const words = numbers.slice(0, 5).map((number) => lexicon.wordOf(number));
  return `${words.join(', ')}${more}`;
}

interface SharedWords {
  /** Numbers in the lexicon of both sections. */
  readonly words: readonly number[];
  readonly finding: Finding;
}

/**
 * With C and D the content words of answer and reasoning: |C and D| >= 2 and |C and D| / |C| >= 0.3, and nothing that the
 * limits refuse (CRPO specification 2.4).
 */
function sharedWords(input: CrossReferenceInput): SharedWords {
  const { reasoning, answer, limits } = input;
  // The reasoning is read first: it stands first.
  const reasoned = reasoning.words.content;
  const cited = answer.words.content;
  const words: number[] = [];
  const spans: Span[] = [];
  for (const number of cited.numbers) {
    const source = reasoned.firstOf(number);
    if (source === -1) continue;
    words.push(number);
    if (spans.length + 2 > MAX_SPANS) continue;
    const place = placeAt(answer.words.sequence, cited.firstOf(number));
    spans.push(place, placeAt(reasoning.words.sequence, source));
  }
  const counts = `${words.length} of ${cited.numbers.length} words of the conclusion occur in the reasoning`;
  const refused = (reason: string): SharedWords => ({ words, finding: { value: 0, spans, reason } });
  if (words.length < limits.minShared) return refused(`${counts}, want at least ${limits.minShared}`);
  if (words.length / cited.numbers.length < limits.minShare)
    return refused(`${counts}, want at least ${Number((limits.minShare * 100).toFixed(4))} %`);
  const gaming = gamed(input);
  if (gaming !== null) return refused(`${counts}; ${gaming}`);
  return { words, finding: { value: 1, spans, reason: `${counts}: ${listed(words, answer.words.lexicon)}` } };
}

const lengthOf = ({ span }: Section): number => span.end - span.start;

/** Why a conclusion is a copy rather than a synthesis, or null. */
function gamed({ reasoning, answer, limits }: CrossReferenceInput): string | null {
  const { maxLengthRatio, maxVerbatimWords } = limits;
  const ratio = lengthOf(answer) / Math.max(1, lengthOf(reasoning));
  if (maxLengthRatio !== null && ratio > maxLengthRatio)
    return `the conclusion is ${ratio.toFixed(2)} times as long as the reasoning, want at most ${maxLengthRatio}`;
  if (maxVerbatimWords === null) return null;
  const [source, copy] = [reasoning.words.sequence, answer.words.sequence];
  const run = sharedRun(source.numbers, copy.numbers, maxVerbatimWords + 1);
  return run === null ? null : `more than ${maxVerbatimWords} words in a row are copied from the reasoning`;
}

/** The question's text: the item's `question`, or the messages a user wrote. */
function questionOf(item: Item): string {
  const { question, messages } = item;
  if (typeof question === 'string' && question.trim() !== '') return question;
  const texts: string[] = [];
  for (const message of Array.isArray(messages) ? messages : []) {
    if (typeof message !== 'object' || message === null) continue;
    const { role, content }: { role?: unknown; content?: unknown } = message;
    if (role === 'user' && typeof content === 'string') texts.push(content);
  }
  if (texts.length > 0) return texts.join('\n');
  throw new RubricError(
    'RUBRIC_ITEM_QUESTION',
    'item.question',
    `item.question is ${shown(question)} and no message is the user's, want the question's text for crossref 'case'`,
  );
}

function groundedInCase(input: CrossReferenceInput): Finding {
  const question = questionOf(input.item);
  const { words, finding } = sharedWords(input);
  if (finding.value === 0) return finding;
  const { lexicon } = input.answer.words;
  // Shared words are words of content: the question needs to hold them, no more.
  const asked = new Set(wordNumbers(question, lexicon));
  const grounded = words.filter((word) => asked.has(word));
  if (grounded.length === 0) {
    return { ...finding, value: 0, reason: `${finding.reason}; none of them occurs in the question` };
  }
  return { ...finding, reason: `${finding.reason}; in the question: ${listed(grounded, lexicon)}` };
}

function stated({ item }: CrossReferenceInput): Finding {
  const { crossref, crossref_reason: why } = item;
  if (typeof crossref !== 'boolean')
    return { value: 0, spans: [], reason: 'the row does not say whether the conclusion cites its reasoning' };
  const reason = typeof why === 'string' ? why.replaceAll(/\s+/g, ' ').slice(0, 200) : 'the row says so';
  return { value: crossref ? 1 : 0, spans: [], reason: `${crossref ? 'cites' : 'does not cite'}: ${reason}` };
}

/** Every cross-reference predicate, by the name a grader gives. */
export const crossReferences: { readonly [N in CrossReferenceName]: CrossReference } = {
  lexical: (input) => sharedWords(input).finding,
  case: groundedInCase,
  stated,
};
