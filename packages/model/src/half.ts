/** Widens 16-bit floats; exact. */
export function fromHalves(halves: Uint16Array, dtype: 'F16' | 'BF16'): Float32Array {
  const out = new Float32Array(halves.length);
  if (dtype === 'BF16') {
    const words = new Uint32Array(out.buffer);
    for (let i = 0; i < halves.length; i++) words[i] = (halves[i] ?? 0) << 16;
    return out;
  }
  halfValues ??= Float32Array.from({ length: 65_536 }, (_, h) => fromHalf(h));
  for (let i = 0; i < halves.length; i++) out[i] = halfValues[halves[i] ?? 0] ?? 0;
  return out;
}

/** The value of every half, made at first use: looking up is many times faster than computing. */
let halfValues: Float32Array | undefined;

function fromHalf(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 0x1f;
  const fraction = h & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds to IEEE half precision (binary16), ties to even; what is larger becomes infinite. */
export const toHalf = (data: Float32Array): Uint16Array => rounded(data, halfBits);

/** Rounds to bfloat16, ties to even; what is larger becomes infinite. */
export const toBFloat = (data: Float32Array): Uint16Array => rounded(data, bfloatBits);

function rounded(data: Float32Array, round: (word: number) => number): Uint16Array {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const out = new Uint16Array(data.length);
  // A loop: `from` with a function takes many times as long.
  for (let i = 0; i < out.length; i++) out[i] = round(words[i] ?? 0);
  return out;
}

/**
 * Bits of binary32 values: 65520, from where on a half is infinite; 2^-14, the least normal half; 2^-25, half
 * a step.
 */
const F32_BITS = {
  infinity: 0x7f800000,
  overflow: 0x477ff000,
  normal: 0x38800000,
  zero: 0x33000000,
} as const;

/** From the bits of binary32 to the bits of binary16. */
function halfBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > F32_BITS.infinity) return 0x7e00;
  if (magnitude >= F32_BITS.overflow) return sign | 0x7c00;
  if (magnitude <= F32_BITS.zero) return sign;
  // A rounding that carries into the exponent is right by plain addition.
  if (magnitude >= F32_BITS.normal) return sign | roundOff(magnitude - (F32_BITS.normal - 0x800000), 13);
  return sign | roundOff((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
}

/** From the bits of binary32 to the bits of bfloat16. */
function bfloatBits(word: number): number {
  const isNan = (word & 0x7fffffff) > F32_BITS.infinity;
  return isNan ? ((word >>> 16) & 0x8000) | 0x7fc0 : roundOff(word, 16);
}

/**
 * `value / 2^dropped`, rounded to the nearest whole number, ties to even: half of the last place that is kept is added, less one
 * where that place is even, so that a tie does not carry.
 */
const roundOff = (value: number, dropped: number): number =>
  (value + (1 << (dropped - 1)) - 1 + ((value >>> dropped) & 1)) >>> dropped;
