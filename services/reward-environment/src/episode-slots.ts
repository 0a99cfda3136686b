import { ResidencyError } from '@residency/protocol';

/** How many episodes of the whole service are open; shared by all streams. */
export class EpisodeSlots {
  readonly #limit: number;
  readonly #onChange: (open: number) => void;
  #open = 0;

  constructor(limit: number, onChange: (open: number) => void) {
    this.#limit = limit;
    this.#onChange = onChange;
  }

  /** @throws ResidencyError `episode_limit`. */
  take(): void {
    if (this.#open >= this.#limit) {
      throw new ResidencyError(
        'episode_limit',
        `episodes: found ${this.#open} open, wanted fewer than ${this.#limit}`,
      );
    }
    this.#open += 1;
    this.#onChange(this.#open);
  }

  give(): void {
    this.#open -= 1;
    this.#onChange(this.#open);
  }
}
