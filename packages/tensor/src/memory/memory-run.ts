import { type Bindings, type Dim, evalDim } from '../dim.js';
import type { DType } from '../ir.js';
import { Arena, type Block } from './arena.js';
import type { Buffer, LoopPlan, Step } from './plan.js';

const DTYPE_BYTES: Readonly<Record<DType, number>> = { f32: 4, i64: 8, bool: 1 };

/** A buffer of a run, with the allocations of the run counted: it is alive from one to before another. */
export interface Held {
  readonly buffer: Buffer;
  readonly bytes: number;
  readonly from: number;
  to: number;
}

/**
 * One run of a plan at given sizes, without computing anything: which buffers are alive when, and where they
 * lie.
 */
export class MemoryRun {
  readonly #sizes: Bindings;
  /** Values of the sizes met so far: each is worked out once. */
  readonly #known = new Map<string, number>();
  readonly #arena = new Arena();
  readonly #alive = new Map<Buffer, { readonly block: Block; readonly held: Held }>();
  readonly #all: Held[] = [];
  /** What loops made resident; only the outermost counts. */
  #loopBytes = 0;
  #depth = 0;
  #aliveBytes = 0;
  #peakBytes = 0;
  #peak = 0;

  /** @param sizes values of every named size of the plan, those that loops give names to included */
  constructor(sizes: Bindings) {
    this.#sizes = sizes;
  }

  /** What the run leaves resident. */
  get residentBytes(): number {
    return this.#arena.residentBytes;
  }

  /** How much of that is due to loops. */
  get loopBytes(): number {
    return this.#loopBytes;
  }

  /** Bytes of the buffers alive where most are. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Those buffers. */
  get atPeak(): Held[] {
    return this.#all.filter(({ from, to }) => from <= this.#peak && to > this.#peak);
  }

  /** @throws RangeError naming a size without a value */
  valueOf(d: Dim): number {
    if (typeof d === 'number') return d;
    const value = this.#known.get(d.key) ?? evalDim(d, this.#sizes);
    this.#known.set(d.key, value);
    return value;
  }

  bytesOf({ shape, dtype }: Buffer): number {
    return shape.reduce<number>((n, d) => n * this.valueOf(d), DTYPE_BYTES[dtype]);
  }

  steps(steps: readonly Step[]): void {
    for (const { makes, scratch, frees, loop } of steps) {
      if (loop) this.#loop(loop, makes);
      else this.#holdAll(makes);
      this.#holdAll(scratch);
      this.#freeAll(scratch);
      this.#freeAll(frees);
    }
  }

  /**
   * The last iteration holds most: what it found, what it makes, and then the copies that become the loop's
   * results.
   */
  #loop({ carried, body, kept, scans, iterations }: LoopPlan, makes: readonly Buffer[]): void {
    const count = this.valueOf(iterations);
    const before = this.residentBytes;
    this.#depth += 1;
    const stacked = scans.map((b) => ({ ...b, shape: [count, ...b.shape] }));
    this.#holdAll(stacked);
    this.#holdAll(carried);
    this.steps(body);
    this.#freeAll(carried);
    this.#holdAll(makes);
    this.#freeAll(kept);
    this.#freeAll(stacked);
    this.#depth -= 1;
    if (this.#depth === 0) this.#loopBytes += this.residentBytes - before;
  }

  #holdAll(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) {
      const bytes = this.bytesOf(buffer);
      const held: Held = { buffer, bytes, from: this.#all.length, to: Number.POSITIVE_INFINITY };
      this.#all.push(held);
      this.#alive.set(buffer, { block: this.#arena.allocate(bytes), held });
      this.#aliveBytes += bytes;
      if (this.#aliveBytes <= this.#peakBytes) continue;
      this.#peakBytes = this.#aliveBytes;
      this.#peak = held.from;
    }
  }

  #freeAll(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) {
      const own = this.#alive.get(buffer);
      if (!own) continue;
      this.#arena.free(own.block);
      this.#alive.delete(buffer);
      this.#aliveBytes -= own.held.bytes;
      own.held.to = this.#all.length;
    }
  }
}
