import { eachRecord } from './each-record.js';
import { DataError } from './errors.js';
import type { FormatOptions, LoadedRow } from './format.js';
import { type FormatName, formats } from './format-table.js';
import { type PromptName, promptMessages } from './prompt.js';
import { createRecordReader } from './record.js';
import type { QuestionRow } from './row.js';
import type { DataSource, RawRecord } from './source.js';

/** How a file is read. */
export interface ReadOptions extends Partial<FormatOptions> {
  readonly format: FormatName;
  /**
   * What asks the question. Null keeps the chat of a chat row and asks with `crpo` elsewhere; a name builds chats of
   * chat rows anew, which then need choices. @defaultValue null
   */
  readonly prompt?: PromptName | null;
  /** Gives rows without a key a null answer instead of refusing them. @defaultValue false */
  readonly keepsUnlabelled?: boolean;
  /** Told of each bad row, which is then left out; without it the first bad row is thrown. */
  readonly onBadRow?: (error: DataError) => void;
}

/** A row and where it stands. */
export interface PlacedRow {
  readonly row: QuestionRow;
  readonly place: string;
  /** Counted from 1: lines of a JSON lines file, items of a document. */
  readonly ordinal: number;
  /** The row's line as the file has it; null for an item of a document. */
  readonly text: string | null;
}

function finish(loaded: LoadedRow, options: ReadOptions, refuse: (field: string) => never): QuestionRow {
  const { prompt = null } = options;
  const isAskable = Object.keys(loaded.options).length > 0;
  if (prompt !== null && !isAskable) return refuse('choices');
  const messages =
    prompt === null && loaded.messages !== undefined
      ? loaded.messages
      : promptMessages(prompt ?? 'crpo', loaded);
  return { source: options.format, ...loaded, messages };
}

function checkKey(loaded: LoadedRow, options: ReadOptions, where: { file: string; place: string }): void {
  const isKeyed = loaded.answer !== null || Object.keys(loaded.options).length === 0;
  if (isKeyed || options.keepsUnlabelled === true) return;
  throw new DataError('DATA_UNLABELLED', {
    ...where,
    field: formats[options.format].keyField,
    found: 'no key',
    wanted: 'one, or to be told to keep rows without',
  });
}

/**
 * The rows of a file, one at a time: a JSON lines file is never held in memory (MedMCQA files without `copBase` are
 * read twice), a JSON document is.
 * @throws DataError for the first bad row unless `onBadRow` takes it; for a file that cannot be read as its format;
 * DATA_EMPTY where the file holds no rows at all
 */
export async function* readQuestions(
  source: DataSource,
  options: ReadOptions,
): AsyncGenerator<PlacedRow, void, undefined> {
  const format = formats[options.format];
  const read = await format.prepare(source, { copBase: options.copBase ?? null });
  const readOne = (record: RawRecord): PlacedRow => {
    const where = { file: source.name, place: record.place };
    const reader = createRecordReader(record.value(), where);
    const loaded = read(reader, record);
    checkKey(loaded, options, where);
    const row = finish(loaded, options, (field) =>
      reader.refuse(field, undefined, 'choices to build a prompt of'),
    );
    return { row, place: record.place, ordinal: record.ordinal, text: record.text() };
  };
  yield* eachRecord(source, { records: format.records(source), read: readOne, onBadRow: options.onBadRow });
}
