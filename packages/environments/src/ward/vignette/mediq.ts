import { entriesOf, type Field, fieldOf, listOf, refuse, textOf } from './fields.js';
import { MAX_OPTIONS } from './limits.js';
import { checkFacts } from './parse-vignette.js';
import type { ReadCase } from './read-cases.js';
import type { VignetteFact } from './vignette.js';

/** A fact without the number that it is written with, "12. " or "- ". */
function withoutNumber(text: string): string {
  const end = text.indexOf(' ');
  const isNumber = end > 0 && /^([0-9]{1,4}\.|-)$/.test(text.slice(0, end));
  return isNumber ? text.slice(end + 1).trim() : text;
}

/**
 * A case of MediQ (Li et al., NeurIPS 2024, arXiv 2406.00922): atomic facts, asked for by number or by their words;
 * a question with lettered options. Age and sex are told at first. The letter says which option is right; a text of
 * the answer that is another's, or no option's, is noted.
 * @throws EnvironmentError ENVIRONMENT_CASE
 */
export function mediqCase(row: Field, source: string): ReadCase {
  const entries = entriesOf(row);
  const of = (name: string) => fieldOf(row, entries, name);
  const facts = listOf(of('facts')).map((field, index): VignetteFact => {
    const text = withoutNumber(textOf(field));
    return { kind: 'history', name: String(index + 1), text, keywords: text };
  });
  checkFacts(of('facts'), facts);
  const lettered = entriesOf(of('options'));
  const letters = Object.keys(lettered).sort();
  if (letters.length === 0 || letters.length > MAX_OPTIONS)
    throw refuse(of('options'), `1 to ${MAX_OPTIONS} options`);
  const isInOrder = letters.every((letter, place) => letter === String.fromCharCode(65 + place));
  if (!isInOrder) throw refuse(of('options'), 'options lettered A, B, ...');
  const options = letters.map((letter) => textOf(fieldOf(of('options'), lettered, letter)));
  const diagnosis = options[letters.indexOf(textOf(of('answer_idx')))];
  if (diagnosis === undefined) throw refuse(of('answer_idx'), `one of: ${letters.join(', ')}`);
  const answer = textOf(of('answer'));
  const patient = entriesOf(of('patient'));
  const about = (name: string) => textOf(fieldOf(of('patient'), patient, name));
  return {
    vignette: {
      ...{ source, facts, options, diagnosis },
      presentation: `A patient: ${about('gender').toLowerCase()}, ${about('age')}.`,
      question: textOf(of('question')),
    },
    note:
      answer === diagnosis
        ? null
        : `answer is ${JSON.stringify(answer)}, but answer_idx says ${JSON.stringify(diagnosis)}`,
  };
}
