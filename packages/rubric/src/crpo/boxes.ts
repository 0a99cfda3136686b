import { BOX, readBraces } from '../box.js';
import { type Finding, MAX_SPANS, type Span } from '../grade.js';
import type { TextScan } from '../text-scan.js';

/** What accuracy is where a choice is not readable as one letter (CRPO specification 2.2); 0 for each in the paper (2.3). */
export interface ChoicePenalties {
  /** For each of several boxes, even where all agree and are right. */
  readonly perBox: number;
  /** For one box without braces that close on its line. */
  readonly noBraces: number;
  /** For one box that holds anything but one capital letter. */
  readonly notALetter: number;
}

/** The boxes of a text. */
export interface Boxes {
  /** Literal `\boxed`. */
  readonly count: number;
  /** Where the first `MAX_SPANS` stand. */
  readonly spans: readonly Span[];
}

export function findBoxes(scan: TextScan, within: Span): Boxes {
  const spans: Span[] = [];
  let count = 0;
  for (let at = scan.find(BOX, within.start); at !== -1; at = scan.find(BOX, at + BOX.length)) {
    if (at + BOX.length > within.end) break;
    count++;
    if (spans.length < MAX_SPANS) spans.push({ start: at, end: at + BOX.length });
  }
  return { count, spans };
}

/**
 * Whether a section, the whitespace around it aside, holds exactly one box with braces on one line and something beside it:
 * the released rule for a summary (CRPO specification 2.2).
 */
export function hasSummaryAndBox(scan: TextScan, section: Span): { isSo: boolean; reason: string } {
  let count = 0;
  let box: Span | null = null;
  // Boxes before this offset stand on a line whose braces do not close.
  let unclosedBefore = section.start;
  for (let at = scan.find(BOX, section.start); at !== -1 && at < section.end; ) {
    const braces = at < unclosedBefore ? null : readBraces(scan, at, section.end);
    if (braces !== null && braces.content === null) unclosedBefore = braces.stop;
    if (braces?.content) {
      count++;
      box ??= { start: at, end: braces.stop };
    }
    at = scan.find(BOX, braces?.content ? braces.stop : at + BOX.length);
  }
  if (box === null) return { isSo: false, reason: 'the answer holds no box with braces' };
  if (count > 1) return { isSo: false, reason: `the answer holds ${count} boxes` };
  const isAlone = box.start === section.start && box.end === section.end;
  if (isAlone) return { isSo: false, reason: 'the answer is only a box' };
  return { isSo: true, reason: 'the answer has a summary and one box' };
}

/**
 * Accuracy: 1 if the text holds exactly one box and its content is the gold letter, 0 without a box or for another capital
 * letter, and a penalty for what cannot be read. The box may stand anywhere (CRPO specification 2.2, 2.3 and 2.4).
 */
export function accuracy(scan: TextScan, { within, boxes, gold, penalties }: AccuracyInput): Finding {
  const { count, spans } = boxes;
  const [first] = spans;
  if (first === undefined) return { value: 0, spans: [], reason: 'no boxed choice' };
  if (count > 1)
    return { value: penalties.perBox * count, spans, reason: `${count} boxes, want exactly one` };
  const { content } = readBraces(scan, first.start, within.end);
  if (content === null)
    return { value: penalties.noBraces, spans, reason: 'the box has no braces on one line' };
  const box = [{ start: first.start, end: content.end + 1 }];
  // A letter is one character long: a longer content is wrong without being read.
  const given = content.end - content.start === 1 ? scan.slice(content) : '';
  if (given === gold) return { value: 1, spans: box, reason: `boxed ${gold}, the gold letter` };
  return {
    value: /^[A-Z]$/.test(given) ? 0 : penalties.notALetter,
    spans: box,
    reason: `boxed ${given === '' ? 'something other than one letter' : given}, gold is ${gold}`,
  };
}

interface AccuracyInput {
  readonly within: Span;
  readonly boxes: Boxes;
  readonly gold: string;
  readonly penalties: ChoicePenalties;
}
