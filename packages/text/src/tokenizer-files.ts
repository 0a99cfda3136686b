import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, TextError } from './errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The files of a Hugging Face folder that say how text becomes ids; a file that may be absent is null. */
export interface TokenizerFiles {
  /** Name of the folder, for messages. */
  readonly folder: string;
  readonly tokenizer: JsonObject;
  readonly tokenizerConfig: JsonObject;
  readonly config: JsonObject | null;
  readonly generationConfig: JsonObject | null;
  /** Content of chat_template.jinja. */
  readonly chatTemplate: string | null;
}

async function readText(dir: string, name: string): Promise<string | null> {
  try {
    return await readFile(join(dir, name), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new TextError('TEXT_FILE_MISSING', `${basename(dir)}/${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function readJson(dir: string, name: string): Promise<JsonObject | null> {
  const text = await readText(dir, name);
  if (text === null) return null;
  const where = `${basename(dir)}/${name}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TextError('TEXT_FILE_NOT_JSON', `${where}: ${messageOf(error)}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    throw new TextError('TEXT_FILE_NOT_JSON', `${where} holds ${found}, want an object`);
  }
  // JSON.parse gave an object that is neither null nor a list.
  return value as JsonObject;
}

async function requireJson(dir: string, name: string): Promise<JsonObject> {
  const value = await readJson(dir, name);
  if (value !== null) return value;
  throw new TextError(
    'TEXT_FILE_MISSING',
    `${basename(dir)}: ${name} is absent, want a Hugging Face ${name}`,
  );
}

/**
 * Reads tokenizer.json and tokenizer_config.json, and where they exist config.json, generation_config.json and
 * chat_template.jinja.
 * @throws TextError TEXT_FILE_MISSING, TEXT_FILE_NOT_JSON
 */
export async function readTokenizerFiles(dir: string): Promise<TokenizerFiles> {
  return {
    folder: basename(dir),
    tokenizer: await requireJson(dir, 'tokenizer.json'),
    tokenizerConfig: await requireJson(dir, 'tokenizer_config.json'),
    config: await readJson(dir, 'config.json'),
    generationConfig: await readJson(dir, 'generation_config.json'),
    chatTemplate: await readText(dir, 'chat_template.jinja'),
  };
}
