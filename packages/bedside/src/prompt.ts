import type { BedsideCase } from './case.js';
import { LETTERS } from './option.js';

/** What the model is asked: the question, then one line per option, as in `A: 3`. */
export const casePrompt = (bedside: Pick<BedsideCase, 'question' | 'choices'>): string =>
  [bedside.question, ...LETTERS.map((letter) => `${letter}: ${bedside.choices[letter]}`)].join('\n');
