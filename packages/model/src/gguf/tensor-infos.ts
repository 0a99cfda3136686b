import type { Cursor } from './cursor.js';
import { TENSOR_TYPES, type TensorType } from './tensor-types.js';

/** A tensor of a GGUF file. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  /** Outermost axis first, as in Hugging Face files; GGUF itself lists the innermost first. */
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** ggml's GGML_MAX_DIMS. */
const MAX_DIMS = 4;

interface RawInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** From the beginning of the data. */
  readonly relative: bigint;
  readonly bytes: number;
}

/**
 * Reads `count` tensor infos; the data begin behind them, at the next multiple of `alignment` bytes.
 * @throws ModelError `MODEL_FILE` naming the tensor: unknown type, no shape, data that overlap or lie outside
 * the file
 */
export function readTensorInfos(
  cursor: Cursor,
  count: number,
  alignment: number,
): ReadonlyMap<string, TensorInfo> {
  const raw = new Map<string, RawInfo>();
  for (let i = 0; i < count; i++) {
    const info = readInfo(cursor, i);
    if (raw.has(info.name)) throw cursor.error(`tensor ${info.name} is there twice`);
    raw.set(info.name, info);
  }
  const data = Math.ceil(cursor.offset / alignment) * alignment;
  const infos = new Map<string, TensorInfo>();
  const fileBytes = cursor.offset + cursor.left;
  for (const { relative, ...info } of raw.values()) {
    if (relative % BigInt(alignment) !== 0n)
      throw cursor.error(`tensor ${info.name} has offset ${relative}, want a multiple of ${alignment}`);
    const offset = BigInt(data) + relative;
    if (offset + BigInt(info.bytes) > BigInt(fileBytes)) {
      throw cursor.error(
        `truncated: tensor ${info.name} ${info.type.name}[${info.shape.join(',')}] has bytes ${offset} to ` +
          `${offset + BigInt(info.bytes)}, the file has ${fileBytes}`,
      );
    }
    infos.set(info.name, { ...info, offset: Number(offset) });
  }
  refuseOverlap(cursor, infos);
  return infos;
}

function readInfo(cursor: Cursor, index: number): RawInfo {
  const name = cursor.string(`the name of tensor ${index}`);
  const dims = cursor.u32(`the number of dimensions of ${name}`);
  if (dims < 1 || dims > MAX_DIMS)
    throw cursor.error(`tensor ${name} has ${dims} dimensions, want 1 to ${MAX_DIMS}`);
  const shape: number[] = [];
  let values = 1;
  for (let axis = 0; axis < dims; axis++) {
    const size = Number(cursor.u64(`dimension ${axis} of ${name}`));
    values *= size;
    if (size < 1 || !Number.isSafeInteger(values))
      throw cursor.error(`tensor ${name} has dimension ${axis} of ${size}, want a size that a file can hold`);
    shape.unshift(size);
  }
  const id = cursor.u32(`the type of ${name}`);
  const type = TENSOR_TYPES.get(id);
  if (!type) throw cursor.error(`tensor ${name} has type ${id}, which is no known ggml type`);
  const row = shape.at(-1) ?? 1;
  if (row % type.blockSize !== 0) {
    throw cursor.error(
      `tensor ${name} has rows of ${row} values, want a multiple of ${type.blockSize} (${type.name})`,
    );
  }
  const bytes = (values / type.blockSize) * type.blockBytes;
  return { name, type, shape, relative: cursor.u64(`the offset of ${name}`), bytes };
}

function refuseOverlap(cursor: Cursor, infos: ReadonlyMap<string, TensorInfo>): void {
  const sorted = [...infos.values()].sort((a, b) => a.offset - b.offset);
  for (const [i, info] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next && info.offset + info.bytes > next.offset)
      throw cursor.error(`tensors ${info.name} and ${next.name} overlap`);
  }
}
