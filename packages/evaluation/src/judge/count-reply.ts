import { isWhitespace } from '@residency/rubric';

const OPENING = '<count>';
const CLOSING = '</count>';

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/**
 * The count that a judge's reply names: the first `<count> integer </count>`, case-sensitive, of ASCII digits without a
 * sign, whitespace allowed around them (CRPO specification 4.3); null without one, or where it is too large for a
 * number to hold exactly. Takes time linear in the reply.
 */
export function parseCount(reply: string): number | null {
  for (let at = reply.indexOf(OPENING); at !== -1; at = reply.indexOf(OPENING, at + OPENING.length)) {
    // Whitespace and digits hold no opening tag: the walk from one tag ends before the next.
    let start = at + OPENING.length;
    while (start < reply.length && isWhitespace(reply.charCodeAt(start))) start++;
    let end = start;
    while (end < reply.length && isDigit(reply.charCodeAt(end))) end++;
    let close = end;
    while (close < reply.length && isWhitespace(reply.charCodeAt(close))) close++;
    if (end === start || !reply.startsWith(CLOSING, close)) continue;
    const count = Number(reply.slice(start, end));
    return Number.isSafeInteger(count) ? count : null;
  }
  return null;
}
