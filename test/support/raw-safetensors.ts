export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A safetensors file of tensors of any type, written apart from the package's own writer. */
export function rawSafetensors(tensors: ReadonlyMap<string, RawTensor>): Buffer {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...[...tensors.values()].map((t) => t.bytes)]);
}

/** A tensor of zeros whose elements take `bits` each. */
export const zeros = (dtype: string, shape: readonly number[], bits: number): RawTensor => ({
  dtype,
  shape,
  bytes: new Uint8Array(shape.reduce((n, d) => n * d, bits) / 8),
});
