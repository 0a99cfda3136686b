import { Bell } from './bell.js';

/** Messages on their way into a stream, in the order of putting; read once. */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #messages: T[] = [];
  readonly #changed: Bell = new Bell();
  #isEnded = false;

  put(message: T): void {
    this.#messages.push(message);
    this.#changed.ring();
  }

  /** No message follows; those that are left are still read. */
  end(): void {
    this.#isEnded = true;
    this.#changed.ring();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const next = this.#messages.shift();
      if (next !== undefined) yield next;
      else if (this.#isEnded) return;
      else await this.#changed.wait();
    }
  }
}
