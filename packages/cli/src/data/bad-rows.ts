import type { DataError } from '@residency/data';

/** Rows that are named; more are only counted. */
const MAX_NAMED = 20;

/** Counts the rows that are left out, by reason, and keeps the first few messages. */
export class BadRows {
  readonly #named: string[] = [];
  readonly #counts = new Map<string, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ message, code, problem }: DataError): void {
    this.#count += 1;
    const reason = problem.reason ?? code;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (this.#named.length < MAX_NAMED) this.#named.push(message);
  }

  /** Lines for a terminal; none where no row was bad. */
  lines(): string[] {
    if (this.#count === 0) return [];
    const counts = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const more = this.#count - this.#named.length;
    return [
      `${this.#count} bad rows left out: ${counts.map(([reason, count]) => `${reason} ${count}`).join(', ')}`,
      ...this.#named.map((message) => `  ${message}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ];
  }
}
