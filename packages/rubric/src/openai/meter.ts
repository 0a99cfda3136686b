/** Counts the elementary steps of a metric, which is what shows that its time is bounded by the length. */
export class Meter {
  #steps = 0;

  get steps(): number {
    return this.#steps;
  }

  add(steps: number): void {
    this.#steps += steps;
  }
}
