/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      finish();
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      finish();
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort);
  });
}

export interface PollOptions {
  readonly intervalMs: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks until the answer is no longer null.
 * @returns null when the deadline passes first
 */
export async function pollUntil<T>(ask: () => Promise<T | null>, options: PollOptions): Promise<T | null> {
  const end = performance.now() + options.deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null || performance.now() + options.intervalMs > end) return answer;
    await delay(options.intervalMs, options.signal);
  }
}
