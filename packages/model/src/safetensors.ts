import { type FileHandle, open } from 'node:fs/promises';
import { ModelError } from './errors.js';
import { fromHalves, toHalf } from './half.js';

export type FileDType = 'F32' | 'F16' | 'BF16';
const BYTES_PER: Readonly<Record<FileDType, number>> = { F32: 4, F16: 2, BF16: 2 };
const MAX_HEADER_BYTES = 100_000_000;

/** A tensor of a safetensors file: where its bytes lie, counted from the start of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the header of a file. @throws ModelError `MODEL_FILE` naming the file, or the tensor that does not fit. */
export async function readHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });
  try {
    const size = (await file.stat()).size;
    const length = headerLength(await readAt(file, 0, Math.min(8, size)), size, path);
    return parseHeader(await readAt(file, 8, length), size, path);
  } finally {
    await file.close();
  }
}

/** Splits bytes into header and tensors. @throws ModelError `MODEL_FILE` */
export function parseSafetensors(bytes: Uint8Array, what: string): SafetensorsHeader {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, what);
  return parseHeader(bytes.subarray(8, 8 + length), bytes.length, what);
}

function headerLength(first8: Uint8Array, size: number, what: string): number {
  if (first8.length < 8)
    throw new ModelError('MODEL_FILE', `${what}: ${size} bytes are too few for a safetensors file`);
  const length = Number(new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || 8 + length > size) {
    throw new ModelError(
      'MODEL_FILE',
      `${what}: not a safetensors file (header of ${length} bytes in a file of ${size})`,
    );
  }
  return length;
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  await file.read(buffer, 0, length, offset);
  return buffer;
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
    else entries.set(name, parseEntry(name, value, 8 + header.length, size, what));
  }
  return { entries, metadata };
}

function parseEntry(name: string, value: unknown, base: number, size: number, what: string): TensorEntry {
  const entry = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown } | null; // every field is checked below
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  const isWhole = (v: unknown): v is number => typeof v === 'number' && Number.isInteger(v) && v >= 0;
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw new ModelError(
      'MODEL_FILE',
      `${what}: tensor ${name} has dtype ${JSON.stringify(dtype)}, want F32, F16 or BF16`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isWhole) || !Array.isArray(offsets) || !offsets.every(isWhole)) {
    throw new ModelError('MODEL_FILE', `${what}: tensor ${name} has no valid shape and data_offsets`);
  }
  const [begin = 0, end = 0] = offsets;
  const want = shape.reduce((n, d) => n * d, BYTES_PER[dtype]);
  if (end - begin !== want || base + end > size) {
    throw new ModelError(
      'MODEL_FILE',
      `${what}: tensor ${name} ${dtype}[${shape.join(',')}] needs ${want} bytes, has ${begin}..${end} of a file of ${size}`,
    );
  }
  return { name, dtype, shape, offset: base + begin, bytes: want };
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
  const end = tensors.reduce((n, t) => n + t.data.length * BYTES_PER[dtype], header.length);
  const out = new Uint8Array(end);
  out.set(header);
  let offset = header.length;
  for (const t of tensors) {
    const raw = dtype === 'F32' ? t.data : toHalf(t.data);
    out.set(new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength), offset);
    offset += raw.byteLength;
  }
  return out;
}

/** The bytes before the first tensor of a file that holds tensors of one type in the order given. */
export function encodeHeader(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
  dtype: FileDType,
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let end = 0;
  for (const { name, shape } of tensors) {
    const begin = end;
    end += shape.reduce((n, d) => n * d, BYTES_PER[dtype]);
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8, ' '));
  const out = new Uint8Array(8 + text.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

/** The values of a tensor as f32. */
export function readTensor(bytes: Uint8Array, entry: TensorEntry): Float32Array {
  // A copy, because the offset need not be aligned; not `slice`, which on a Buffer would share the memory.
  const raw = new Uint8Array(bytes.subarray(entry.offset, entry.offset + entry.bytes));
  if (entry.dtype === 'F32') return new Float32Array(raw.buffer);
  return fromHalves(new Uint16Array(raw.buffer), entry.dtype);
}
