import type { BedsideCase } from './case.js';
import type { Citation } from './citation.js';
import { findCitations } from './citation.js';
import { SCORES } from './score-table.js';

/** What an answer is judged by. */
export type ComponentName = 'accuracy' | 'faithfulness' | 'comprehensiveness';

/** A stretch of the completion, in UTF-16 indices, `end` exclusive. */
export interface EvidenceSpan {
  readonly start: number;
  readonly end: number;
}

/** One judged component. */
export interface Verdict {
  /** In [0, 1]. */
  readonly value: number;
  /** Where in the completion the value comes from, in ascending order. */
  readonly evidence: readonly EvidenceSpan[];
  /** One line. */
  readonly reason: string;
}

/** The verdict on each component. */
export type Verification = Readonly<Record<ComponentName, Verdict>>;

/** What is needed of a case to verify an answer to it. */
export type VerifiableCase = Pick<BedsideCase, 'score' | 'gold' | 'findings' | 'distractors'>;

const BOX = '\\boxed';

/** All boxes of a text: where they stand and their content up to the first closing brace of the same line; null without braces. */
const findBoxes = (text: string): { readonly span: EvidenceSpan; readonly content: string | null }[] => {
  const boxes: { span: EvidenceSpan; content: string | null }[] = [];
  let start = text.indexOf(BOX);
  while (start !== -1) {
    const open = start + BOX.length;
    const next = text.indexOf(BOX, open);
    const limit = next === -1 ? text.length : next;
    // A box longer than this is no letter; the bound keeps hostile text linear.
    const inside = text[open] === '{' ? text.slice(open + 1, Math.min(limit, open + 66)) : '';
    const close = inside.search(/[}\n]/);
    const isClosed = close !== -1 && inside[close] === '}';
    boxes.push({
      span: { start, end: isClosed ? open + 2 + close : open },
      content: isClosed ? inside.slice(0, close) : null,
    });
    start = next;
  }
  return boxes;
};

const judgeAccuracy = (bedside: VerifiableCase, completion: string): Verdict => {
  const boxes = findBoxes(completion);
  const evidence = boxes.map((box) => box.span);
  const only = boxes[0];
  if (only === undefined) return { value: 0, evidence, reason: 'no boxed letter' };
  if (boxes.length > 1) return { value: 0, evidence, reason: `${boxes.length} boxes, want one` };
  if (only.content === null) return { value: 0, evidence, reason: 'the box is not closed' };
  if (only.content !== bedside.gold) {
    return {
      value: 0,
      evidence,
      reason: `boxed ${JSON.stringify(only.content)}, the answer is ${bedside.gold}`,
    };
  }
  return { value: 1, evidence, reason: `boxed ${bedside.gold}, the answer` };
};

const describeWrong = (citation: Citation): string =>
  citation.found === null
    ? `${citation.criterion} ${citation.value} is not in the case`
    : `${citation.criterion} cited as ${citation.value}, the case has ${citation.found}`;

const judgeFaithfulness = (citations: readonly Citation[]): Verdict => {
  const evidence = citations.map(({ start, end }) => ({ start, end }));
  if (citations.length === 0) return { value: 0, evidence, reason: 'no finding is cited' };
  const wrong = citations.filter((citation) => !citation.isFaithful);
  const first = wrong[0];
  const right = citations.length - wrong.length;
  const tally = `${right} of ${citations.length} citations agree with the case`;
  return {
    value: right / citations.length,
    evidence,
    reason: first === undefined ? tally : `${tally}; ${describeWrong(first)}`,
  };
};

const judgeComprehensiveness = (bedside: VerifiableCase, citations: readonly Citation[]): Verdict => {
  const wanted = SCORES[bedside.score].criteria.map((criterion) => criterion.key);
  const firstOf = new Map<string, Citation>();
  for (const citation of citations) {
    if (wanted.includes(citation.criterion) && !firstOf.has(citation.criterion)) {
      firstOf.set(citation.criterion, citation);
    }
  }
  const missing = wanted.filter((key) => !firstOf.has(key));
  const tally = `${firstOf.size} of ${wanted.length} criteria considered`;
  return {
    value: firstOf.size / wanted.length,
    evidence: [...firstOf.values()].map(({ start, end }) => ({ start, end })),
    reason: missing.length === 0 ? tally : `${tally}; missing ${missing.join(', ')}`,
  };
};

/**
 * Judges a completion against its case by rule.
 *
 * - accuracy: 1 when the completion holds exactly one box and its content is the right letter, else 0 (CRPO specification 2.3
 *   and 2.4).
 * - faithfulness: the share of cited findings that stand in the case with the cited value; 0 when none is cited.
 * - comprehensiveness: the share of the score's criteria that are cited with a value, right or wrong.
 *
 * Never throws; time is linear in the length of the completion.
 */
export const verify = (bedside: VerifiableCase, completion: string): Verification => {
  const citations = findCitations(bedside, completion);
  return {
    accuracy: judgeAccuracy(bedside, completion),
    faithfulness: judgeFaithfulness(citations),
    comprehensiveness: judgeComprehensiveness(bedside, citations),
  };
};
