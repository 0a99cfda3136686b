import type { Readable, Writable } from 'node:stream';

const OVER = Symbol('over');

/**
 * Writes every message of `source`, waiting for `drain` when the peer is slow, then ends the stream.
 * Stops at once when `over` aborts, even while `source` is idle: a call that has ended will never drain.
 */
export async function pump(out: Writable, source: AsyncIterable<unknown>, over: AbortSignal): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const ended = new Promise<typeof OVER>((resolve) => {
    if (over.aborted) resolve(OVER);
    over.addEventListener('abort', () => resolve(OVER), { once: true });
  });
  for (;;) {
    const step = over.aborted ? OVER : await Promise.race([iterator.next(), ended]);
    if (step === OVER) {
      // Not awaited: a generator that is suspended in an await of its own would answer only after it.
      iterator.return?.().catch(() => undefined);
      return;
    }
    if (step.done) break;
    if (!out.write(step.value)) await drained(out, over);
  }
  out.end();
}

function drained(out: Writable, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done);
      out.off('close', done);
      out.off('error', done);
      over.removeEventListener('abort', done);
      resolve();
    };
    out.on('drain', done);
    out.on('close', done);
    out.on('error', done);
    over.addEventListener('abort', done);
    if (over.aborted || out.destroyed) done();
  });
}

/** Reads a gRPC stream to its end; aborting the signal ends the reading with the signal's reason. */
export async function* messages<T>(stream: Readable, over: AbortSignal): AsyncGenerator<T, void, undefined> {
  const stop = (): void => {
    stream.destroy(over.reason instanceof Error ? over.reason : new Error(String(over.reason)));
  };
  over.throwIfAborted();
  over.addEventListener('abort', stop);
  try {
    // The default iterator destroys a duplex at the end of its readable half, answers and status with it.
    for await (const message of stream.iterator({ destroyOnReturn: false })) yield message as T;
    over.throwIfAborted();
  } finally {
    over.removeEventListener('abort', stop);
  }
}
