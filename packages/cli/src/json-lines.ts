import { once } from 'node:events';
import { addAbortSignal, type Readable, type Writable } from 'node:stream';
import { CliError, messageOf } from './errors.js';

/** Longest line that is read; far below the longest string that the runtime can hold. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

export interface JsonLinesRequest {
  /** Bytes of UTF-8 text, one JSON value a line. It is read to its end, or destroyed where reading stops early. */
  readonly input: Readable;
  /** Gets one line a row, in the order of the rows; it is left open. */
  readonly output: Writable;
  /**
   * The row to write in place of a row read, as a value that JSON can hold; a CliError thrown here gets the line put
   * before its message.
   * @param line counts from 1
   */
  readonly map: (row: unknown, line: number) => unknown;
  readonly signal: AbortSignal;
  /**
   * Longest line that is read, in bytes.
   * @defaultValue 268_435_456
   */
  readonly maxLineBytes?: number;
}

interface Line {
  readonly bytes: Buffer;
  readonly number: number;
}

/**
 * Reads JSON lines, maps them one after the other and writes them as JSON lines; holds one line at a time and waits
 * for a slow reader. Lines of white space alone are passed over, but counted. Where the reader of the output goes
 * away, as `head` does, this ends early and well. Lines before a bad one are written.
 * @returns the number of rows written
 * @throws CliError CLI_INPUT naming the line that is not JSON, is too long, or that `map` refuses; the reason of the
 * signal
 */
export async function mapJsonLines(request: JsonLinesRequest): Promise<number> {
  const { input, output, map, signal, maxLineBytes = MAX_LINE_BYTES } = request;
  const broken = new AbortController();
  // Never taken off: a pipe may also break after the last line was handed over, and must not end the process then.
  output.on('error', (error) => broken.abort(error));
  const stop = AbortSignal.any([signal, broken.signal]);
  let rows = 0;
  try {
    for await (const line of linesOf(input, maxLineBytes, stop)) {
      const text = await mapLine(line, map);
      if (text === null) continue;
      stop.throwIfAborted();
      if (!output.write(`${text}\n`)) await once(output, 'drain', { signal: stop });
      rows++;
    }
    await flush(output, stop);
  } catch (error) {
    signal.throwIfAborted();
    if (!broken.signal.aborted && !isBrokenPipe(error)) {
      await flush(output, stop).catch(() => undefined);
      throw error;
    }
    const reason: unknown = broken.signal.aborted ? broken.signal.reason : error;
    if (isBrokenPipe(reason)) return rows;
    throw new CliError('CLI_OUTPUT', `the output cannot be written: ${messageOf(reason)}`, { cause: reason });
  }
  return rows;
}

/** The mapped line as JSON; null for one that holds no row. */
async function mapLine(line: Line, map: JsonLinesRequest['map']): Promise<string | null> {
  const text = decode(line);
  if (text.trim() === '') return null;
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    throw lineError(line.number, `not JSON: ${messageOf(cause)}`, cause);
  }
  let mapped: unknown;
  try {
    mapped = await map(row, line.number);
  } catch (cause) {
    if (!(cause instanceof CliError)) throw cause;
    throw new CliError(cause.code, `line ${line.number}: ${cause.message}`, { cause });
  }
  try {
    return JSON.stringify(mapped);
  } catch (cause) {
    // JSON is read to any depth, but not written.
    if (!(cause instanceof RangeError)) throw cause;
    throw lineError(
      line.number,
      `the row is nested too deeply or too long to write: ${cause.message}`,
      cause,
    );
  }
}

function decode({ bytes, number }: Line): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw lineError(number, 'not UTF-8 text', cause);
  }
}

/** Bytes between line feeds, with the number of each line; the last one needs no line feed. */
async function* linesOf(input: Readable, maxBytes: number, stop: AbortSignal): AsyncGenerator<Line> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let number = 1;
  const hold = (bytes: Buffer): void => {
    held.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes > maxBytes) throw lineError(number, `longer than ${maxBytes} bytes`);
  };
  const take = (): Line => {
    const line = { bytes: Buffer.concat(held), number };
    held = [];
    heldBytes = 0;
    number++;
    return line;
  };
  addAbortSignal(stop, input);
  try {
    for await (const chunk of input) {
      const bytes = Buffer.from(chunk);
      let from = 0;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
        hold(bytes.subarray(from, at));
        from = at + 1;
        yield take();
      }
      hold(bytes.subarray(from));
    }
  } catch (cause) {
    if (cause instanceof CliError || stop.aborted) throw cause;
    throw new CliError('CLI_INPUT', `the input cannot be read: ${messageOf(cause)}`, { cause });
  }
  if (heldBytes > 0) yield take();
}

/** Waits until everything written was taken; throws the output's error otherwise, and where it must stop. */
async function flush(output: Writable, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason), { once: true });
    output.write('', (error) => (error ? reject(error) : resolve()));
  });
}

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');

const lineError = (line: number, message: string, cause?: unknown): CliError =>
  new CliError('CLI_INPUT', `line ${line}: ${message}`, { cause });
