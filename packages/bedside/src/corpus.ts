import { casesFrom } from './case.js';
import { DISTRACTORS } from './distractor.js';
import { LETTERS } from './option.js';
import { casePrompt } from './prompt.js';
import { formatPoints, SCORE_NAMES, SCORES } from './score-table.js';
import type { TraceMix } from './trace.js';
import { drawTrace } from './trace.js';

/**
 * Splits an option line off as one word, `C: 3`, so that the tokenizer can give it a token of its own: a small model then finds
 * the option of a total by its content.
 */
export const OPTION_TOKEN_PATTERN = '[A-E]: -?\\p{N}+(?:\\.\\p{N}+)?';

const EVERY_KIND: TraceMix = { careful: 1, skip: 1, misquote: 1, guess: 1 };

/** How often the word list is repeated: often enough that each of its words earns its own token before rare subwords do. */
const WORD_LIST_REPEATS = 2000;

/**
 * The names and values of all criteria and distractors and what each value adds, one line per criterion: a rare number is then
 * as sure of its own token as a frequent one.
 */
const wordList = (): string[] => {
  const scored = SCORE_NAMES.flatMap((name) =>
    SCORES[name].criteria.map((criterion) => ({
      criterion,
      addends: [...new Set(criterion.values.map((value) => formatPoints(SCORES[name], value.points)))],
    })),
  );
  return [...scored, ...DISTRACTORS.map((criterion) => ({ criterion, addends: [] }))].map(
    ({ criterion, addends }) =>
      [
        '',
        criterion.label,
        ...criterion.names,
        ...criterion.values.map((value) => value.text),
        ...(criterion.isBase === true ? [] : addends),
      ].join(' '),
  );
};

/** Every number that a running total can be, and every line that an option can be. */
const totalList = (): string[] =>
  SCORE_NAMES.map((name) => {
    const { options, decimals } = SCORES[name];
    const count = Math.round((options.greatest - options.least) / options.step) + 1;
    return Array.from({ length: count }, (_, rank) => {
      const text = (options.least + rank * options.step).toFixed(decimals);
      return ` ${text}${LETTERS.map((letter) => `\n${letter}: ${text}`).join('')}`;
    }).join('');
  });

/**
 * Text to train the tokenizer on: prompts and traces of training cases, and the words and numbers that cases are made of.
 *
 * @param options.seed any whole number
 * @param options.cases how many cases, from 1
 */
export const tokenizerCorpus = (options: { readonly seed: number; readonly cases: number }): string[] => {
  const written = casesFrom({ seed: options.seed, split: 'train' }, 0, options.cases).flatMap((bedside) => [
    casePrompt(bedside),
    drawTrace(bedside, EVERY_KIND, [options.seed]).text,
  ]);
  const words = [...wordList(), ...totalList(), ` ${LETTERS.join(' ')}`];
  return [...written, ...Array.from({ length: WORD_LIST_REPEATS }, () => words).flat()];
};
