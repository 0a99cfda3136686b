import type { Fields, RecordReader } from './record.js';
import type { DataMessage, Question } from './row.js';
import type { DataSource, RawRecord } from './source.js';

/** What a format reads of a record: the question, and the messages where the file itself holds them. */
export interface LoadedRow extends Question {
  readonly source?: string;
  readonly messages?: readonly DataMessage[];
  readonly item?: Fields;
}

/** What reading a format may depend on. */
export interface FormatOptions {
  /** Whether MedMCQA's `cop` counts from 0 or 1; null lets the file tell. */
  readonly copBase: 0 | 1 | null;
}

/** Reads one record. @throws DataError DATA_ROW */
export type ReadRecord = (reader: RecordReader, record: RawRecord) => LoadedRow;

/** How one kind of file is read. */
export interface Format {
  /** One line for a list of formats. */
  readonly summary: string;
  /** The field that holds the key. */
  readonly keyField: string;
  /** The file's rows, in order. @throws DataError for a document that is not of this format */
  records(source: DataSource): AsyncGenerator<RawRecord, void, undefined>;
  /** Prepares the reading of a file's records, looking at the whole file first where that is needed. */
  prepare(source: DataSource, options: FormatOptions): Promise<ReadRecord>;
}
