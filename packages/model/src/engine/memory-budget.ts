import { type Bindings, estimateMemory, type MemoryEstimate, type Program } from '@residency/tensor';
import { availableMemory } from './available-memory.js';

/** Left to everything that is not a run: the heap of JavaScript, messages, the rest of the machine. */
const SPARE_BYTES = 32 * 2 ** 20;

/** A run that is to be made. */
export interface PlannedRun {
  readonly program: Program;
  /** Of all names, those included that only the device knows (see estimateMemory). */
  readonly sizes: Bindings;
  /** What the host takes for the run's results beside them. */
  readonly hostBytes: number;
}

/** What a run wants and what there is, in bytes. */
export interface MemoryVerdict {
  readonly fits: boolean;
  readonly wantedBytes: number;
  readonly availableBytes: number;
  readonly estimate: MemoryEstimate;
}

/**
 * Holds runs against the memory there is. What a session's earlier runs made resident is wanted only once.
 */
export class MemoryBudget {
  readonly #limitBytes: number | null;
  readonly #available: (limitBytes: number | null) => number;
  /** What the session of each program holds. */
  readonly #held = new Map<Program, number>();

  constructor(limitBytes: number | null, available: (limitBytes: number | null) => number = availableMemory) {
    this.#limitBytes = limitBytes;
    this.#available = available;
  }

  judge({ program, sizes, hostBytes }: PlannedRun): MemoryVerdict {
    const estimate = estimateMemory(program, sizes);
    const held = Math.min(this.#held.get(program) ?? 0, estimate.computedBytes);
    const wantedBytes = estimate.peakBytes + hostBytes - held;
    const availableBytes = Math.max(0, this.#available(this.#limitBytes) - SPARE_BYTES);
    return { fits: wantedBytes <= availableBytes, wantedBytes, availableBytes, estimate };
  }

  /** Remembers that a run is made. */
  made({ program }: PlannedRun, { estimate }: MemoryVerdict): void {
    this.#held.set(program, Math.max(this.#held.get(program) ?? 0, estimate.computedBytes));
  }

  /** Remembers that all sessions were closed. */
  released(): void {
    this.#held.clear();
  }
}
