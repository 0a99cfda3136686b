/** Sizes are rounded up to this many bytes. */
const GRAIN = 256;
/** Size of the first region; each further one is twice as large, or as large as the request needs. */
const FIRST_REGION = 2 ** 20;
/** A free block is handed out whole, unless so many bytes of it, or half of it, would lie idle. */
const MOST_IDLE = 128 * 2 ** 20;
const BINS = 21;

/** A stretch of a region, free or in use. */
export interface Block {
  readonly region: number;
  readonly start: number;
  size: number;
  isFree: boolean;
  before: Block | null;
  behind: Block | null;
}

/**
 * ONNX Runtime's arena of processor memory as it is configured by default (core/framework/bfc_arena.cc: best
 * fit with coalescing), without the memory: what a sequence of requests makes resident. Regions are never
 * given back, and a page is resident once something was written there.
 */
export class Arena {
  /** Free blocks by power of two, each list in order of size, then of place. */
  readonly #bins: Block[][] = Array.from({ length: BINS }, () => []);
  /** End of what was ever used of each region. */
  readonly #touched: number[] = [];
  #nextRegion = FIRST_REGION;
  #inUse = 0;

  /** Bytes of the blocks in use now, with what lies idle in them. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Bytes that are resident after all requests so far. */
  get residentBytes(): number {
    return this.#touched.reduce((n, end) => n + end, 0);
  }

  allocate(bytes: number): Block {
    const size = Math.ceil(Math.max(bytes, 1) / GRAIN) * GRAIN;
    const block = this.#find(size) ?? this.#extend(size);
    block.isFree = false;
    if (block.size >= size * 2 || block.size - size >= MOST_IDLE) this.#split(block, size);
    this.#inUse += block.size;
    this.#touched[block.region] = Math.max(this.#touched[block.region] ?? 0, block.start + size);
    return block;
  }

  free(block: Block): void {
    this.#inUse -= block.size;
    let whole = block;
    if (block.behind?.isFree) this.#join(block, block.behind);
    if (block.before?.isFree) {
      whole = block.before;
      this.#take(whole);
      this.#absorb(whole, block);
    }
    whole.isFree = true;
    this.#put(whole);
  }

  #find(size: number): Block | null {
    for (let b = binOf(size); b < BINS; b++) {
      const bin = this.#bins[b] ?? [];
      const place = placeIn(bin, size, Number.POSITIVE_INFINITY, 0);
      const found = bin[place];
      if (!found) continue;
      bin.splice(place, 1);
      return found;
    }
    return null;
  }

  #extend(size: number): Block {
    const isGrown = size > this.#nextRegion;
    while (size > this.#nextRegion) this.#nextRegion *= 2;
    const region = this.#touched.length;
    const block = { region, start: 0, size: this.#nextRegion, isFree: true, before: null, behind: null };
    this.#touched.push(0);
    if (!isGrown) this.#nextRegion *= 2;
    return block;
  }

  #split(block: Block, size: number): void {
    const rest: Block = {
      region: block.region,
      start: block.start + size,
      size: block.size - size,
      isFree: true,
      before: block,
      behind: block.behind,
    };
    if (block.behind) block.behind.before = rest;
    block.behind = rest;
    block.size = size;
    this.#put(rest);
  }

  #join(block: Block, behind: Block): void {
    this.#take(behind);
    this.#absorb(block, behind);
  }

  #absorb(block: Block, behind: Block): void {
    block.size += behind.size;
    block.behind = behind.behind;
    if (behind.behind) behind.behind.before = block;
  }

  #put(block: Block): void {
    const bin = this.#bins[binOf(block.size)] ?? [];
    bin.splice(placeIn(bin, block.size, block.region, block.start), 0, block);
  }

  #take(block: Block): void {
    const bin = this.#bins[binOf(block.size)] ?? [];
    bin.splice(placeIn(bin, block.size, block.region, block.start), 1);
  }
}

const binOf = (size: number): number => Math.min(BINS - 1, Math.floor(Math.log2(size / GRAIN)));

/** The first place of a bin that holds no block before the one described. */
function placeIn(bin: readonly Block[], size: number, region: number, start: number): number {
  let [low, high] = [0, bin.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const b = bin[middle];
    const isBefore =
      b !== undefined &&
      (b.size < size || (b.size === size && (b.region > region || (b.region === region && b.start < start))));
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}
