import { shuffle, uniformBelow } from '@residency/algorithms';

/** Keeps these random draws apart from those of other environments under the same seed. */
const STREAM = 0x40453;

/** Draws that depend on the key and on how many came before. */
export interface Draw {
  /** An integer in [0, bound). */
  readonly below: (bound: number) => number;
  /** One of the values; undefined where there are none. */
  readonly pick: <T>(values: readonly T[]) => T | undefined;
  readonly shuffled: <T>(values: readonly T[]) => T[];
}

/** @param key integers in [0, 2^32) */
export function createDraw(key: readonly number[]): Draw {
  let drawn = 0;
  const next = (): readonly number[] => [STREAM, ...key, drawn++];
  const below = (bound: number): number => uniformBelow(bound, next());
  return {
    below,
    pick: (values) => (values.length === 0 ? undefined : values[below(values.length)]),
    shuffled: (values) => shuffle(values.length, next()).flatMap((index) => values.slice(index, index + 1)),
  };
}
