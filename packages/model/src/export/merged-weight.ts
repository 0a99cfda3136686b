import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { readChunk } from '../read-chunk.js';
import { BYTES_PER_VALUE, firstOverflow, narrow, type WeightDType, widen } from '../weight-dtype.js';
import type { BaseWeight } from './base-model.js';
import type { LoraPair } from './lora-adapter.js';

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
    const size = BYTES_PER_VALUE[weight.dtype];
    const raw = await readChunk(file, weight.path, weight.offset + at * size, length * size);
    if (!pair && dtype === weight.dtype) {
      yield raw;
      continue;
    }
    const values = widen(raw, weight.dtype);
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
