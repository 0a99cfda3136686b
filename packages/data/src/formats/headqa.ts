import { DataError, shown } from '../errors.js';
import type { Format, LoadedRow } from '../format.js';
import { letterAt, lettered } from '../options.js';
import { isFields, isText, type RecordReader } from '../record.js';
import { itemRecord, readDocument } from '../source.js';

function refuseDocument(file: string, field: string, found: unknown, wanted: string): never {
  throw new DataError('DATA_DOCUMENT', { file, place: null, field, found: shown(found), wanted });
}

/** Texts of the answers, and each one's `aid` as `ra` writes it. */
function answersOf(reader: RecordReader): { readonly aids: string[]; readonly texts: string[] } {
  const { answers } = reader.fields;
  if (!Array.isArray(answers) || answers.length < 2 || answers.length > 26) {
    return reader.refuse('answers', answers, 'a list of 2 to 26 answers');
  }
  const aids: string[] = [];
  const texts: string[] = [];
  for (const [at, entry] of (answers as readonly unknown[]).entries()) {
    // a list may hold anything
    const place = `answers[${at}]`;
    if (!isFields(entry)) return reader.refuse(place, entry, 'an object with aid and atext');
    const { aid, atext } = entry;
    const name = String(aid);
    if ((typeof aid !== 'number' && !isText(aid)) || aids.includes(name)) {
      return reader.refuse(`${place}.aid`, aid, 'a number that no other answer has');
    }
    if (!isText(atext)) return reader.refuse(`${place}.atext`, atext, 'a text that is not blank');
    aids.push(name);
    texts.push(atext);
  }
  return { aids, texts };
}

function readItem(reader: RecordReader, id: string): LoadedRow {
  const { aids, texts } = answersOf(reader);
  const right = reader.optionalText('ra');
  const at = right === undefined ? null : aids.indexOf(right);
  if (at === -1) return reader.refuse('ra', right, `one of the answers' aids: ${aids.join(', ')}`);
  const image = reader.optionalText('image');
  const subject = reader.optionalText('category');
  return {
    id,
    question: reader.text('qtext'),
    options: lettered(texts),
    answer: at === null ? null : letterAt(at),
    ...(subject === undefined ? {} : { subject }),
    ...(image === undefined ? {} : { image }),
  };
}

/** HEAD-QA: one JSON document of exams, each with its items in `data`; ids are `<exam>/<qid>`. */
export const headqa: Format = {
  summary: 'HEAD-QA, one JSON document',
  keyField: 'ra',
  records: async function* (source) {
    const document = await readDocument(source);
    const exams = isFields(document) ? document['exams'] : undefined;
    if (!isFields(exams)) return refuseDocument(source.name, 'exams', exams, 'an object of exams by name');
    let ordinal = 0;
    for (const [name, exam] of Object.entries(exams)) {
      const items = isFields(exam) ? exam['data'] : undefined;
      if (!isFields(exam) || !Array.isArray(items)) {
        return refuseDocument(source.name, `exams.${name}.data`, items, 'a list of items');
      }
      const { category } = exam;
      for (const [at, item] of (items as readonly unknown[]).entries()) {
        // a list may hold anything
        const qid = isFields(item) && isText(item['qid']) ? item['qid'] : `#${at + 1}`;
        yield itemRecord(`${name}/${qid}`, ++ordinal, isFields(item) ? { category, ...item } : item);
      }
    }
  },
  prepare: async () => (reader, record) => readItem(reader, record.place.slice('item '.length)),
};
