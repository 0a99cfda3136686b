import { MAX_SPANS, type Span } from '../grade.js';
import { closing, opening } from '../structure.js';
import { sharedRun } from '../verbatim.js';
import { placeAt } from '../words.js';
import { characterSets } from './characters.js';
import type { Reading } from './reading.js';

/** What a loophole was found by: null where the completion does not use it. */
export type Loophole = (
  reading: Reading,
) => { readonly spans: readonly Span[]; readonly reason: string } | null;

/** Ways to a reward that the rules do not mean (CRPO specification 6.4). */
export type LoopholeName =
  | 'empty_reasoning'
  | 'empty_summary'
  | 'choice_in_reasoning_only'
  | 'no_choice'
  | 'copied_reasoning'
  | 'truncated'
  | 'clinical_characters';

/** Fewer content words than this say nothing. */
const LEAST_WORDS = 3;
/** Words in a row that are a copy and no citation (CRPO specification 2.4). */
const COPIED_WORDS = 40;

function characters({ scan, within, isPlain }: Reading): { clinical: number; other: number; spans: Span[] } {
  const spans: Span[] = [];
  // Most texts are plain: they are not walked once more.
  if (isPlain) return { clinical: 0, other: 0, spans };
  let [clinical, other] = [0, 0];
  for (let index = within.start; index < within.end; ) {
    const codePoint = scan.codePoint(index);
    const width = codePoint > 0xffff ? 2 : 1;
    if (!characterSets.clinical(codePoint)) other++;
    else if (!characterSets.ascii(codePoint)) {
      clinical++;
      if (spans.length < MAX_SPANS) spans.push({ start: index, end: index + width });
    }
    index += width;
  }
  return { clinical, other, spans };
}

/** Every detector; each reads a completion in linear time. */
export const loopholes: { readonly [N in LoopholeName]: Loophole } = {
  empty_reasoning: ({ blocks }) => {
    if (!blocks.found) return null;
    const { length: size } = blocks.reasoning.words.content.numbers;
    if (size >= LEAST_WORDS) return null;
    return { spans: [blocks.reasoning.span], reason: `the reasoning has ${size} words of content` };
  },
  empty_summary: ({ blocks }) => {
    if (!blocks.found) return null;
    const { length: size } = blocks.answer.words.content.numbers;
    if (size >= LEAST_WORDS) return null;
    return {
      spans: [blocks.answer.span],
      reason: `the answer has ${size} words of content beside its choice`,
    };
  },
  choice_in_reasoning_only: ({ blocks, boxes }) => {
    const [box] = boxes.spans;
    if (!blocks.found || box === undefined || boxes.count !== 1) return null;
    if (box.start >= blocks.answer.span.start) return null;
    return { spans: [box], reason: 'the only choice stands in the reasoning' };
  },
  no_choice: ({ boxes }) =>
    boxes.count > 0 ? null : { spans: [], reason: 'no choice is made, which costs no more than a wrong one' },
  copied_reasoning: ({ blocks }) => {
    if (!blocks.found) return null;
    const [source, copy] = [blocks.reasoning.words.sequence, blocks.answer.words.sequence];
    const start = sharedRun(source.numbers, copy.numbers, COPIED_WORDS);
    if (start === null) return null;
    const end = placeAt(copy, start + COPIED_WORDS - 1).end;
    return {
      spans: [{ start: placeAt(copy, start).start, end }],
      reason: `${COPIED_WORDS} words in a row of the answer are copied from the reasoning`,
    };
  },
  truncated: ({ scan, within, spec }) => {
    const [open, close] = [opening(spec.tags.reasoning), closing(spec.tags.answer)];
    const ends = within.end - close.length >= within.start && scan.hasAt(close, within.end - close.length);
    if (ends || !scan.hasAt(open, within.start)) return null;
    return { spans: [], reason: `the text begins with ${open} and does not end with ${close}` };
  },
  clinical_characters: (reading) => {
    if (reading.spec.characters.set === 'clinical') return null;
    const { clinical, other, spans } = characters(reading);
    if (clinical === 0 || other > 0) return null;
    return { spans, reason: `${clinical} clinical characters, such as degree signs, cost consistency` };
  },
};

/** The keys of a total table are its names. */
export const loopholeNames: readonly LoopholeName[] = Object.keys(loopholes) as LoopholeName[];
