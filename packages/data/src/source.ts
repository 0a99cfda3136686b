import { DataError, shown } from './errors.js';

/** Bytes that can be read more than once, a file for instance. */
export interface DataSource {
  /** For messages. */
  readonly name: string;
  open(): AsyncIterable<Uint8Array>;
}

/** One row of a file, before it is understood. */
export interface RawRecord {
  /** `line 12`, `item 21645374`. */
  readonly place: string;
  /** Counted from 1. */
  readonly ordinal: number;
  /** The parsed row. @throws DataError DATA_JSON, DATA_ENCODING, DATA_LINE_LENGTH */
  readonly value: () => unknown;
  /** The row's line as it stands in the file; null for an item of a document. @throws DataError like `value` */
  readonly text: () => string | null;
}

/** Bytes of a line: what a job's training file may hold in one line as characters. */
export const MAX_LINE_BYTES: number = 1024 * 1024;
/** Bytes of a JSON document, which is parsed as a whole. */
export const MAX_DOCUMENT_BYTES: number = 256 * 1024 * 1024;

const LINE_FEED = 0x0a;

function decode(bytes: Uint8Array, file: string, place: string | null): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const problem = { file, place, field: null, found: 'bytes that are not UTF-8', wanted: 'UTF-8' };
    throw new DataError('DATA_ENCODING', problem, { cause });
  }
}

function parse(text: string, file: string, place: string | null): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = shown(text.slice(0, 40));
    throw new DataError('DATA_JSON', { file, place, field: null, found, wanted: 'JSON' }, { cause });
  }
}

/** Bytes between line feeds, at most one more than `MAX_LINE_BYTES` of each line. */
async function* byteLines(source: DataSource): AsyncGenerator<Uint8Array, void, undefined> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const add = (piece: Uint8Array): void => {
    const kept = piece.subarray(0, Math.max(0, MAX_LINE_BYTES + 1 - length));
    if (kept.length > 0) pieces.push(kept);
    length += kept.length;
  };
  const take = (): Uint8Array => {
    const line = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    pieces = [];
    length = 0;
    return line;
  };
  for await (const chunk of source.open()) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

const isBlank = (line: Uint8Array): boolean =>
  line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

/** The rows of a JSON lines file, blank lines left out; one line is held at a time. */
export async function* lineRecords(source: DataSource): AsyncGenerator<RawRecord, void, undefined> {
  let ordinal = 0;
  for await (const bytes of byteLines(source)) {
    ordinal += 1;
    if (isBlank(bytes)) continue;
    const place = `line ${ordinal}`;
    let decoded: string | null = null;
    const text = (): string => {
      if (bytes.length <= MAX_LINE_BYTES) {
        decoded ??= decode(bytes, source.name, place);
        return decoded;
      }
      throw new DataError('DATA_LINE_LENGTH', {
        file: source.name,
        place,
        field: null,
        found: `more than ${MAX_LINE_BYTES} bytes`,
        wanted: 'a shorter line',
      });
    };
    yield { place, ordinal, text, value: () => parse(text(), source.name, place) };
  }
}

/**
 * The JSON document that a file is.
 * @throws DataError DATA_JSON, DATA_ENCODING, DATA_DOCUMENT for a file of more than `MAX_DOCUMENT_BYTES`
 */
export async function readDocument(source: DataSource): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.open()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_DOCUMENT_BYTES) {
      const found = `more than ${MAX_DOCUMENT_BYTES} bytes`;
      const problem = { file: source.name, place: null, field: null, found, wanted: 'a smaller document' };
      throw new DataError('DATA_DOCUMENT', problem);
    }
  }
  return parse(decode(Buffer.concat(chunks), source.name, null), source.name, null);
}

/** An item of a document as a record. */
export const itemRecord = (name: string, ordinal: number, value: unknown): RawRecord => ({
  place: `item ${name}`,
  ordinal,
  value: () => value,
  text: () => null,
});
