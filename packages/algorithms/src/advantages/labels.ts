/** A partition of samples: the label of each, numbered from 0 by first appearance, and how many labels there are. */
export interface Labels {
  readonly labels: readonly number[];
  readonly count: number;
}

/** Gives equal keys the same number, new keys the next one. */
export class Numbering<K> {
  readonly #numbers = new Map<K, number>();

  get count(): number {
    return this.#numbers.size;
  }

  of(key: K): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const next = this.#numbers.size;
    this.#numbers.set(key, next);
    return next;
  }
}

/** Numbers pairs of whole numbers below 2^26, which fit one exact number together. */
export class PairNumbering {
  readonly #numbering = new Numbering<number>();

  get count(): number {
    return this.#numbering.count;
  }

  of(first: number, second: number): number {
    return this.#numbering.of(first * 2 ** 26 + second);
  }
}

/** The partition into samples of equal keys. */
export function labelBy(keys: readonly string[]): Labels {
  const numbering = new Numbering<string>();
  return { labels: keys.map((key) => numbering.of(key)), count: numbering.count };
}

/** The partition into samples whose labels are equal in both partitions. */
export function labelByBoth(outer: Labels, inner: Labels): Labels {
  const numbering = new PairNumbering();
  const labels = outer.labels.map((label, i) => numbering.of(label, inner.labels[i] ?? 0));
  return { labels, count: numbering.count };
}

/** Indices of the samples of each label, ascending. */
export function membersOf({ labels, count }: Labels): number[][] {
  const members = Array.from({ length: count }, (): number[] => []);
  for (let i = 0; i < labels.length; i++) members[labels[i] ?? 0]?.push(i);
  return members;
}

/** Values at some indices. */
export const pick = (values: readonly number[], indices: readonly number[]): number[] =>
  indices.map((i) => values[i] ?? Number.NaN);
