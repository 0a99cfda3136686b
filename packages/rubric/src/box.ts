import type { Finding, Span } from './grade.js';
import { MAX_SPANS } from './grade.js';
import type { TextScan } from './text-scan.js';

/** The command that marks a final choice. */
export const BOX = '\\boxed';

/** Every literal `\boxed` inside a range: how many, and where the first `MAX_SPANS` stand. */
function findBoxes(scan: TextScan, within: Span): { readonly count: number; readonly spans: Span[] } {
  const spans: Span[] = [];
  let count = 0;
  for (let at = scan.find(BOX, within.start); at !== -1; at = scan.find(BOX, at + BOX.length)) {
    count++;
    if (spans.length < MAX_SPANS) spans.push({ start: at, end: at + BOX.length });
  }
  return { count, spans };
}

/** What follows a `\boxed`: the content of its braces, or null without them, and where reading stopped. */
export interface BoxBraces {
  readonly content: Span | null;
  readonly stop: number;
}

/** Reads the braces of the box that starts at `at`: up to the first `}`, on the same line, before `limit`. */
export function readBraces(scan: TextScan, at: number, limit: number): BoxBraces {
  const open = at + BOX.length;
  if (open >= limit || !scan.hasAt('{', open)) return { content: null, stop: open };
  let index = open + 1;
  for (; index < limit; index++) {
    const code = scan.code(index);
    if (code === 0x7d) return { content: { start: open + 1, end: index }, stop: index + 1 };
    if (code === 0x0a) break;
  }
  return { content: null, stop: index };
}

/**
 * Accuracy of the profile `crpo-paper`: 1 if the text holds exactly one box and its content is the gold letter,
 * else 0, never negative (CRPO specification 2.3 and 2.4). The box may stand anywhere.
 */
export function accuracy(scan: TextScan, within: Span, gold: string): Finding {
  const { count, spans } = findBoxes(scan, within);
  const [first] = spans;
  if (first === undefined) return { value: 0, spans: [], reason: 'no boxed choice' };
  if (count > 1) return { value: 0, spans, reason: `${count} boxes, want exactly one` };
  const { content } = readBraces(scan, first.start, within.end);
  if (content === null) return { value: 0, spans, reason: 'the box has no braces on one line' };
  const box = [{ start: first.start, end: content.end + 1 }];
  // A letter is one character long: a longer content is wrong without being read.
  const isGold = content.end - content.start === gold.length && scan.slice(content) === gold;
  if (isGold) return { value: 1, spans: box, reason: `boxed ${gold}, the gold letter` };
  const given = content.end - content.start === 1 ? scan.slice(content) : 'something other than one letter';
  return { value: 0, spans: box, reason: `boxed ${given}, gold is ${gold}` };
}
