import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.js';

/** For `catch`: says which path cannot be read. */
export const unreadable =
  (path: string) =>
  (cause: unknown): never => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  };

export interface JsonFile {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads a file that holds a JSON object. @throws ModelError `MODEL_FILE` */
export async function readJsonFile(path: string): Promise<JsonFile> {
  const text = await readFile(path, 'utf8').catch(unreadable(path));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError('MODEL_FILE', `${path}: is not JSON`, { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new ModelError('MODEL_FILE', `${path}: want a JSON object`);
  return { text, fields: json as Readonly<Record<string, unknown>> }; // an object, checked above
}
