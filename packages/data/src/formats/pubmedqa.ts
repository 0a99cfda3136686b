import { DataError, shown } from '../errors.js';
import type { Format } from '../format.js';
import { lettered } from '../options.js';
import { isFields, type RecordReader } from '../record.js';
import { itemRecord, readDocument } from '../source.js';

/** What the key may say, in the order of the options. */
const DECISIONS = ['yes', 'no', 'maybe'];

function keyOf(reader: RecordReader): string | null {
  const decision = reader.optionalText('final_decision');
  if (decision === undefined) return null;
  const at = DECISIONS.indexOf(decision);
  return 'ABC'[at] ?? reader.refuse('final_decision', decision, DECISIONS.join(', '));
}

/** The abstract, a line for each section under its label, an empty line, and the question. */
function caseOf(reader: RecordReader): string {
  const contexts = reader.texts('CONTEXTS');
  if (contexts.length === 0) reader.refuse('CONTEXTS', contexts, 'at least one text');
  const labels = reader.fields['LABELS'] === undefined ? [] : reader.texts('LABELS');
  const sections = contexts.map((context, at) =>
    labels[at] === undefined ? context : `${labels[at]}: ${context}`,
  );
  return [...sections, '', reader.text('QUESTION')].join('\n');
}

/** PubMedQA PQA-L: one JSON object of items by PubMed id, read in the ids' order; the options are yes, no and maybe. */
export const pubmedqa: Format = {
  summary: 'PubMedQA PQA-L, one JSON document',
  keyField: 'final_decision',
  records: async function* (source) {
    const document = await readDocument(source);
    if (!isFields(document)) {
      const problem = { file: source.name, place: null, field: null, found: shown(document) };
      throw new DataError('DATA_DOCUMENT', { ...problem, wanted: 'an object of items by their ids' });
    }
    let ordinal = 0;
    for (const [id, item] of Object.entries(document)) yield itemRecord(id, ++ordinal, item);
  },
  prepare: async () => (reader, record) => ({
    id: record.place.slice('item '.length),
    question: caseOf(reader),
    options: lettered(DECISIONS),
    answer: keyOf(reader),
  }),
};
