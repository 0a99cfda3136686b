/** Types that weights are written as. */
export type WeightDType = 'F32' | 'F16' | 'BF16';

export const BYTES_PER_VALUE: Readonly<Record<WeightDType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** The first value that rounds to infinity (IEEE 754; bfloat16 has the exponents of f32). */
const OVERFLOW: Readonly<Record<WeightDType, number>> = {
  F32: Number.POSITIVE_INFINITY,
  F16: 65_520,
  BF16: 2 ** 128 - 2 ** 119,
};

const BITS: Readonly<Record<WeightDType, (bits: Uint32Array) => Uint8Array>> = {
  F32: (bits) => new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength),
  F16: (bits) => halves(bits, halfOf),
  BF16: (bits) => halves(bits, bfloatOf),
};

/** Values as little-endian bytes of a type, rounded to nearest, ties to even. */
export const narrow = (values: Float32Array, dtype: WeightDType): Uint8Array =>
  BITS[dtype](new Uint32Array(values.buffer, values.byteOffset, values.length));

/** The first finite value that would become infinite as a type; undefined where all fit. */
export function firstOverflow(values: Float32Array, dtype: WeightDType): number | undefined {
  const limit = OVERFLOW[dtype];
  // A loop: `find` with a function takes many times as long.
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if ((value >= limit || value <= -limit) && Number.isFinite(value)) return value;
  }
  return undefined;
}

function halves(bits: Uint32Array, round: (bits: number) => number): Uint8Array {
  const out = new Uint16Array(bits.length);
  // A loop: `from` with a function takes many times as long.
  for (let i = 0; i < out.length; i++) out[i] = round(bits[i] ?? 0);
  return new Uint8Array(out.buffer);
}

/** Half of the last place that is kept, less one where that place is even: then a tie does not carry. */
const roundOff = (bits: number, dropped: number): number =>
  (bits + (1 << (dropped - 1)) - 1 + ((bits >>> dropped) & 1)) >>> dropped;

function bfloatOf(bits: number): number {
  const isNan = (bits & 0x7fff_ffff) > 0x7f80_0000;
  return isNan ? ((bits >>> 16) & 0x8000) | 0x7fc0 : roundOff(bits, 16);
}

/** Exponent bias of f32 less that of f16, at the place of f32's exponent. */
const REBIAS = (127 - 15) << 23;
/** 2^-14, the smallest normal half, and 65520, the first value that rounds to infinity, as bits of f32. */
const SMALLEST_NORMAL = 0x3880_0000;
const INFINITE = 0x477f_f000;

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return 0x7e00;
  if (magnitude >= INFINITE) return sign | 0x7c00;
  if (magnitude >= SMALLEST_NORMAL) return sign | roundOff(magnitude - REBIAS, 13);
  // A subnormal half counts steps of 2^-24; the fraction with its leading one counts steps of 2^(exponent -
  // 150).
  const exponent = magnitude >>> 23;
  const dropped = 126 - exponent;
  // Below half a step, and f32's own subnormals, nothing is left.
  if (dropped > 24) return sign;
  return sign | roundOff((magnitude & 0x7f_ffff) | 0x80_0000, dropped);
}
