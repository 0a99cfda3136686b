import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { HEAD } from '../parameters.js';
import { readHeader } from '../safetensors.js';
import { isWeightDType, type WeightDType } from '../weight-dtype.js';
import { readJsonFile, unreadable } from './json-file.js';
import type { LoraAdapter } from './lora-adapter.js';

/** A weight of a model folder: where its bytes lie. */
export interface BaseWeight {
  readonly name: string;
  readonly path: string;
  readonly dtype: WeightDType;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
}

/** A Hugging Face folder, as an export reads it. */
export interface BaseModel {
  /** Text of its config.json. */
  readonly configText: string;
  /** All weights, in the order of the files' names and of the tensors in them; a tied head is none. */
  readonly weights: readonly BaseWeight[];
  /**
   * Names of the files that go along with the weights as they are: tokenizer, generation settings, licence.
   */
  readonly companions: readonly string[];
}

/** Files that go along, by their names. */
const COMPANIONS: readonly RegExp[] = [
  /^generation_config\.json$/,
  /^tokenizer.*\.(json|model)$/,
  /^(special_tokens_map|added_tokens)\.json$/,
  /^(vocab\.(json|txt)|merges\.txt)$/,
  /^chat_template.*$/,
  /^(licen[cs]e|notice).*$/i,
];

/**
 * Reads what a model folder holds, headers only.
 * @throws ModelError `MODEL_FILE`, `MODEL_WEIGHT` naming a tensor that is no f32, f16 or bf16
 */
export async function readBaseModel(dir: string): Promise<BaseModel> {
  const names = (await readdir(dir).catch(unreadable(dir))).sort();
  const config = await readJsonFile(join(dir, 'config.json'));
  const isTied = config.fields['tie_word_embeddings'] === true;
  const weights: BaseWeight[] = [];
  for (const file of await weightFiles(dir, names)) {
    const path = join(dir, file);
    for (const { name, dtype, shape, offset } of (await readHeader(path)).entries.values()) {
      if (!isWeightDType(dtype))
        throw new ModelError('MODEL_WEIGHT', `${path}: tensor ${name} is ${dtype}, want F32, F16 or BF16`);
      if (!isTied || name !== HEAD) weights.push({ name, path, dtype, shape, offset });
    }
  }
  return {
    configText: config.text,
    weights,
    companions: names.filter((name) => COMPANIONS.some((known) => known.test(name))),
  };
}

/** The files that the index names, or all. */
async function weightFiles(dir: string, names: readonly string[]): Promise<string[]> {
  const index = 'model.safetensors.index.json';
  if (names.includes(index)) {
    const path = join(dir, index);
    const { fields } = await readJsonFile(path);
    const files = [...new Set(Object.values(Object(fields['weight_map'])))].map(String).sort();
    const other = files.find((file) => !names.includes(file));
    if (other !== undefined)
      throw new ModelError('MODEL_FILE', `${path}: names ${other}, which is not in the folder`);
    if (files.length > 0) return files;
  }
  const files = names.filter((name) => name.endsWith('.safetensors'));
  if (files.length === 0) throw new ModelError('MODEL_FILE', `${dir}: has no .safetensors file`);
  return files;
}

/**
 * Makes sure that every pair of an adapter has a weight that it fits.
 * @throws ModelError `MODEL_ADAPTER` naming the module, what was found and what was wanted
 */
export function checkFit({ pairs }: LoraAdapter, { weights }: BaseModel): void {
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  for (const { module, a, b } of pairs) {
    const found = shapes.get(`${module}.weight`);
    const want = [b.shape[0], a.shape[1]];
    if (found?.join() === want.join()) continue;
    const what = found ? `is [${found.join(',')}]` : 'is missing';
    throw new ModelError(
      'MODEL_ADAPTER',
      `adapter: the base model's ${module}.weight ${what}, want [${want.join(',')}] as its LoRA pair`,
    );
  }
}
