import { isWhitespace } from '@residency/rubric';

/** What a completion chose. */
export interface Choice {
  /** Content of its only box without the whitespace around it, where that is a letter in either case; else null. */
  readonly letter: string | null;
  readonly valid: boolean;
  readonly correct: boolean;
}

const OPENING = '\\boxed{';
const LETTER = /^[A-Z]$/;

/** Up to two contents of boxes: each from `\boxed{` to the first `}` on the same line, not overlapping. */
function firstBoxes(text: string): string[] {
  const contents: string[] = [];
  for (let from = 0; contents.length < 2; ) {
    const at = text.indexOf(OPENING, from);
    if (at === -1) break;
    let end = at + OPENING.length;
    while (end < text.length && text[end] !== '}' && text[end] !== '\n') end++;
    if (text[end] === '}') contents.push(text.slice(at + OPENING.length, end));
    // No box that opens before a line feed can close behind it: the walk stays linear.
    from = end + 1;
  }
  return contents;
}

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * The choice of a completion (CRPO specification 4.2): valid with exactly one box whose content, trimmed and in upper
 * case, is one letter A-Z; right where the trimmed content, its case kept, is the gold letter. This is laxer than the
 * reward, which allows no whitespace in the box. Takes time linear in the completion.
 * @param gold one capital letter
 */
export function readChoice(completion: string, gold: string): Choice {
  const [content, second] = firstBoxes(completion);
  if (content === undefined || second !== undefined) return { letter: null, valid: false, correct: false };
  const letter = trimmed(content);
  if (!LETTER.test(letter.toUpperCase())) return { letter: null, valid: false, correct: false };
  return { letter, valid: true, correct: letter === gold };
}
