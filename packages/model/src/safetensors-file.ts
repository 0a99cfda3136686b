import { writeFile } from 'node:fs/promises';
import { ModelError } from './errors.js';
import { encodeHeader } from './safetensors.js';
import { narrow } from './weight-dtype.js';

/** A tensor that is written piece by piece; each piece is used before the next one is asked for. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  readonly chunks: () => AsyncIterable<Float32Array>;
}

export interface SafetensorsFileOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** @defaultValue 'F32' */
  readonly dtype?: 'F32' | 'F16';
  readonly signal?: AbortSignal;
}

/**
 * Writes a new safetensors file tensor by tensor, with the bytes that `writeSafetensors` gives, holding one
 * piece in memory at a time. Returns the file's size in bytes.
 * @throws ModelError `MODEL_WEIGHT` where the pieces of a tensor are not as many values as its shape says;
 * the system's error where the file exists or cannot be written; the signal's reason where it aborts
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: readonly TensorSource[],
  { metadata = {}, dtype = 'F32', signal }: SafetensorsFileOptions = {},
): Promise<number> {
  let bytes = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const header = encodeHeader(tensors, metadata, dtype);
    bytes = header.length;
    yield header;
    for (const tensor of tensors) {
      let values = 0;
      for await (const chunk of tensor.chunks()) {
        signal?.throwIfAborted();
        values += chunk.length;
        const raw = narrow(chunk, dtype);
        bytes += raw.length;
        yield raw;
      }
      const want = tensor.shape.reduce((product, size) => product * size, 1);
      if (values !== want) {
        const shape = `[${tensor.shape.join(',')}]`;
        throw new ModelError('MODEL_WEIGHT', `tensor ${tensor.name} has ${values} values, want ${shape}`);
      }
    }
  }
  await writeFile(path, pieces(), { flag: 'wx' });
  return bytes;
}
