import { DataError } from '../errors.js';
import type { Format } from '../format.js';
import { letterAt, lettered } from '../options.js';
import { isFields, type RecordReader } from '../record.js';
import { type DataSource, lineRecords } from '../source.js';

const OPTION_FIELDS = ['opa', 'opb', 'opc', 'opd'] as const;

/** True of what stands for no key: nothing, or the -1 of published test sets. */
const isAbsent = (cop: unknown): boolean => cop === undefined || cop === null || cop === -1;

/** The key of a row that may not even parse; such a row is refused when it is read. */
function copOf(value: () => unknown): unknown {
  try {
    const row = value();
    return isFields(row) ? row['cop'] : undefined;
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/**
 * Whether a file's keys count from 0 or from 1: a key of 0 says the first, a key of 4 the second (CRPO specification
 * 5.2: released files count from 1, a public copy from 0).
 * @throws DataError DATA_AMBIGUOUS_KEY where the file holds both, or keys but neither
 */
async function findBase(source: DataSource): Promise<0 | 1> {
  const firstAt = new Map<unknown, string>();
  for await (const { place, value } of lineRecords(source)) {
    const cop = copOf(value);
    if (!isAbsent(cop) && !firstAt.has(cop) && typeof cop === 'number') firstAt.set(cop, place);
  }
  const zero = firstAt.get(0);
  const four = firstAt.get(4);
  if (zero === undefined && (four !== undefined || firstAt.size === 0)) return 1;
  if (zero !== undefined && four === undefined) return 0;
  throw new DataError('DATA_AMBIGUOUS_KEY', {
    file: source.name,
    place: null,
    field: 'cop',
    found: zero === undefined ? 'neither a 0 nor a 4 in any row' : `a 0 at ${zero} and a 4 at ${four}`,
    wanted: 'one of them, or to be told whether keys count from 0 or from 1',
  });
}

function readKey(reader: RecordReader, base: 0 | 1): string | null {
  const { cop } = reader.fields;
  if (isAbsent(cop)) return null;
  const isKey = typeof cop === 'number' && Number.isInteger(cop) && cop >= base && cop < base + 4;
  return isKey ? letterAt(cop - base) : reader.refuse('cop', cop, `an integer from ${base} to ${base + 3}`);
}

/** MedMCQA: `question`, `opa`..`opd`, the number of the right one in `cop`, `subject_name`, `id`. */
export const medmcqa: Format = {
  summary: 'MedMCQA, JSON lines',
  keyField: 'cop',
  records: lineRecords,
  prepare: async (source, { copBase }) => {
    const base = copBase ?? (await findBase(source));
    return (reader) => {
      const options = lettered(OPTION_FIELDS.map((field) => reader.text(field)));
      const subject = reader.optionalText('subject_name');
      return {
        id: reader.text('id'),
        question: reader.text('question'),
        options,
        answer: readKey(reader, base),
        ...(subject === undefined ? {} : { subject }),
      };
    };
  },
};
