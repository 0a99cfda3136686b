import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DecoderConfig, type NamedTensor, writeSafetensors } from '@residency/model';
import type { TemporaryFolder } from './temporary-folder.js';
import { configOf, randomWeights, TINY_QWEN2 } from './tiny-model.js';

export type FolderFiles = Readonly<Record<string, string | Uint8Array>>;

/** The model whose folder the tests write, whole or in two shards. */
export const QWEN2: DecoderConfig = configOf(TINY_QWEN2);
export const WEIGHTS: readonly NamedTensor[] = randomWeights(QWEN2);
export const INDEX = 'model.safetensors.index.json';
export const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
/** Weights in the first shard. */
const FIRST = 9;

export const whole = (tensors: readonly NamedTensor[] = WEIGHTS): Uint8Array => writeSafetensors(tensors);
export const halves = [whole(WEIGHTS.slice(0, FIRST)), whole(WEIGHTS.slice(FIRST))] as const;
export const index = JSON.stringify({
  weight_map: Object.fromEntries(WEIGHTS.map(({ name }, i) => [name, i < FIRST ? SHARDS[0] : SHARDS[1]])),
});
export const sharded: FolderFiles = { [SHARDS[0]]: halves[0], [SHARDS[1]]: halves[1], [INDEX]: index };

/** Makes a folder `model` with config.json and other files. */
export async function writeModel(folder: TemporaryFolder, files: FolderFiles): Promise<string> {
  const dir = join(folder.path, 'model');
  await mkdir(dir);
  await writeFile(join(dir, 'config.json'), JSON.stringify(TINY_QWEN2));
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  return dir;
}
