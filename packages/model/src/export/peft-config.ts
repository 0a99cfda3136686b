import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { readJsonFile } from './json-file.js';

/** PEFT's adapter_config.json for an adapter of a base model, on linear modules of these last names. */
export const peftConfig = (
  baseModel: string,
  rank: number,
  alpha: number,
  targetModules: readonly string[],
): Readonly<Record<string, unknown>> => ({
  peft_type: 'LORA',
  task_type: 'CAUSAL_LM',
  base_model_name_or_path: baseModel,
  r: rank,
  lora_alpha: alpha,
  lora_dropout: 0,
  bias: 'none',
  target_modules: [...targetModules],
  fan_in_fan_out: false,
  inference_mode: true,
});

/** Rank and scale of an adapter folder. */
export interface PeftScale {
  readonly rank: number;
  readonly alpha: number;
  readonly scale: number;
}

/**
 * Fields that change what an adapter computes, and the values at which it is a plain LoRA (PEFT 0.21,
 * `LoraConfig`).
 */
const PLAIN: Readonly<Record<string, (value: unknown) => boolean>> = {
  bias: (value) => value === undefined || value === 'none',
  use_dora: isAbsent,
  fan_in_fan_out: isAbsent,
  modules_to_save: isAbsent,
  rank_pattern: isAbsent,
  alpha_pattern: isAbsent,
  lora_bias: isAbsent,
  alora_invocation_tokens: isAbsent,
  trainable_token_indices: isAbsent,
};

/**
 * Reads the adapter_config.json of a folder that PEFT saved.
 * @throws ModelError `MODEL_FILE`; `MODEL_ADAPTER` naming the field where it is no LoRA, or one with more
 * than pairs
 */
export async function readPeftConfig(dir: string): Promise<PeftScale> {
  const path = join(dir, 'adapter_config.json');
  const { fields: config } = await readJsonFile(path);
  const bad = (field: string, want: string): ModelError =>
    new ModelError(
      'MODEL_ADAPTER',
      `${path}: ${field} is ${JSON.stringify(config[field]) ?? 'missing'}, want ${want}`,
    );
  if (config['peft_type'] !== 'LORA') throw bad('peft_type', '"LORA"');
  for (const [field, isPlain] of Object.entries(PLAIN)) {
    if (!isPlain(config[field])) throw bad(field, 'a LoRA without it');
  }
  const { r: rank, lora_alpha: alpha } = config;
  if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1)
    throw bad('r', 'a whole number above 0');
  if (typeof alpha !== 'number' || !(alpha > 0)) throw bad('lora_alpha', 'a number above 0');
  return { rank, alpha, scale: config['use_rslora'] === true ? alpha / Math.sqrt(rank) : alpha / rank };
}

/** What PEFT writes for a feature that is not used. */
function isAbsent(value: unknown): boolean {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return value === undefined || value === null || value === false || isEmpty;
}
