/** Lets a few tasks at once through, in the order of asking. */
export class Semaphore {
  /** Places that nobody holds; above 0 only while nobody waits. */
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Runs the task when its turn comes; gives up before starting when the signal is aborted by then. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      signal?.throwIfAborted();
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The place goes to the longest waiter.
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
