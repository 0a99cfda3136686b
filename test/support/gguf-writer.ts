// Writes GGUF files from the format's definition (ggml's docs/gguf.md), sharing nothing with the reader under
// test.

/** Value types by name, as the format numbers them. */
const VALUE_TYPES = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;
type ScalarType = Exclude<keyof typeof VALUE_TYPES, 'array'>;

/** A value with its type; a list has the type of its elements. */
export type GgufValue =
  | readonly [type: ScalarType, value: unknown]
  | readonly [type: 'array', of: ScalarType, values: readonly unknown[]];

export interface GgufTensor {
  readonly name: string;
  /** Outermost axis first. */
  readonly shape: readonly number[];
  /** The number of the ggml type. */
  readonly type: number;
  readonly data: Uint8Array;
}

export interface GgufContents {
  readonly version?: number;
  readonly metadata: Readonly<Record<string, GgufValue>>;
  readonly tensors: readonly GgufTensor[];
  readonly alignment?: number;
}

const bytesOf = (length: number, write: (view: DataView) => void): Buffer => {
  const buffer = Buffer.alloc(length);
  write(new DataView(buffer.buffer, buffer.byteOffset, length));
  return buffer;
};
export const u32 = (value: number): Buffer => bytesOf(4, (v) => v.setUint32(0, value, true));
export const u64 = (value: number | bigint): Buffer =>
  bytesOf(8, (v) => v.setBigUint64(0, BigInt(value), true));
export const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
};
export const f32s = (values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

const SCALARS: Readonly<Record<ScalarType, (value: unknown) => Buffer>> = {
  u8: (value) => bytesOf(1, (v) => v.setUint8(0, Number(value))),
  i8: (value) => bytesOf(1, (v) => v.setInt8(0, Number(value))),
  u16: (value) => bytesOf(2, (v) => v.setUint16(0, Number(value), true)),
  i16: (value) => bytesOf(2, (v) => v.setInt16(0, Number(value), true)),
  u32: (value) => u32(Number(value)),
  i32: (value) => bytesOf(4, (v) => v.setInt32(0, Number(value), true)),
  f32: (value) => bytesOf(4, (v) => v.setFloat32(0, Number(value), true)),
  bool: (value) => Buffer.of(value === true ? 1 : 0),
  string: (value) => text(String(value)),
  u64: (value) => u64(BigInt(value as bigint)), // a bigint or a number, by the type's name
  i64: (value) => bytesOf(8, (v) => v.setBigInt64(0, BigInt(value as bigint), true)),
  f64: (value) => bytesOf(8, (v) => v.setFloat64(0, Number(value), true)),
};

function encodeValue(value: GgufValue): Buffer {
  if (value[0] !== 'array') return Buffer.concat([u32(VALUE_TYPES[value[0]]), SCALARS[value[0]](value[1])]);
  const [, of, values] = value;
  return Buffer.concat([
    u32(VALUE_TYPES.array),
    u32(VALUE_TYPES[of]),
    u64(values.length),
    ...values.map(SCALARS[of]),
  ]);
}

const padded = (bytes: Buffer, alignment: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);

/** The bytes of a GGUF file. */
export function encodeGguf({ version = 3, metadata, tensors, alignment = 32 }: GgufContents): Buffer {
  const pairs = Object.entries(metadata).map(([key, value]) =>
    Buffer.concat([text(key), encodeValue(value)]),
  );
  let offset = 0;
  const infos = tensors.map(({ name, shape, type, data }) => {
    const sizes = [...shape].reverse().map((size) => u64(size));
    const info = Buffer.concat([text(name), u32(shape.length), ...sizes, u32(type), u64(offset)]);
    offset += Math.ceil(data.length / alignment) * alignment;
    return info;
  });
  const counts = [u64(tensors.length), u64(pairs.length)];
  const head = Buffer.concat([Buffer.from('GGUF'), u32(version), ...counts, ...pairs, ...infos]);
  const data = tensors.map((tensor) => padded(Buffer.from(tensor.data), alignment));
  return Buffer.concat([padded(head, alignment), ...data]);
}
