import { Bell } from '@residency/protocol';

export interface AnswersOptions {
  /** Requests taken whose answers are not handed on yet; at the limit reading waits. */
  readonly limit: number;
  /** Ends the answers with its reason, whatever is under way. */
  readonly signal: AbortSignal;
}

/**
 * Answers each request once, in the order in which the answers are ready, so that a slow one holds up no other.
 * Ends when the requests have ended and all are answered.
 * @throws what the requests or an answer threw first, or the signal's reason, at once.
 */
export async function* answersAsReady<Q, A>(
  requests: AsyncIterable<Q>,
  answer: (request: Q) => Promise<A>,
  { limit, signal }: AnswersOptions,
): AsyncGenerator<A, void, undefined> {
  const ready: A[] = [];
  const changed = new Bell();
  const handedOn = new Bell();
  const state: { taken: number; isRead: boolean; isStopped: boolean; failure: { thrown: unknown } | null } = {
    taken: 0,
    isRead: false,
    isStopped: false,
    failure: null,
  };
  const fail = (thrown: unknown): void => {
    state.failure ??= { thrown };
    changed.ring();
  };
  const take = async (request: Q): Promise<void> => {
    try {
      ready.push(await answer(request));
      changed.ring();
    } catch (thrown) {
      fail(thrown);
    }
  };
  const read = async (): Promise<void> => {
    try {
      for await (const request of requests) {
        state.taken += 1;
        void take(request);
        while (state.taken >= limit && !state.isStopped) await handedOn.wait();
        if (state.isStopped) return;
      }
      state.isRead = true;
      changed.ring();
    } catch (thrown) {
      fail(thrown);
    }
  };
  const abort = (): void => fail(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  else void read();
  try {
    for (;;) {
      if (state.failure !== null) throw state.failure.thrown;
      const next = ready.shift();
      if (next !== undefined) {
        yield next;
        state.taken -= 1;
        handedOn.ring();
      } else if (state.isRead && state.taken === 0) return;
      else await changed.wait();
    }
  } finally {
    signal.removeEventListener('abort', abort);
    state.isStopped = true;
    handedOn.ring();
  }
}
