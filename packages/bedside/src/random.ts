import { BedsideError } from './errors.js';

/**
 * A stream of random numbers that is a pure function of its key and of how many numbers were drawn before.
 * Streams with different keys are independent; nothing is shared between them.
 */
export interface RandomStream {
  /** The next number, uniform in [0, 1) on a grid of 2^-32. */
  readonly uniform: () => number;
  /** The next integer, uniform in [0, bound); `bound` is an integer in [1, 2^31]. */
  readonly below: (bound: number) => number;
  /** One of the given values, each equally likely. Throws `BEDSIDE_EMPTY_CHOICE` on an empty list. */
  readonly pick: <T>(values: readonly T[]) => T;
  /** A new array with the same values in random order (Fisher-Yates). */
  readonly shuffle: <T>(values: readonly T[]) => T[];
}

/** The finaliser of MurmurHash3 (32 bit): a bijection on uint32 that lets every input bit reach every output bit. */
const scramble = (value: number): number => {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
};

const absorb = (text: string, start: number): number => {
  let state = start;
  for (let index = 0; index < text.length; index += 1) {
    state = scramble(Math.imul(state, 31) + text.charCodeAt(index) + 0x9e3779b9);
  }
  return state;
};

/**
 * Creates the stream of a key.
 *
 * @param key the parts of the key, for example a seed, a purpose and an index; `['a', 1]` and `['a1']` differ
 */
export const createRandomStream = (key: readonly (string | number)[]): RandomStream => {
  const text = key.map((part) => `${typeof part}:${part}`).join('\u0000');
  const low = absorb(text, 0x243f6a88);
  const high = absorb(text, 0x85a308d3);
  let counter = 0;

  const next = (): number => {
    counter += 1;
    return scramble(scramble(Math.imul(counter, 0x9e3779b9) + low) ^ high);
  };
  const uniform = (): number => next() / 2 ** 32;
  const below = (bound: number): number => Math.floor(uniform() * bound);
  const pick = <T>(values: readonly T[]): T => {
    if (values.length === 0) throw new BedsideError('BEDSIDE_EMPTY_CHOICE', { key: key.join('/') });
    return values[below(values.length)] as T; // below() stays under the length just checked
  };
  const shuffle = <T>(values: readonly T[]): T[] => {
    const shuffled = [...values];
    for (let index = shuffled.length - 1; index > 0; index -= 1) {
      const other = below(index + 1);
      const held = shuffled[index] as T; // both indices lie inside the array
      shuffled[index] = shuffled[other] as T;
      shuffled[other] = held;
    }
    return shuffled;
  };

  return { uniform, below, pick, shuffle };
};
