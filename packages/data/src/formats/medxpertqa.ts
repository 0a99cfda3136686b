import type { Format } from '../format.js';
import { letterAt, lettered, readLetter, readOptions } from '../options.js';
import { isFields, isText, type RecordReader } from '../record.js';
import { lineRecords } from '../source.js';

/** Options as a list of `{letter, content}`, or as an object. */
function optionsOf(reader: RecordReader): Record<string, string> {
  const value = reader.fields['options'];
  if (!Array.isArray(value)) return readOptions(reader, 'options');
  const list: readonly unknown[] = value;
  if (list.length < 2 || list.length > 26) reader.refuse('options', list, 'a list of 2 to 26 options');
  const texts = list.map((entry, at) => {
    const place = `options[${at}]`;
    if (!isFields(entry)) return reader.refuse(place, entry, 'an object with letter and content');
    const { letter, content } = entry;
    if (letter !== letterAt(at)) return reader.refuse(`${place}.letter`, letter, letterAt(at));
    return isText(content) ? content : reader.refuse(`${place}.content`, content, 'a text that is not blank');
  });
  return lettered(texts);
}

/** The key as a letter, or as a list of one. */
function keyOf(reader: RecordReader, options: Readonly<Record<string, string>>): string | null {
  const { label } = reader.fields;
  if (!Array.isArray(label)) return readLetter(reader, 'label', options);
  const [letter, ...others] = label as readonly unknown[]; // a list may hold anything
  if (typeof letter === 'string' && others.length === 0 && Object.hasOwn(options, letter)) return letter;
  return reader.refuse('label', label, `one letter of ${Object.keys(options).join(', ')}`);
}

/** The stem: questions repeat their options at the end, which are not part of it. */
function stemOf(reader: RecordReader, options: Readonly<Record<string, string>>): string {
  const question = reader.text('question');
  const repeated = Object.entries(options).map(([letter, text]) => `(${letter}) ${text}`);
  const end = `\nAnswer Choices: ${repeated.join(' ')}`;
  if (!question.endsWith(end)) return question;
  const stem = question.slice(0, -end.length);
  return isText(stem) ? stem : reader.refuse('question', question, 'a text before the answer choices');
}

/** MedXpertQA Text: `id`, `question` with its options repeated, `options`, `label`, `body_system`. */
export const medxpertqa: Format = {
  summary: 'MedXpertQA Text, JSON lines',
  keyField: 'label',
  records: lineRecords,
  prepare: async () => (reader) => {
    const options = optionsOf(reader);
    const subject = reader.optionalText('body_system');
    return {
      id: reader.text('id'),
      question: stemOf(reader, options),
      options,
      answer: keyOf(reader, options),
      ...(subject === undefined ? {} : { subject }),
    };
  },
};
