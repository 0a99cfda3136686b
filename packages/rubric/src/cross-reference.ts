import { RubricError, shown } from './errors.js';
import { type Finding, type Item, MAX_SPANS, type Span } from './grade.js';
import { TextScan } from './text-scan.js';
import { contentWords } from './words.js';

export interface CrossReferenceInput {
  /** The completion, read through its scan only. */
  readonly scan: TextScan;
  readonly dx: Span;
  readonly conclusion: Span;
  readonly item: Item;
}

/** Decides whether a conclusion rests on its reasoning: value 1 or 0, with the words that show it. */
export type CrossReference = (input: CrossReferenceInput) => Finding;

/** `lexical`: shared words decide. `case`: one of the shared words must also occur in the question. */
export type CrossReferenceName = 'lexical' | 'case';

const MIN_SHARED = 2;
const MIN_SHARE = 0.3;

/** Names a few of the words that were found. */
function listed(words: readonly string[]): string {
  const more = words.length > 5 ? ` and ${words.length - 5} more` : '';
  return `${words.slice(0, 5).join(', ')}${more}`;
}

interface SharedWords {
  readonly words: readonly string[];
  readonly finding: Finding;
}

/**
 * With C and D the content words of conclusion and reasoning: |C and D| >= 2 and |C and D| / |C| >= 0.3
 * (CRPO specification 2.4).
 */
function sharedWords(input: CrossReferenceInput): SharedWords {
  const cited = contentWords(input.scan, input.conclusion);
  const reasoned = contentWords(input.scan, input.dx);
  const words: string[] = [];
  const spans: Span[] = [];
  for (const [word, place] of cited) {
    const source = reasoned.get(word);
    if (source === undefined) continue;
    words.push(word);
    if (spans.length + 2 <= MAX_SPANS) spans.push(place, source);
  }
  const counts = `${words.length} of ${cited.size} words of the conclusion occur in the reasoning`;
  if (words.length < MIN_SHARED) {
    return { words, finding: { value: 0, spans, reason: `${counts}, want at least ${MIN_SHARED}` } };
  }
  if (words.length / cited.size < MIN_SHARE) {
    return { words, finding: { value: 0, spans, reason: `${counts}, want at least ${MIN_SHARE * 100} %` } };
  }
  return { words, finding: { value: 1, spans, reason: `${counts}: ${listed(words)}` } };
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
  const asked = contentWords(new TextScan(question), { start: 0, end: question.length });
  const grounded = words.filter((word) => asked.has(word));
  if (grounded.length === 0) {
    return { ...finding, value: 0, reason: `${finding.reason}; none of them occurs in the question` };
  }
  return { ...finding, reason: `${finding.reason}; in the question: ${listed(grounded)}` };
}

/** Every cross-reference predicate, by the name a grader gives. */
export const crossReferences: { readonly [N in CrossReferenceName]: CrossReference } = {
  lexical: (input) => sharedWords(input).finding,
  case: groundedInCase,
};
