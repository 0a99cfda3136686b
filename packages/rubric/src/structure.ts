import type { Span } from './grade.js';
import { isWhitespace, type TextScan } from './text-scan.js';

/** Names of the two blocks of a completion, as their tags have them. */
export interface TagNames {
  readonly reasoning: string;
  readonly answer: string;
}

/** Tags of the CRPO format (CRPO specification 1.2) and of the released one (1.1). */
export const CRPO_TAGS: TagNames = { reasoning: 'dx', answer: 'conclusion' };
export const RELEASED_TAGS: TagNames = { reasoning: 'think', answer: 'answer' };

export const opening = (name: string): string => `<${name}>`;
export const closing = (name: string): string => `</${name}>`;

/** Tags that are no words of a text, whatever the profile. */
export const ALL_TAGS: readonly string[] = [CRPO_TAGS, RELEASED_TAGS]
  .flatMap(({ reasoning, answer }) => [reasoning, answer])
  .flatMap((name) => [opening(name), closing(name)]);

/** Where reasoning and answer stand, tags excluded, or why the text has no such structure. */
export type Structure =
  | { readonly found: true; readonly reasoning: Span; readonly answer: Span }
  | { readonly found: false; readonly reason: string };

/**
 * The structure rule of CRPO specification 2.2 and 2.4: the text is a reasoning block, whitespace only, an answer block and
 * nothing else; case-sensitive. The reasoning ends at the first closing tag that whitespace and the answer's tag follow;
 * the answer runs from there to its final closing tag, so that further blocks inside either are allowed.
 */
export function findStructure(scan: TextScan, within: Span, tags: TagNames = CRPO_TAGS): Structure {
  const [open, close] = [opening(tags.reasoning), closing(tags.reasoning)];
  const [answerOpen, answerClose] = [opening(tags.answer), closing(tags.answer)];
  if (within.end - within.start < open.length || !scan.hasAt(open, within.start)) {
    return { found: false, reason: `the text does not begin with ${open}` };
  }
  const answerEnd = within.end - answerClose.length;
  if (answerEnd < within.start || !scan.hasAt(answerClose, answerEnd)) {
    return { found: false, reason: `the text does not end with ${answerClose}` };
  }
  const start = within.start + open.length;
  let from = start;
  for (;;) {
    const end = scan.find(close, from);
    if (end === -1 || end >= answerEnd) {
      return { found: false, reason: `no ${close} is followed by ${answerOpen}` };
    }
    // Whitespace runs after different closing tags do not overlap: the walk stays linear.
    let next = end + close.length;
    while (next < answerEnd && isWhitespace(scan.code(next))) next++;
    const answerStart = next + answerOpen.length;
    if (answerStart <= answerEnd && scan.hasAt(answerOpen, next)) {
      return {
        found: true,
        reasoning: { start, end },
        answer: { start: answerStart, end: answerEnd },
      };
    }
    from = end + close.length;
  }
}
