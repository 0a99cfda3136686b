import type { Span } from './grade.js';
import type { TextScan } from './text-scan.js';

/** The command that marks a final choice. */
export const BOX = '\\boxed';

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
