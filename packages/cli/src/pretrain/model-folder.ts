import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NamedTensor, writeSafetensors } from '@residency/model';
import type { BpeFiles } from '@residency/text';
import type { PretrainRecipe } from './recipe.js';

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/** The Hugging Face config.json of a recipe. */
export function configJson(
  recipe: PretrainRecipe,
  vocabSize: number,
  stopId: number,
): Readonly<Record<string, unknown>> {
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    ...recipe.config,
    hidden_act: 'silu',
    vocab_size: vocabSize,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
    use_sliding_window: false,
    eos_token_id: stopId,
    torch_dtype: 'float16',
  };
}

/** Writes tokenizer and configuration of a Hugging Face folder. */
export async function writeModelFiles(
  dir: string,
  bpe: BpeFiles,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'config.json'), json(config));
  await writeFile(join(dir, 'tokenizer.json'), json(bpe.tokenizer));
  await writeFile(join(dir, 'tokenizer_config.json'), json(bpe.config));
}

/** Writes the weights as half precision and returns the file's SHA-256. */
export async function writeWeights(dir: string, weights: readonly NamedTensor[]): Promise<string> {
  const bytes = writeSafetensors(weights, { format: 'pt' }, 'F16');
  await writeFile(join(dir, 'model.safetensors'), bytes);
  return createHash('sha256').update(bytes).digest('hex');
}
