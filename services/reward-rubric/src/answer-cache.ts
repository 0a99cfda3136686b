/** Keeps answers by key, the least recently used ones going first, up to a number of characters together. */
export class AnswerCache {
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #answers: Map<string, string> = new Map();
  #characters = 0;

  /** @param limit characters of all answers together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(key: string): string | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer;
  }

  /** An answer longer than the limit is not kept. */
  set(key: string, answer: string): void {
    this.#remove(key);
    if (answer.length > this.#limit) return;
    this.#answers.set(key, answer);
    this.#characters += answer.length;
    for (const oldest of this.#answers.keys()) {
      if (this.#characters <= this.#limit) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    this.#characters -= this.#answers.get(key)?.length ?? 0;
    this.#answers.delete(key);
  }
}
