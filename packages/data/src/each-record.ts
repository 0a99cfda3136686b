import { DataError } from './errors.js';
import type { DataSource, RawRecord } from './source.js';

/** How the records of a file are turned into something. */
export interface RecordWork<T> {
  readonly records: AsyncIterable<RawRecord>;
  /** @throws DataError for a bad record */
  readonly read: (record: RawRecord) => T;
  /** Told of each bad record, which is then left out; without it the first one is thrown. */
  readonly onBadRow: ((error: DataError) => void) | undefined;
}

/** What the records of a file become, one at a time. @throws DataError DATA_EMPTY where there are none at all */
export async function* eachRecord<T>(
  source: Pick<DataSource, 'name'>,
  { records, read, onBadRow }: RecordWork<T>,
): AsyncGenerator<T, void, undefined> {
  let count = 0;
  for await (const record of records) {
    count += 1;
    let result: T;
    try {
      result = read(record);
    } catch (error) {
      if (!(error instanceof DataError) || onBadRow === undefined) throw error;
      onBadRow(error);
      continue;
    }
    yield result;
  }
  if (count > 0) return;
  const problem = { file: source.name, place: null, field: null, found: 'no rows', wanted: 'at least one' };
  throw new DataError('DATA_EMPTY', problem);
}
