import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { readInto } from '../read-chunk.js';
import type { TensorInfo } from './tensor-infos.js';
import { readableTypes } from './tensor-types.js';

/** Values converted at once: 4 MiB of f32. */
const CHUNK_VALUES = 1 << 20;

/**
 * The values of a tensor as f32, in order, in pieces of whole groups of `rowGroup` rows. Each piece is valid
 * until the next one is asked for: they share their memory.
 * @throws ModelError `MODEL_WEIGHT` for a type that is not read, `MODEL_FILE` where the file ended
 */
export async function* dequantizedChunks(
  file: FileHandle,
  tensor: TensorInfo,
  rowGroup: number = 1,
): AsyncGenerator<Float32Array> {
  const { type, shape, name } = tensor;
  const { dequantize } = type;
  if (dequantize === null)
    throw new ModelError('MODEL_WEIGHT', `tensor ${name} is ${type.name}, want ${readableTypes.join(', ')}`);
  const rowValues = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const groups = Math.max(1, Math.floor(CHUNK_VALUES / (rowValues * rowGroup)));
  const chunkRows = Math.min(rows, groups * rowGroup);
  const rowBytes = (rowValues / type.blockSize) * type.blockBytes;
  const raw = new Uint8Array(chunkRows * rowBytes);
  const values = new Float32Array(chunkRows * rowValues);
  for (let row = 0; row < rows; row += chunkRows) {
    const count = Math.min(chunkRows, rows - row);
    const source = raw.subarray(0, count * rowBytes);
    const found = await readInto(file, tensor.offset + row * rowBytes, source);
    if (found < source.length)
      throw new ModelError('MODEL_FILE', `truncated: tensor ${name} ends at row ${row} of ${rows}`);
    dequantize(source, values, (count * rowValues) / type.blockSize);
    yield values.subarray(0, count * rowValues);
  }
}
