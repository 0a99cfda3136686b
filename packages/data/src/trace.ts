/** Every way a think/answer trace is malformed: code -> what it means. */
export const traceFaults = {
  'no-think': 'the text does not begin with <think>',
  'no-answer-end': 'the text does not end with </answer>',
  'no-answer': 'no </think> is followed by <answer>',
  'repeated-tag': 'a tag occurs more than once',
  'foreign-tag': 'the text holds a tag of the new format, or would without its boxes',
  'empty-think': 'the reasoning is empty',
  'empty-answer': 'the answer holds nothing besides its box',
  'no-box': 'the answer has no \\boxed',
  'many-boxes': 'the answer has more than one \\boxed',
  'open-box': 'a \\boxed has no braces that close on its line',
  'box-not-letter': 'the box does not hold one capital letter',
  'unknown-letter': 'the boxed letter is none of the choices',
  'wrong-letter': 'the boxed letter is not the key',
} as const;

export type TraceFault = keyof typeof traceFaults;

/** A trace in the CRPO format, or why it has none. */
export type ConvertedTrace =
  | {
      readonly ok: true;
      /** `<dx>..</dx>` and `<conclusion>..</conclusion>` with one box in all. */
      readonly text: string;
      readonly letter: string;
      /** Boxes of the reasoning that gave way to their contents: a second box would cost the whole accuracy. */
      readonly unboxed: number;
    }
  | { readonly ok: false; readonly fault: TraceFault };

const TAGS = ['<think>', '</think>', '<answer>', '</answer>'] as const;
const NEW_TAGS = ['<dx>', '</dx>', '<conclusion>', '</conclusion>'] as const;
const BOX = '\\boxed';

const fault = (name: TraceFault): { readonly ok: false; readonly fault: TraceFault } => ({
  ok: false,
  fault: name,
});

/** True where a text holds a part more than once. */
function isRepeated(text: string, part: string): boolean {
  const at = text.indexOf(part);
  return at !== -1 && text.indexOf(part, at + part.length) !== -1;
}

/** The two sections of a trace (CRPO specification 1.1), white space around them cut off. */
function sectionsOf(completion: string): { readonly think: string; readonly answer: string } | TraceFault {
  // Teachers write backslashes in closing tags now and then (CRPO specification 2.1).
  const text = completion.replaceAll('<\\think>', '</think>').replaceAll('<\\answer>', '</answer>').trim();
  if (!text.startsWith('<think>')) return 'no-think';
  if (!text.endsWith('</answer>')) return 'no-answer-end';
  if (TAGS.some((tag) => isRepeated(text, tag))) return 'repeated-tag';
  if (NEW_TAGS.some((tag) => text.includes(tag))) return 'foreign-tag';
  const thinkEnd = text.indexOf('</think>');
  const answerStart = text.indexOf('<answer>');
  if (thinkEnd === -1 || answerStart < thinkEnd) return 'no-answer';
  if (text.slice(thinkEnd + '</think>'.length, answerStart).trim() !== '') return 'no-answer';
  return {
    think: text.slice('<think>'.length, thinkEnd).trim(),
    answer: text.slice(answerStart + '<answer>'.length, -'</answer>'.length).trim(),
  };
}

interface Box {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

/** Every box of a text, or null where one does not close before the line ends or the next box begins. */
function boxesOf(text: string): readonly Box[] | null {
  const boxes: Box[] = [];
  for (let start = text.indexOf(BOX); start !== -1; ) {
    const open = start + BOX.length;
    const next = text.indexOf(BOX, open);
    if (text[open] !== '{') return null;
    const close = text.indexOf('}', open);
    if (close === -1 || (next !== -1 && next < close)) return null;
    const content = text.slice(open + 1, close);
    if (content.includes('\n')) return null;
    boxes.push({ start, end: close + 1, content });
    start = next;
  }
  return boxes;
}

/** A text whose boxes are given new texts. */
function replaceBoxes(text: string, boxes: readonly Box[], replacement: (content: string) => string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, content } of boxes) {
    parts.push(text.slice(from, start), replacement(content));
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

/** What a trace's letter is checked against. */
export interface TraceKey {
  /** The letters that may be chosen; null lets any pass. */
  readonly letters: readonly string[] | null;
  /** The letter that must be chosen; null lets a wrong one pass. */
  readonly answer: string | null;
}

/**
 * Converts `<think>..</think><answer>..</answer>` to `<dx>..</dx><conclusion>..</conclusion>` (CRPO specification 1.1
 * and 1.2; 2.2 for the box): the reasoning without boxes, then the answer with exactly one box that holds one capital
 * letter. Reasoning is not rewritten: labels of System 1 and 2 that it lacks are not made up. Linear in the text.
 */
export function convertTrace(
  completion: string,
  key: TraceKey = { letters: null, answer: null },
): ConvertedTrace {
  const sections = sectionsOf(completion);
  if (typeof sections === 'string') return fault(sections);
  const { think, answer } = sections;
  if (think === '') return fault('empty-think');
  if (!answer.includes(BOX)) return fault('no-box');
  const inThink = boxesOf(think);
  const inAnswer = boxesOf(answer);
  if (inThink === null || inAnswer === null) return fault('open-box');
  const [box, ...others] = inAnswer;
  if (box === undefined || others.length > 0) return fault('many-boxes');
  const letter = box.content.trim();
  if (letter.length !== 1 || letter < 'A' || letter > 'Z') return fault('box-not-letter');
  if (replaceBoxes(answer, inAnswer, () => '').trim() === '') return fault('empty-answer');
  if (key.letters !== null && !key.letters.includes(letter)) return fault('unknown-letter');
  if (key.answer !== null && key.answer !== letter) return fault('wrong-letter');
  const dx = replaceBoxes(think, inThink, (content) => content.trim()).trim();
  if (dx === '') return fault('empty-think');
  // What stood around a box may have become a tag or another box without it.
  if (dx.includes(BOX) || NEW_TAGS.some((tag) => dx.includes(tag))) return fault('foreign-tag');
  const conclusion = replaceBoxes(answer, inAnswer, () => `${BOX}{${letter}}`);
  return {
    ok: true,
    text: `<dx>\n${dx}\n</dx>\n<conclusion>\n${conclusion}\n</conclusion>`,
    letter,
    unboxed: inThink.length,
  };
}
