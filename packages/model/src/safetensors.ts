import { open } from 'node:fs/promises';
import { ModelError } from './errors.js';
import { fileKind, KIND_BYTES } from './file-kind.js';
import { readChunk } from './read-chunk.js';
import { BYTES_PER_VALUE, isWeightDType, narrow, type WeightDType, widen } from './weight-dtype.js';

/** Bits of an element of each type that the format knows (safetensors, `tensor.rs`). */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;
export type StoredDType = keyof typeof BITS;

const MAX_HEADER_BYTES = 100_000_000;

/** A tensor of a safetensors file: where its bytes lie, counted from the start of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the header of a file.
 * @throws ModelError `MODEL_FILE` naming the file and what it is instead, how much is missing, or the tensor
 * that does not fit
 */
export async function readHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });
  try {
    const size = (await file.stat()).size;
    const length = headerLength(await readChunk(file, path, 0, Math.min(KIND_BYTES, size)), size, path);
    return parseHeader(await readChunk(file, path, 8, length), size, path);
  } finally {
    await file.close();
  }
}

/** Splits bytes into header and tensors. @throws ModelError `MODEL_FILE` */
export function parseSafetensors(bytes: Uint8Array, what: string): SafetensorsHeader {
  const length = headerLength(bytes.subarray(0, KIND_BYTES), bytes.length, what);
  return parseHeader(bytes.subarray(8, 8 + length), bytes.length, what);
}

function headerLength(first: Uint8Array, size: number, what: string): number {
  if (first.length < 8)
    throw new ModelError('MODEL_FILE', `${what}: ${size} bytes are too few for a safetensors file`);
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || 8 + length > size) {
    const kind = fileKind(first);
    throw new ModelError(
      'MODEL_FILE',
      kind
        ? `${what}: is ${kind}`
        : `${what}: not a safetensors file, or cut short (header of ${length} bytes in a file of ${size})`,
    );
  }
  return length;
}

function parseHeader(header: Uint8Array, size: number, what: string): SafetensorsHeader {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(header));
  } catch (cause) {
    throw new ModelError('MODEL_FILE', `${what}: the safetensors header is not JSON`, { cause });
  }
  if (typeof json !== 'object' || json === null)
    throw new ModelError('MODEL_FILE', `${what}: the safetensors header is no object`);
  const entries = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__')
      metadata = Object.fromEntries(Object.entries(Object(value)).map(([k, v]) => [k, String(v)])); // any object will do
    else entries.set(name, parseEntry(name, value, 8 + header.length, what));
  }
  checkLayout(entries, 8 + header.length, size, what);
  return { entries, metadata };
}

function parseEntry(name: string, value: unknown, base: number, what: string): TensorEntry {
  const entry = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown } | null; // every field is checked below
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  const isWhole = (v: unknown): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0;
  if (typeof dtype !== 'string' || !Object.hasOwn(BITS, dtype))
    throw new ModelError(
      'MODEL_FILE',
      `${what}: tensor ${name} has dtype ${JSON.stringify(dtype)}, want one of safetensors`,
    );
  if (!Array.isArray(shape) || !shape.every(isWhole) || !Array.isArray(offsets) || !offsets.every(isWhole)) {
    throw new ModelError('MODEL_FILE', `${what}: tensor ${name} has no valid shape and data_offsets`);
  }
  const stored = dtype as StoredDType; // a key of the table, checked above
  const [begin = 0, end = 0] = offsets;
  const want = shape.reduce((n, d) => n * d, BITS[stored]) / 8;
  if (end - begin !== want) {
    throw new ModelError(
      'MODEL_FILE',
      `${what}: tensor ${name} ${dtype}[${shape.join(',')}] needs ${want} bytes, has ${begin}..${end}`,
    );
  }
  return { name, dtype: stored, shape, offset: base + begin, bytes: want };
}

/** Tensors fill what follows the header, without gaps and overlaps: so the format wants it. */
function checkLayout(
  entries: ReadonlyMap<string, TensorEntry>,
  base: number,
  size: number,
  what: string,
): void {
  let end = base;
  for (const { name, offset, bytes } of [...entries.values()].sort(
    (a, b) => a.offset - b.offset || a.bytes - b.bytes,
  )) {
    if (offset !== end)
      throw new ModelError('MODEL_FILE', `${what}: tensor ${name} begins at byte ${offset}, want ${end}`);
    end += bytes;
  }
  if (end > size)
    throw new ModelError('MODEL_FILE', `${what}: is cut short: has ${size} bytes, its tensors need ${end}`);
  if (end < size) throw new ModelError('MODEL_FILE', `${what}: has ${size} bytes, its tensors end at ${end}`);
}

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Writes tensors in the order given; equal tensors give equal bytes. Data start on a multiple of 8 bytes. */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
  dtype: 'F32' | 'F16' = 'F32',
): Uint8Array {
  const header = encodeHeader(tensors, metadata, dtype);
  const end = tensors.reduce((n, t) => n + t.data.length * BYTES_PER_VALUE[dtype], header.length);
  const out = new Uint8Array(end);
  out.set(header);
  let offset = header.length;
  for (const t of tensors) {
    const bytes = narrow(t.data, dtype);
    out.set(bytes, offset);
    offset += bytes.length;
  }
  return out;
}

/** The bytes before the first tensor of a file that holds tensors of one type in the order given. */
export function encodeHeader(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
  dtype: WeightDType,
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let end = 0;
  for (const { name, shape } of tensors) {
    const begin = end;
    end += shape.reduce((n, d) => n * d, BYTES_PER_VALUE[dtype]);
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8, ' '));
  const out = new Uint8Array(8 + text.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

/** The values of a tensor as f32. @throws ModelError `MODEL_WEIGHT` where they are no 16- or 32-bit floats */
export function readTensor(bytes: Uint8Array, entry: TensorEntry): Float32Array {
  if (!isWeightDType(entry.dtype))
    throw new ModelError(
      'MODEL_WEIGHT',
      `tensor ${entry.name} has dtype ${entry.dtype}, want F32, F16 or BF16`,
    );
  // A copy, because the offset need not be aligned; not `slice`, which on a Buffer would share the memory.
  const raw = new Uint8Array(bytes.subarray(entry.offset, entry.offset + entry.bytes));
  return widen(raw, entry.dtype);
}
