import type { Format } from '../format.js';
import { checkAnswerText, readLetter, readOptions } from '../options.js';
import { lineRecords } from '../source.js';

/** MediQ and CRAFT-MD: a case as sentences in `context`, then `question`, `options`, `answer_idx` and `answer`. */
export const mediq: Format = {
  summary: 'MediQ and CRAFT-MD, JSON lines',
  keyField: 'answer_idx',
  records: lineRecords,
  prepare: async () => (reader) => {
    const options = readOptions(reader, 'options');
    const answer = readLetter(reader, 'answer_idx', options);
    checkAnswerText(reader, 'answer', { letter: answer, options });
    const { id } = reader.fields;
    if (typeof id !== 'number' && typeof id !== 'string') reader.refuse('id', id, 'a number or a text');
    return {
      id: String(id),
      question: [...reader.texts('context'), reader.text('question')].join(' '),
      options,
      answer,
    };
  },
};
