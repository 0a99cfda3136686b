import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { CliError, type JsonLinesRequest, mapJsonLines } from '@residency/cli';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Keeps what is written, one write at a time. */
class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    this.emit('taken');
    setImmediate(done);
  }
}

const bytesOf = (...chunks: readonly (string | Uint8Array)[]): Readable =>
  Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );

const run = async (input: Readable, change: Partial<JsonLinesRequest> = {}) => {
  const output = new Sink({ highWaterMark: 8 });
  const { signal } = new AbortController();
  const rows = await mapJsonLines({ input, output, map: (row) => row, signal, ...change }).catch(
    (error: unknown) => error,
  );
  return { rows, text: output.text };
};

describe('JSON lines', () => {
  test('are mapped in order with their numbers, past lines without a row', async () => {
    const map = async (row: unknown, line: number) => ({ row, line });

    const result = await run(bytesOf('{"a":1}\r\n\n', '  \n[2]\n"end"'), { map });

    const lines = ['{"row":{"a":1},"line":1}', '{"row":[2],"line":4}', '{"row":"end","line":5}'];
    expect(result).toEqual({ rows: 3, text: `${lines.join('\n')}\n` });
  });

  test('may be none', async () => {
    expect(await run(bytesOf())).toEqual({ rows: 0, text: '' });
    expect(await run(bytesOf('\n \n'))).toEqual({ rows: 0, text: '' });
  });

  test('do not depend on how their bytes are cut', async () => {
    const rows = fc.array(fc.jsonValue(), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), async (values, size) => {
        const text = values.map((value) => `${JSON.stringify(value)}\n`).join('');
        const bytes = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        expect(await run(bytesOf(...chunks))).toEqual({ rows: values.length, text });
      }),
      { numRuns: 50 },
    );
  });

  const refuse = () => {
    throw new CliError('CLI_INPUT', 'reward is missing');
  };
  test.each([
    ['text that is not JSON', ['1\n2\n{"a":\n'], {}, 'line 3: not JSON: ', '1\n2\n'],
    ['bytes that are not UTF-8', ['1\n', Uint8Array.of(34, 0xff, 34)], {}, 'line 2: not UTF-8 text', '1\n'],
    ['a line that is too long', ['1\n', '"abcdefgh'], { maxLineBytes: 8 }, 'line 2: longer than 8 ', '1\n'],
    ['a row that the map refuses', ['\n7\n'], { map: refuse }, 'line 2: reward is missing', ''],
    ['a row too deep to write', ['1\n', `${'['.repeat(3e5)}${']'.repeat(3e5)}`], {}, 'line 2: ', '1\n'],
  ])('end with the number of the line at %s', async (_, chunks, change, message, written) => {
    const { rows, text } = await run(bytesOf(...chunks), change);

    expect(rows).toBeInstanceOf(CliError);
    expect(rows).toMatchObject({ code: 'CLI_INPUT', message: expect.stringContaining(message) });
    expect(text).toBe(written);
  });

  test('say that their input failed', async () => {
    const input = new Readable({ read: () => input.destroy(new Error('EISDIR')) });

    expect(await run(input)).toMatchObject({
      rows: { code: 'CLI_INPUT', message: 'the input cannot be read: EISDIR' },
    });
  });

  test('leave a defect of the map as it is', async () => {
    const defect = new TypeError('x');
    const map = () => Promise.reject(defect);

    expect((await run(bytesOf('1\n'), { map })).rows).toBe(defect);
  });

  const failing = (code: string, after: number): Writable => {
    let writes = 0;
    return new Writable({
      write: (_chunk, _encoding, done) =>
        done(writes++ < after ? null : Object.assign(new Error(code), { code })),
    });
  };

  test.each([0, 1, 3])('end well when their reader goes away after %i', async (after) => {
    const { rows } = await run(bytesOf('1\n2\n3\n'), { output: failing('EPIPE', after) });

    expect(rows).toEqual(expect.any(Number));
  });

  test('end well when their reader goes away while they wait for input', async () => {
    const input = new PassThrough();
    const output = new Sink();
    const taken = once(output, 'taken');
    const done = run(input, { output });

    input.write('1\n');
    await taken;
    output.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));

    expect((await done).rows).toBe(1);
    expect(input.destroyed).toBe(true);
  });

  test('say that their output failed', async () => {
    const { rows } = await run(bytesOf('1\n'), { output: failing('ENOSPC', 0) });

    expect(rows).toMatchObject({ code: 'CLI_OUTPUT', message: 'the output cannot be written: ENOSPC' });
  });

  test('hold one line at a time, and wait for a slow reader', async () => {
    let given = 0;
    let waiting: (() => void) | undefined;
    const input = Readable.from(
      (function* () {
        for (; given < 100; given++) yield Buffer.from('1\n');
      })(),
      { objectMode: false, highWaterMark: 1 },
    );
    const output = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        waiting = done;
        output.emit('held');
      },
    });
    const held = once(output, 'held');
    const done = run(input, { output });
    await held;
    await new Promise(setImmediate);

    expect(given).toBeLessThan(10);

    output.on('held', () => waiting?.());
    waiting?.();
    expect((await done).rows).toBe(100);
  });

  test('stop when they are told to', async () => {
    const stop = new AbortController();
    const done = run(new PassThrough(), { signal: stop.signal });
    stop.abort(new CliError('CLI_STOPPED', 'stopped'));

    expect((await done).rows).toMatchObject({ code: 'CLI_STOPPED' });
  });
});
