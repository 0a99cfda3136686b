import { uniformBelow } from '@residency/algorithms';

/** Random draws in a row, decided by a key and by how many were taken before. */
export interface Draws {
  /** An integer in [0, bound). */
  below(bound: number): number;
  /** One of the values of a list that is not empty. */
  pick<T>(values: readonly T[]): T;
  /** Different values, in their own order; all where there are fewer. */
  sample<T>(values: readonly T[], count: number): T[];
}

/** @param key integers in [0, 2^32) */
export function createDraws(key: readonly number[]): Draws {
  let count = 0;
  const below = (bound: number): number => uniformBelow(bound, [...key, count++]);
  const sample = <T>(values: readonly T[], wanted: number): T[] => {
    const left = values.map((_, index) => index);
    while (left.length > wanted) left.splice(below(left.length), 1);
    return left.flatMap((index) => values.slice(index, index + 1));
  };
  // below() stays under the length.
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  return { below, pick, sample };
}
