/** Wakes the one task that waits for something to change; who waits looks again whether it has. */
export class Bell {
  #wake: () => void = () => undefined;

  /** Resolves at the next ring. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  ring(): void {
    this.#wake();
  }
}
