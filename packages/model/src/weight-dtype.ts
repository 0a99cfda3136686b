import { fromHalves, toBFloat, toHalf } from './half.js';

/** Types that weights are read from and written as. */
export type WeightDType = 'F32' | 'F16' | 'BF16';

export const BYTES_PER_VALUE: Readonly<Record<WeightDType, number>> = { F32: 4, F16: 2, BF16: 2 };

export const isWeightDType = (dtype: string): dtype is WeightDType => Object.hasOwn(BYTES_PER_VALUE, dtype);

/** The first value that rounds to infinity (IEEE 754; bfloat16 has the exponents of f32). */
const OVERFLOW: Readonly<Record<WeightDType, number>> = {
  F32: Number.POSITIVE_INFINITY,
  F16: 65_520,
  BF16: 2 ** 128 - 2 ** 119,
};

const NARROWED: Readonly<Record<WeightDType, (values: Float32Array) => Float32Array | Uint16Array>> = {
  F32: (values) => values,
  F16: toHalf,
  BF16: toBFloat,
};

/** Values as little-endian bytes of a type, rounded to nearest, ties to even. */
export function narrow(values: Float32Array, dtype: WeightDType): Uint8Array {
  const { buffer, byteOffset, byteLength } = NARROWED[dtype](values);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The values of bytes that begin a buffer; exact. */
export const widen = ({ buffer }: Uint8Array<ArrayBuffer>, dtype: WeightDType): Float32Array =>
  dtype === 'F32' ? new Float32Array(buffer) : fromHalves(new Uint16Array(buffer), dtype);

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
