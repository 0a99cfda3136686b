import { TextError } from './errors.js';
import type { JsonObject, TokenizerFiles } from './tokenizer-files.js';

const SPECIAL_TOKENS = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;

const END_OF_TURN = '<|im_end|>';

/** A special token's text: files write it as a string or as an object with `content`. */
function tokenText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('content' in value)) return null;
  return typeof value.content === 'string' ? value.content : null;
}

/** The special tokens that tokenizer_config.json names, as a chat template may use them. */
export function specialTokens(tokenizerConfig: JsonObject): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of SPECIAL_TOKENS) {
    const text = tokenText(tokenizerConfig[name]);
    if (text !== null) tokens[name] = text;
  }
  return tokens;
}

/** `eos_token_id` of a configuration file: one id or a list. */
function endIds(where: string, config: JsonObject | null): number[] {
  const value = config?.['eos_token_id'];
  if (value === undefined || value === null) return [];
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  return ids.map((id) => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0) return id;
    throw new TextError(
      'TEXT_FIELD',
      `${where}: eos_token_id is ${JSON.stringify(value)}, want an id or a list of ids`,
    );
  });
}

/**
 * The ids that end a completion, ascending: those of generation_config.json and config.json, tokenizer_config.json's
 * eos_token, and `<|im_end|>` where the vocabulary has it.
 * @throws TextError TEXT_FIELD, TEXT_NO_STOP_TOKEN
 */
export function stopTokenIds(files: TokenizerFiles, idOf: (token: string) => number | undefined): number[] {
  const ids = new Set([
    ...endIds(`${files.folder}/generation_config.json`, files.generationConfig),
    ...endIds(`${files.folder}/config.json`, files.config),
  ]);
  for (const token of [specialTokens(files.tokenizerConfig)['eos_token'], END_OF_TURN]) {
    const id = token === undefined ? undefined : idOf(token);
    if (id !== undefined) ids.add(id);
  }
  if (ids.size === 0) {
    throw new TextError(
      'TEXT_NO_STOP_TOKEN',
      `${files.folder}: no stop token, want eos_token_id in generation_config.json or config.json, ` +
        `eos_token in tokenizer_config.json, or '${END_OF_TURN}' in the vocabulary`,
    );
  }
  return [...ids].sort((a, b) => a - b);
}
