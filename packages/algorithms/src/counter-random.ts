import { AlgorithmError } from './errors.js';
import { multiplyHigh, philox4x32, type Words4 } from './philox.js';

/**
 * Names one random draw, e.g. [seed, step, prompt, sample, token]. Every entry is an integer in [0, 2^32).
 * Keys of different length or content are independent draws; the same key is always the same draw.
 */
export type RandomKey = readonly number[];

const WORD = 0x1_0000_0000;

/**
 * 128 random bits for a key. The key is absorbed four words at a time, each block XORed into the running state
 * and passed through Philox-4x32-10 under the Philox key (length of the key, number of the block). For a fixed
 * length every block is a bijection of the state, so that two keys of one block never share a result.
 * @throws AlgorithmError ALGORITHM_RANDOM_KEY
 */
export function randomWords(key: RandomKey): Words4 {
  for (const [index, word] of key.entries()) {
    if (!Number.isInteger(word) || word < 0 || word >= WORD) {
      throw new AlgorithmError(
        'ALGORITHM_RANDOM_KEY',
        `random key: entry ${index} is ${word}, want an integer in [0, 2^32)`,
      );
    }
  }
  let state: Words4 = [0, 0, 0, 0];
  let block = 0;
  do {
    const at = block * 4;
    state = philox4x32(
      [
        (state[0] ^ (key[at] ?? 0)) >>> 0,
        (state[1] ^ (key[at + 1] ?? 0)) >>> 0,
        (state[2] ^ (key[at + 2] ?? 0)) >>> 0,
        (state[3] ^ (key[at + 3] ?? 0)) >>> 0,
      ],
      [key.length, block],
    );
    block++;
  } while (block * 4 < key.length);
  return state;
}

/**
 * A uniform draw in [0, 1) with a resolution of 2^-24, so that float32 holds it exactly.
 * @throws AlgorithmError ALGORITHM_RANDOM_KEY
 */
export function uniform(key: RandomKey): number {
  return (randomWords(key)[0] >>> 8) / 0x100_0000;
}

/**
 * An unbiased uniform integer in [0, bound), by multiplication and rejection (Lemire, "Fast Random Integer
 * Generation in an Interval", 2019).
 * @param bound an integer in [1, 2^32)
 * @throws AlgorithmError ALGORITHM_RANDOM_BOUND, ALGORITHM_RANDOM_KEY
 */
export function uniformBelow(bound: number, key: RandomKey): number {
  if (!Number.isInteger(bound) || bound < 1 || bound >= WORD) {
    throw new AlgorithmError(
      'ALGORITHM_RANDOM_BOUND',
      `uniformBelow: bound is ${bound}, want an integer in [1, 2^32)`,
    );
  }
  const rejectBelow = WORD % bound;
  for (let attempt = 0; ; attempt++) {
    for (const word of randomWords([...key, attempt])) {
      if (Math.imul(word, bound) >>> 0 >= rejectBelow) return multiplyHigh(word, bound);
    }
  }
}

/**
 * A uniformly random permutation of 0..n-1 (Fisher-Yates), decided by the key alone.
 * @param n an integer in [0, 2^32)
 * @throws AlgorithmError ALGORITHM_RANDOM_BOUND, ALGORITHM_RANDOM_KEY
 */
export function shuffle(n: number, key: RandomKey): number[] {
  if (!Number.isInteger(n) || n < 0 || n >= WORD) {
    throw new AlgorithmError('ALGORITHM_RANDOM_BOUND', `shuffle: n is ${n}, want an integer in [0, 2^32)`);
  }
  const order = Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last--) {
    const chosen = uniformBelow(last + 1, [...key, last]);
    const swapped = order[last] ?? 0;
    order[last] = order[chosen] ?? 0;
    order[chosen] = swapped;
  }
  return order;
}
