/** Hashes of the word sequences of a text, ascending, each once: integers in [0, 2^53). */
export type Shingles = Float64Array;

const LOW_WORD = 0x1_0000_0000;
const HIGH_MASK = 0x1f_ffff;

/** A bijection on 32 bits in which every bit depends on every other (the constants are MurmurHash3's). */
export function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

const hashWord = (word: string, start: number): number => {
  let state = start;
  for (let at = 0; at < word.length; at++) state = Math.imul(state ^ word.charCodeAt(at), 0x01000193);
  return mix(state ^ word.length);
};

/**
 * The sequences of `size` words in a text; a text of fewer words is one sequence, a text of none has none. Two
 * different sequences share a hash with a probability of about 2^-53.
 * @param size from 1
 */
export function shinglesOf(words: readonly string[], size: number): Shingles {
  const low = Uint32Array.from(words, (word) => hashWord(word, 0x811c9dc5));
  const high = Uint32Array.from(words, (word) => hashWord(word, 0x2545f491));
  const width = Math.min(size, words.length);
  const count = words.length === 0 ? 0 : words.length - width + 1;
  const hashes = new Float64Array(count);
  for (let start = 0; start < count; start++) {
    let lowState = width;
    let highState = ~width;
    for (let at = start; at < start + width; at++) {
      lowState = mix(Math.imul(lowState, 31) + (low[at] ?? 0));
      highState = mix(Math.imul(highState, 37) + (high[at] ?? 0));
    }
    hashes[start] = (highState & HIGH_MASK) * LOW_WORD + lowState;
  }
  hashes.sort();
  return hashes.filter((hash, at) => at === 0 || hash !== hashes[at - 1]);
}

/** Jaccard similarity |A and B| / |A or B| in [0, 1]; 0 for two empty sets. Time: the sum of both sizes. */
export function jaccard(a: Shingles, b: Shingles): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const difference = (a[i] ?? 0) - (b[j] ?? 0);
    if (difference === 0) shared++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  const union = a.length + b.length - shared;
  return union === 0 ? 0 : shared / union;
}
