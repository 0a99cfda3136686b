import type { Format } from '../format.js';
import { checkAnswerText, readLetter, readOptions } from '../options.js';
import { lineRecords } from '../source.js';

/** MedQA: `question`, `options` {A..E}, `answer_idx` and, where given, its text in `answer` (CRPO specification 5.2). */
export const medqa: Format = {
  summary: 'MedQA-USMLE, JSON lines',
  keyField: 'answer_idx',
  records: lineRecords,
  prepare: async () => (reader, record) => {
    const options = readOptions(reader, 'options');
    const answer = readLetter(reader, 'answer_idx', options);
    checkAnswerText(reader, 'answer', { letter: answer, options });
    const subject = reader.optionalText('meta_info');
    return {
      id: `medqa-${record.ordinal}`,
      question: reader.text('question'),
      options,
      answer,
      ...(subject === undefined ? {} : { subject }),
    };
  },
};
