/** Lets one task at a time through, in the order of asking. */
export class Mutex {
  /** Settles when everyone who asked before is done. */
  #last: Promise<void> = Promise.resolve();

  /** Runs the task when its turn comes; gives up before starting when the signal aborts. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    try {
      signal?.throwIfAborted();
      return await task();
    } finally {
      release();
    }
  }
}
