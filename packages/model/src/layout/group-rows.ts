import { toLanes } from './lanes.js';

/** A prompt and its completions, as ids. */
export interface TokenGroup {
  readonly prefix: readonly number[];
  readonly suffixes: readonly (readonly number[])[];
}

/** Prefixes are attended in this many blocks of rows, each of which sees only the keys up to its end. */
export const PREFIX_BLOCKS = 4;

/**
 * Sizes of the rows of a packed run: N groups of R rows, K of which predict tokens; prefixes padded to PREFIX_BLOCKS·Q,
 * completions to S rows, samples to G.
 */
export type RowSizes = {
  readonly N: number;
  readonly R: number;
  readonly K: number;
  readonly Q: number;
  readonly S: number;
  readonly G: number;
};

/** Rows of a completion: all its tokens but the last, which predicts nothing. */
const suffixRows = (suffix: readonly number[]): number => Math.max(0, suffix.length - 1);

/** Rows that a group takes: its prefix, its completions, and a spare one that stands for all padding. */
export const rowsOf = (g: TokenGroup): number =>
  g.prefix.length + g.suffixes.reduce((n, s) => n + suffixRows(s), 0) + 1;

export function rowSizes(groups: readonly TokenGroup[]): RowSizes {
  const most = (f: (g: TokenGroup) => number): number => groups.reduce((n, g) => Math.max(n, f(g)), 1);
  const longest = most((g) => g.suffixes.reduce((n, s) => Math.max(n, suffixRows(s)), 1));
  return {
    N: groups.length,
    R: most(rowsOf),
    K: most((g) => rowsOf(g) - g.prefix.length + 1),
    Q: toLanes(most((g) => Math.ceil(g.prefix.length / PREFIX_BLOCKS))),
    // Rows without a place of their own are told to lie at a place of padding: there has to be one.
    S: toLanes(longest + 1),
    G: most((g) => g.suffixes.length),
  };
}

/**
 * Names the sizes of a group's blocks. With groups of the same sizes beside it, and only then, the sums of its gradients are
 * taken in the order in which they are taken without: products over the rows of a block are summed in parts that begin at
 * fixed places.
 */
export function groupBlocks(group: TokenGroup): string {
  const { Q, S } = rowSizes([group]);
  return `${Q}:${S}`;
}

/**
 * Where the tokens of one group lie among the rows of a run: its prefix, then its completions one after the other. The last
 * row of every group is spare, and so is its last kept row: null stands for them, and no result reads them.
 */
export class GroupRows {
  readonly prefixLength: number;
  /** First row of the group, and its first kept row. */
  readonly #base: number;
  readonly #keptBase: number;
  /** First row of each completion, counted within the group, and their numbers of rows. */
  readonly #starts: readonly number[];
  readonly #lengths: readonly number[];
  /** Rows that hold tokens. */
  readonly #used: number;
  readonly #sizes: RowSizes;

  constructor(group: TokenGroup, index: number, sizes: RowSizes) {
    this.prefixLength = group.prefix.length;
    this.#base = index * sizes.R;
    this.#keptBase = index * sizes.K;
    this.#lengths = group.suffixes.map(suffixRows);
    let next = group.prefix.length;
    this.#starts = this.#lengths.map((length) => {
      next += length;
      return next - length;
    });
    this.#used = next;
    this.#sizes = sizes;
  }

  prefix(place: number): number | null {
    return place < this.prefixLength ? this.#base + place : null;
  }

  suffix(sample: number, place: number): number | null {
    const start = this.#starts[sample];
    const isToken = start !== undefined && place < (this.#lengths[sample] ?? 0);
    return isToken ? this.#base + start + place : null;
  }

  /** The row that predicts a token of a completion: the one before it, which is the prefix's last for the first token. */
  predictor(sample: number, place: number): number | null {
    return place === 0 ? this.prefix(this.prefixLength - 1) : this.suffix(sample, place - 1);
  }

  /** The kept row of a row: from the prefix's last on, rows are kept in order. */
  kept(row: number | null): number | null {
    const own = row === null ? -1 : row - this.#base - this.prefixLength + 1;
    return own < 0 ? null : this.#keptBase + own;
  }

  /** The row of a kept row, counted within the group. */
  rowOfKept(own: number): number | null {
    const row = own + this.prefixLength - 1;
    return row < this.#used ? this.#base + row : null;
  }

  orSpare(row: number | null): number {
    return row ?? this.#base + this.#sizes.R - 1;
  }

  orSpareKept(row: number | null): number {
    return row ?? this.#keptBase + this.#sizes.K - 1;
  }
}
