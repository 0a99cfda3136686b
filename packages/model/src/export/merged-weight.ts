import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { readTensor } from '../safetensors.js';
import type { BaseWeight } from './base-model.js';
import type { LoraPair } from './lora-adapter.js';
import { BYTES_PER_VALUE, firstOverflow, narrow, type WeightDType } from './narrow.js';

/** Values of a weight that are in memory at once, rounded to whole rows. */
const CHUNK_VALUES = 4 << 20;

export interface MergedWeight {
  readonly weight: BaseWeight;
  /** What is added to the weight; undefined where nothing is. */
  readonly pair: LoraPair | undefined;
  readonly scale: number;
  readonly dtype: WeightDType;
}

export const valuesOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/**
 * The bytes of W + scale B A, in order, a few rows at a time. Sums are taken in double precision and rounded
 * to f32, then to the type, each to nearest even. A weight without a pair whose type stays has its own bytes.
 * @throws ModelError `MODEL_FILE` (ends early), `MODEL_NUMERIC` where a value has no place in the type
 */
export async function* mergedBytes(file: FileHandle, merged: MergedWeight): AsyncGenerator<Uint8Array> {
  const { weight, pair, scale, dtype } = merged;
  const columns = pair ? (weight.shape[1] ?? 1) : 1;
  const step = Math.max(1, Math.floor(CHUNK_VALUES / columns)) * columns;
  const count = valuesOf(weight.shape);
  for (let at = 0; at < count; at += step) {
    const length = Math.min(step, count - at);
    const raw = await readValues(file, weight, at, length);
    if (!pair && dtype === weight.dtype) {
      yield raw;
      continue;
    }
    const entry = { name: weight.name, dtype: weight.dtype, shape: [length], offset: 0, bytes: raw.length };
    const values = readTensor(raw, entry);
    if (pair) addProduct(values, at / columns, pair, scale);
    const overflow = firstOverflow(values, dtype);
    if (overflow !== undefined)
      throw new ModelError('MODEL_NUMERIC', `${weight.name} holds ${overflow}, which ${dtype} cannot`);
    yield narrow(values, dtype);
  }
}

/** Adds scale B A to rows of W, the first of which is `firstRow`. */
function addProduct(rows: Float32Array, firstRow: number, { a, b }: LoraPair, scale: number): void {
  const [rank = 0, columns = 0] = a.shape;
  // Widened once, so that the innermost loop reads and writes one type.
  const wide = Float64Array.from(a.data);
  const parts = Array.from({ length: rank }, (_, r) => wide.subarray(r * columns, (r + 1) * columns));
  const sum = new Float64Array(columns);
  for (let row = 0; row * columns < rows.length; row++) {
    sum.fill(0);
    const factors = b.data.subarray((firstRow + row) * rank, (firstRow + row + 1) * rank);
    parts.forEach((part, r) => {
      addScaled(sum, part, factors[r] ?? 0);
    });
    addRounded(rows, row * columns, sum, scale);
  }
}

function addScaled(sum: Float64Array, values: Float64Array, factor: number): void {
  for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] ?? 0) + factor * (values[j] ?? 0);
}

function addRounded(to: Float32Array, at: number, values: Float64Array, factor: number): void {
  for (let j = 0; j < values.length; j++) to[at + j] = (to[at + j] ?? 0) + factor * (values[j] ?? 0);
}

/** Reads values `at` to `at + length` of a weight. */
async function readValues(
  file: FileHandle,
  weight: BaseWeight,
  at: number,
  length: number,
): Promise<Uint8Array> {
  const size = BYTES_PER_VALUE[weight.dtype];
  const bytes = new Uint8Array(length * size);
  for (let have = 0; have < bytes.length; ) {
    const position = weight.offset + at * size + have;
    const { bytesRead } = await file.read(bytes, have, bytes.length - have, position);
    if (bytesRead === 0) throw new ModelError('MODEL_FILE', `${weight.path}: ends at byte ${position}`);
    have += bytesRead;
  }
  return bytes;
}
