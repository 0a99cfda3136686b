import { type Finding, MAX_SPANS, type Span } from './grade.js';
import type { TextScan } from './text-scan.js';

/** A text, and whether all of it is known to be of characters that every set allows. */
export interface ConsistencyInput {
  readonly scan: TextScan;
  readonly within: Span;
  readonly isPlain: boolean;
}

/**
 * Share in [0, 1] of effective characters, counted in Unicode code points; 0 for an empty text. Evidence is each
 * run of other characters (CRPO specification 2.2 and 2.3).
 */
export function consistency(
  { scan, within, isPlain }: ConsistencyInput,
  isEffective: (codePoint: number) => boolean,
): Finding {
  const length = within.end - within.start;
  if (isPlain) return found(length, length, []);
  const spans: Span[] = [];
  let total = 0;
  let effective = 0;
  let runStart = -1;
  for (let index = within.start; index < within.end; ) {
    const codePoint = scan.codePoint(index);
    const isGood = isEffective(codePoint);
    total++;
    if (isGood) effective++;
    if (!isGood && runStart === -1) runStart = index;
    if (isGood && runStart !== -1) {
      if (spans.length < MAX_SPANS) spans.push({ start: runStart, end: index });
      runStart = -1;
    }
    index += codePoint > 0xffff ? 2 : 1;
  }
  if (runStart !== -1 && spans.length < MAX_SPANS) spans.push({ start: runStart, end: within.end });
  return found(effective, total, spans);
}

function found(effective: number, total: number, spans: readonly Span[]): Finding {
  if (total === 0) return { value: 0, spans, reason: 'the text is empty' };
  return {
    value: effective / total,
    spans,
    reason: `${effective} of ${total} characters are among the allowed ones`,
  };
}
