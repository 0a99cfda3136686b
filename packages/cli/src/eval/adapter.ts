import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import {
  type AdapterRef,
  checkFit,
  encodeAdapter,
  initAdapter,
  readBaseModel,
  readConfig,
  readLoraAdapter,
} from '@residency/model';

/** An adapter ready to sample with, and what it is called. */
export interface LoadedAdapter {
  readonly name: string;
  readonly ref: AdapterRef;
}

/**
 * Reads an adapter, file or PEFT folder, as the engine takes it: with a pair for every projection. Those that the
 * adapter leaves alone get one that adds nothing, and its scale becomes alpha / rank.
 * @throws ModelError `MODEL_FILE`, `MODEL_ADAPTER`, `MODEL_CONFIG`, also where it does not fit the model
 */
export async function loadAdapter(path: string, modelDir: string): Promise<LoadedAdapter> {
  const adapter = await readLoraAdapter(path);
  checkFit(adapter, await readBaseModel(modelDir));
  const { rank, scale, pairs } = adapter;
  const own = new Map(pairs.flatMap(({ a, b }) => [a, b]).map((tensor) => [tensor.name, tensor]));
  // Initial pairs have a B of zeros.
  const initial = initAdapter(await readConfig(modelDir), { seed: 0, rank, alpha: scale * rank });
  const tensors = initial.tensors.map((tensor) => own.get(tensor.name) ?? tensor);
  const bytes = encodeAdapter({ ...initial, tensors });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { name: basename(path).replace(/\.safetensors$/, ''), ref: { sha256, bytes } };
}
