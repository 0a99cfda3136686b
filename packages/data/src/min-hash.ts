import { randomWords } from '@residency/algorithms';
import { mix, type Shingles } from './shingles.js';

/**
 * Signatures are cut into bands of this many hashes, and two sets are candidates where a whole band agrees: with
 * similarity s the probability is 1 - (1 - s^4)^32, which is 0.99 for 0.6, 0.9998 for 0.7 and 0.05 for 0.2
 * (Broder, "On the resemblance and containment of documents", 1997; Indyk and Motwani, 1998).
 */
export const BAND_ROWS = 4;
export const BANDS = 32;

/** 128 minima of a set under as many hash functions: two sets agree in a share of places that is near their similarity. */
export type Signature = Uint32Array;

/** The hash functions of a seed: each scrambles under a key of its own. @param seed an integer in [0, 2^32) */
export const minHashKeys = (seed: number): Uint32Array =>
  Uint32Array.from({ length: BANDS * BAND_ROWS }, (_, at) => randomWords([seed, at])[0]);

/** The signature of a set that is not empty. */
export function signatureOf(shingles: Shingles, keys: Uint32Array): Signature {
  const minima = new Uint32Array(keys.length).fill(0xffff_ffff);
  for (const shingle of shingles) {
    // The low 32 bits of the shingle's hash.
    const bits = shingle | 0;
    for (let at = 0; at < keys.length; at++) {
      const value = mix(bits ^ (keys[at] ?? 0));
      if (value < (minima[at] ?? 0)) minima[at] = value;
    }
  }
  return minima;
}

/** A band of a signature as one integer in [0, 2^53). */
export function bandKey(signature: Signature, band: number): number {
  let low = band;
  let high = ~band;
  for (let at = band * BAND_ROWS; at < (band + 1) * BAND_ROWS; at++) {
    low = mix(Math.imul(low, 31) + (signature[at] ?? 0));
    high = mix(Math.imul(high, 37) + (signature[at] ?? 0));
  }
  return (high & 0x1f_ffff) * 0x1_0000_0000 + low;
}
