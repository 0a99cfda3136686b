/** Things that are slow to open and kept open, by name: engines, tokenizers. Each is opened once, when first wanted. */
export class ResourceTable<T> {
  readonly #open: (name: string) => Promise<T>;
  readonly #close: (resource: T) => Promise<void>;
  /** A failed opening is not kept, so that the next caller tries again. */
  readonly #opened: Map<string, Promise<T>> = new Map();

  constructor(open: (name: string) => Promise<T>, close: (resource: T) => Promise<void>) {
    this.#open = open;
    this.#close = close;
  }

  get(name: string): Promise<T> {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const opening = this.#open(name);
    this.#opened.set(name, opening);
    opening.catch(() => {
      if (this.#opened.get(name) === opening) this.#opened.delete(name);
    });
    return opening;
  }

  /** Closes everything that was opened; the first failure is thrown after all were tried. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    const resources = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const closed = await Promise.allSettled(resources.map((resource) => this.#close(resource)));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}
