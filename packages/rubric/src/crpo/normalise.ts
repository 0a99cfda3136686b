import type { Span } from '../grade.js';
import { closing, opening, RELEASED_TAGS, type TagNames } from '../structure.js';
import { TextScan, trimmed } from '../text-scan.js';

/** A text as the released scorer reads it, and where it lies in the completion. */
export interface NormalisedText {
  readonly text: string;
  /** Offset in the completion of the text's first character; negative where an opening tag was added before it. */
  readonly offset: number;
}

export interface Normalisation {
  /** Everything from its first occurrence on is cut off; empty for none. */
  readonly endOfText: string;
  readonly tags: TagNames;
  /** Whether the prompt already ended with the opening tag, so that completions lack it. */
  readonly addsOpeningTag: boolean;
}

const FINAL_RESPONSE = '## Final Response';

/** A piece of the completion. */
interface Piece {
  readonly text: string;
  readonly offset: number;
}

function stripped({ text, offset }: Piece): Piece {
  const { start, end } = trimmed(new TextScan(text));
  return { text: text.slice(start, end), offset: offset + start };
}

/**
 * The released scorer's normalisation, in its order (CRPO specification 2.1): cut at the end-of-text string, strip, mend closing
 * tags written with a backslash, keep what stands between the first two `## Final Response` where there is one, add the
 * opening tag where the prompt gave it. Mending changes no length, so that evidence keeps its place.
 */
export function normalise(
  completion: string,
  { endOfText, tags, addsOpeningTag }: Normalisation,
): NormalisedText {
  const end = endOfText === '' ? -1 : completion.indexOf(endOfText);
  let piece = stripped({ text: end === -1 ? completion : completion.slice(0, end), offset: 0 });
  for (const name of [tags.reasoning, tags.answer])
    piece = { ...piece, text: piece.text.replaceAll(`<\\${name}>`, closing(name)) };
  const first = piece.text.indexOf(FINAL_RESPONSE);
  if (first !== -1) {
    const start = first + FINAL_RESPONSE.length;
    const second = piece.text.indexOf(FINAL_RESPONSE, start);
    const text = piece.text.slice(start, second === -1 ? undefined : second);
    piece = stripped({ text, offset: piece.offset + start });
  }
  if (!addsOpeningTag) return piece;
  const tag = opening(tags.reasoning);
  return { text: `${tag}${piece.text}`, offset: piece.offset - tag.length };
}

/** The text that the released scorer scores, with its own tags. */
export const normaliseReleased = (
  completion: string,
  options: Pick<Normalisation, 'endOfText' | 'addsOpeningTag'>,
): string => normalise(completion, { ...options, tags: RELEASED_TAGS }).text;

/** Where a range of the normalised text lies in the completion; what lies in an added tag is cut off. */
export function placeOf({ start, end }: Span, offset: number): Span {
  return { start: Math.max(0, start + offset), end: Math.max(0, end + offset) };
}
