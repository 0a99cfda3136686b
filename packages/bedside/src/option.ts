import type { RandomStream } from './random.js';
import type { ScoreDefinition } from './score.js';
import { formatTotal } from './score-table.js';

/** The letters of the options. */
export const LETTERS = ['A', 'B', 'C', 'D', 'E'] as const;

/** One of the five letters. */
export type Letter = (typeof LETTERS)[number];

/** Tells whether a text is the letter of an option. */
export const isLetter = (text: string): text is Letter => (LETTERS as readonly string[]).includes(text);

/** Steps from the first option of a window to that of the next one: neighbouring windows share one total. */
const WINDOW_STRIDE = LETTERS.length - 1;

/** Ranks of the totals at which windows of five start; the last one ends with the score's greatest total. */
const windowStarts = ({ options: { least, greatest, step } }: ScoreDefinition): number[] => {
  const last = Math.round((greatest - least) / step) - WINDOW_STRIDE;
  const count = Math.ceil(last / WINDOW_STRIDE) + 1;
  return Array.from({ length: count }, (_, index) => Math.min(index * WINDOW_STRIDE, last));
};

/**
 * Draws five options around a total: neighbours in the score's step, ascending as in an examination. The window is drawn evenly
 * among the score's fixed windows that hold the total (one, or two where they meet). Letters are therefore not equally likely:
 * the ends of a window are rarer than its middle, and qSOFA always offers 0 to 4.
 *
 * @returns the text of each letter and the letter of the true total
 */
export const drawOptions = (
  score: ScoreDefinition,
  total: number,
  stream: RandomStream,
): { readonly choices: Readonly<Record<Letter, string>>; readonly gold: Letter } => {
  const { least, step } = score.options;
  const rank = Math.round((total - least) / step);
  const start = stream.pick(
    windowStarts(score).filter((first) => first <= rank && rank <= first + WINDOW_STRIDE),
  );
  const texts = LETTERS.map((_, index) => formatTotal(score, least + (start + index) * step));
  const choices = Object.fromEntries(LETTERS.map((letter, index) => [letter, texts[index]])) as Record<
    Letter,
    string
  >; // one text per letter: both lists have five entries
  return { choices, gold: LETTERS[rank - start] as Letter }; // the window holds the total
};

/** The option whose number lies nearest to a total; between two equally near ones the smaller number wins. */
export const nearestOption = (choices: Readonly<Record<Letter, string>>, total: number): Letter => {
  const ranked = [...LETTERS].sort((a, b) => {
    const gap = Math.abs(Number(choices[a]) - total) - Math.abs(Number(choices[b]) - total);
    return Math.abs(gap) > 1e-9 ? gap : Number(choices[a]) - Number(choices[b]);
  });
  return ranked[0] as Letter; // sorting keeps the five letters
};
