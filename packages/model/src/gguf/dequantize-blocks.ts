import { fromHalves } from '../half.js';

// Layouts: ggml-common.h (block_q4_0 ... block_q8_0) and ggml-quants.c (dequantize_row_*). Products of a half
// and a few bits are exact in f32, so that rounding once, when a value is stored, gives the very bits of f32
// arithmetic.

/** Values of a block. */
const BLOCK = 32;
const HALF_BLOCK = BLOCK / 2;

const halves: Float32Array = fromHalves(
  Uint16Array.from({ length: 0x10000 }, (_, bits) => bits),
  'F16',
);

/** The IEEE half at a byte offset. */
export const halfAt = (source: Uint8Array, at: number): number =>
  halves[(source[at] ?? 0) | ((source[at + 1] ?? 0) << 8)] ?? 0;

export function widenF32(source: Uint8Array, out: Float32Array, count: number): void {
  new Uint8Array(out.buffer, out.byteOffset, count * 4).set(source.subarray(0, count * 4));
}

export function widenF16(source: Uint8Array, out: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = halfAt(source, 2 * i);
}

/** BF16 is the upper half of an f32. */
export function widenBF16(source: Uint8Array, out: Float32Array, count: number): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, count);
  for (let i = 0; i < count; i++) words[i] = ((source[2 * i] ?? 0) << 16) | ((source[2 * i + 1] ?? 0) << 24);
}

/** Block: d f16, 16 bytes of which byte j holds values j (low) and j+16 (high). y = d (q - 8). */
export function dequantizeQ4_0(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 18) {
    const d = halfAt(source, at);
    const to = block * BLOCK;
    for (let j = 0; j < HALF_BLOCK; j++) {
      const q = source[at + 2 + j] ?? 0;
      out[to + j] = d * ((q & 15) - 8);
      out[to + j + HALF_BLOCK] = d * ((q >> 4) - 8);
    }
  }
}

/** Block: d, m f16, 16 bytes as in Q4_0. y = d q + m. */
export function dequantizeQ4_1(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 20) {
    const d = halfAt(source, at);
    const m = halfAt(source, at + 2);
    const to = block * BLOCK;
    for (let j = 0; j < HALF_BLOCK; j++) {
      const q = source[at + 4 + j] ?? 0;
      out[to + j] = d * (q & 15) + m;
      out[to + j + HALF_BLOCK] = d * (q >> 4) + m;
    }
  }
}

/** The fifth bit of value i is bit i of four bytes. */
const fifthBit = (source: Uint8Array, at: number, i: number): number =>
  (((source[at + (i >> 3)] ?? 0) >> (i & 7)) & 1) << 4;

/** Block: d f16, 4 bytes of fifth bits, 16 bytes as in Q4_0. y = d (q - 16). */
export function dequantizeQ5_0(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 22) {
    const d = halfAt(source, at);
    const to = block * BLOCK;
    for (let j = 0; j < HALF_BLOCK; j++) {
      const q = source[at + 6 + j] ?? 0;
      out[to + j] = d * (((q & 15) | fifthBit(source, at + 2, j)) - 16);
      out[to + j + HALF_BLOCK] = d * (((q >> 4) | fifthBit(source, at + 2, j + HALF_BLOCK)) - 16);
    }
  }
}

/** Block: d, m f16, then as Q5_0. y = d q + m. */
export function dequantizeQ5_1(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 24) {
    const d = halfAt(source, at);
    const m = halfAt(source, at + 2);
    const to = block * BLOCK;
    for (let j = 0; j < HALF_BLOCK; j++) {
      const q = source[at + 8 + j] ?? 0;
      out[to + j] = d * ((q & 15) | fifthBit(source, at + 4, j)) + m;
      out[to + j + HALF_BLOCK] = d * ((q >> 4) | fifthBit(source, at + 4, j + HALF_BLOCK)) + m;
    }
  }
}

/** Block: d f16, 32 signed bytes. y = d q. */
export function dequantizeQ8_0(source: Uint8Array, out: Float32Array, count: number): void {
  for (let block = 0, at = 0; block < count; block++, at += 34) {
    const d = halfAt(source, at);
    const to = block * BLOCK;
    for (let j = 0; j < BLOCK; j++) out[to + j] = d * (((source[at + 2 + j] ?? 0) << 24) >> 24);
  }
}
