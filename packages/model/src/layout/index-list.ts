/** An order of the heads of rows and its inverse, as takeRows wants them. */
export interface Order {
  /** For each place, row·heads + head. */
  readonly index: BigInt64Array;
  /** For each row and head, its place; a place of padding where it has none. */
  readonly inverse: BigInt64Array;
}

/** Collects which head of which row lies at each place of a block layout. */
export class IndexList {
  readonly #entries: number[] = [];
  readonly #inverse: Int32Array;
  readonly #heads: number;
  /** A place that holds padding, whose cotangent is zero; -1 before there is one. */
  #padding = -1;

  constructor(rows: number, heads: number) {
    this.#inverse = new Int32Array(rows * heads).fill(-1);
    this.#heads = heads;
  }

  add(row: number, head: number, isPadding: boolean): void {
    const entry = row * this.#heads + head;
    if (isPadding) this.#padding = this.#entries.length;
    else this.#inverse[entry] = this.#entries.length;
    this.#entries.push(entry);
  }

  done(): Order {
    return {
      index: BigInt64Array.from(this.#entries, BigInt),
      inverse: BigInt64Array.from(this.#inverse, (place) => BigInt(place < 0 ? this.#padding : place)),
    };
  }
}
