import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { WeightFiles } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import { ModelError } from './errors.js';
import { weightShapes } from './parameters.js';
import { readChunk } from './read-chunk.js';
import type { NamedTensor } from './safetensors.js';

/**
 * Reads all weights of a decoder, in its order.
 * @throws ModelError `MODEL_REQUEST` where they are held in 16 bits, which nothing trains; `MODEL_FILE`
 */
export async function readWeights(files: WeightFiles, c: DecoderConfig): Promise<NamedTensor[]> {
  const tensors: NamedTensor[] = [];
  for (const [name, shape] of weightShapes(c)) {
    const location = files.locations.get(name);
    if (location === undefined) throw new TypeError(`internal: weight ${name} lies nowhere`);
    const { dtype = 'f32', offset, bytes } = location;
    if (dtype !== 'f32')
      throw new ModelError(
        'MODEL_REQUEST',
        `all weights are trained as f32, these are held as ${dtype}: train an adapter`,
      );
    const path = join(files.folder, location.file);
    const file = await open(path, 'r');
    try {
      const chunk = await readChunk(file, path, offset, bytes);
      tensors.push({ name, shape, data: new Float32Array(chunk.buffer, 0, bytes / 4) });
    } finally {
      await file.close();
    }
  }
  return tensors;
}
