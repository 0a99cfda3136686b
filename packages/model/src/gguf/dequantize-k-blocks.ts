import { halfAt } from './dequantize-blocks.js';

// Layouts: ggml-common.h (block_q2_K ... block_q6_K) and ggml-quants.c (dequantize_row_q*_K). A super-block
// of 256 values has sub-blocks of 16 or 32 with integer scales of their own.

/** Values of a super-block. */
const SUPER = 256;

/**
 * Block: 16 bytes of scale (low) and minimum (high), 64 bytes of 2-bit values, d, dmin f16. y = d s q - dmin
 * m.
 */
export function dequantizeQ2_K(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 84) {
    const d = halfAt(source, at + 80);
    const dmin = halfAt(source, at + 82);
    for (let sub = 0; sub < 16; sub++) {
      const scale = source[at + sub] ?? 0;
      const step = d * (scale & 15);
      const min = dmin * (scale >> 4);
      const values = at + 16 + 32 * (sub >> 3) + 16 * (sub & 1);
      const shift = sub & 6; // two neighbouring sub-blocks share a pair of bits
      const to = block * SUPER + 16 * sub;
      for (let l = 0; l < 16; l++) out[to + l] = step * (((source[values + l] ?? 0) >> shift) & 3) - min;
    }
  }
}

/**
 * Scale `k` of Q3_K: its low 4 bits lie in the first 8 of 12 bytes, its high 2 bits in the last 4; 32 too
 * large.
 */
function q3Scale(source: Uint8Array, at: number, k: number): number {
  const low = ((source[at + (k & 7)] ?? 0) >> (k < 8 ? 0 : 4)) & 15;
  const high = ((source[at + 8 + (k & 3)] ?? 0) >> (2 * (k >> 2))) & 3;
  return (low | (high << 4)) - 32;
}

/**
 * Block: 32 bytes of third bits, 64 bytes of 2-bit values, 12 bytes of scales, d f16. y = d s (q - 4 (1 -
 * bit)).
 */
export function dequantizeQ3_K(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 110) {
    const d = halfAt(source, at + 108);
    for (let sub = 0; sub < 16; sub++) {
      const step = d * q3Scale(source, at + 96, sub);
      const column = 16 * (sub & 1);
      const values = at + 32 + 32 * (sub >> 3) + column;
      const to = block * SUPER + 16 * sub;
      for (let l = 0; l < 16; l++) {
        const q = ((source[values + l] ?? 0) >> (sub & 6)) & 3;
        const hasBit = ((source[at + column + l] ?? 0) >> (sub >> 1)) & 1;
        out[to + l] = step * (q - 4 * (1 - hasBit));
      }
    }
  }
}

/** Scale `k` of eight, 6 bits each with eight minima in 12 bytes (get_scale_min_k4). */
const scaleOf = (source: Uint8Array, at: number, k: number): number =>
  k < 4
    ? (source[at + k] ?? 0) & 63
    : ((source[at + k + 4] ?? 0) & 15) | (((source[at + k - 4] ?? 0) >> 6) << 4);

/** Minimum `k` of the same eight. */
const minimumOf = (source: Uint8Array, at: number, k: number): number =>
  k < 4
    ? (source[at + k + 4] ?? 0) & 63
    : ((source[at + k + 4] ?? 0) >> 4) | (((source[at + k] ?? 0) >> 6) << 4);

/** Block: d, dmin f16, 12 bytes of scales and minima, 128 bytes of 4-bit values. y = d s q - dmin m. */
export function dequantizeQ4_K(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 144) {
    const d = halfAt(source, at);
    const dmin = halfAt(source, at + 2);
    for (let sub = 0; sub < 8; sub++) {
      const step = d * scaleOf(source, at + 4, sub);
      const min = dmin * minimumOf(source, at + 4, sub);
      const values = at + 16 + 32 * (sub >> 1);
      const to = block * SUPER + 32 * sub;
      for (let l = 0; l < 32; l++)
        out[to + l] = step * (((source[values + l] ?? 0) >> (4 * (sub & 1))) & 15) - min;
    }
  }
}

/** Block: as Q4_K with 32 bytes of fifth bits before the values. */
export function dequantizeQ5_K(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 176) {
    const d = halfAt(source, at);
    const dmin = halfAt(source, at + 2);
    for (let sub = 0; sub < 8; sub++) {
      const step = d * scaleOf(source, at + 4, sub);
      const min = dmin * minimumOf(source, at + 4, sub);
      const values = at + 48 + 32 * (sub >> 1);
      const to = block * SUPER + 32 * sub;
      for (let l = 0; l < 32; l++) {
        const q = ((source[values + l] ?? 0) >> (4 * (sub & 1))) & 15;
        const bit = ((source[at + 16 + l] ?? 0) >> sub) & 1;
        out[to + l] = step * (q | (bit << 4)) - min;
      }
    }
  }
}

/** Block: 128 bytes of low 4 bits, 64 bytes of high 2 bits, 16 signed scales, d f16. y = d s (q - 32). */
export function dequantizeQ6_K(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 210) {
    const d = halfAt(source, at + 208);
    for (let sub = 0; sub < 8; sub++) {
      const low = at + 64 * (sub >> 2) + 32 * (sub & 1);
      const high = at + 128 + 32 * (sub >> 2);
      const to = block * SUPER + 32 * sub;
      for (let l = 0; l < 32; l++) {
        const scale = ((source[at + 192 + 2 * sub + (l >> 4)] ?? 0) << 24) >> 24;
        const q4 = ((source[low + l] ?? 0) >> (2 * (sub & 2))) & 15;
        const q2 = ((source[high + l] ?? 0) >> (2 * (sub & 3))) & 3;
        out[to + l] = d * scale * ((q4 | (q2 << 4)) - 32);
      }
    }
  }
}
