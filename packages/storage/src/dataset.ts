import { StringDecoder } from 'node:string_decoder';
import { ResidencyError } from '@residency/protocol';
import { type ArtifactStore, readBytes } from './artifact-store.js';

/** One chat message of a prompt. */
export interface DatasetMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly content: string;
}

/** A row of a reinforcement dataset: the prompt, and all of the row, prompt included, as the item that graders see. */
export interface DatasetRow {
  readonly messages: readonly DatasetMessage[];
  readonly item: Readonly<Record<string, unknown>>;
}

/** Rows per dataset. */
export const MAX_ROWS = 50_000;
/** Characters per line. */
const MAX_LINE = 1024 * 1024;
const ROLES: readonly string[] = ['system', 'developer', 'user', 'assistant'];

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseMessage(value: unknown, path: string, refuse: (problem: string) => never): DatasetMessage {
  if (!isObject(value)) return refuse(`${path}: found ${shown(value)}, wanted an object`);
  const { role, content, ...rest } = value;
  if (typeof role !== 'string' || !ROLES.includes(role)) {
    return refuse(`${path}.role: found ${shown(role)}, wanted one of ${ROLES.join(', ')}`);
  }
  if (typeof content !== 'string' || content === '') {
    return refuse(`${path}.content: found ${shown(content)}, wanted a text that is not empty`);
  }
  const [extra] = Object.keys(rest).sort();
  if (extra !== undefined)
    return refuse(`${path}.${extra}: found a key that is not read, wanted role and content`);
  return { role: role as DatasetMessage['role'], content };
}

/**
 * One line of a dataset.
 * @param where names the dataset and is the error's `param`, such as `training_file`
 * @param line counted from 1
 * @throws ResidencyError `invalid_dataset` naming the line, what was found and what was wanted.
 */
export function parseRow(text: string, where: string, line: number): DatasetRow {
  const refuse = (problem: string): never => {
    throw new ResidencyError('invalid_dataset', `${where} line ${line}: ${problem}`, { param: where });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`found ${shown(text.slice(0, 40))}, wanted a JSON object`);
  }
  if (!isObject(value)) return refuse(`found ${shown(value)}, wanted a JSON object`);
  const { messages } = value;
  if (!Array.isArray(messages) || messages.length === 0) {
    return refuse(`messages: found ${shown(messages)}, wanted a list of messages`);
  }
  const parsed = messages.map((message, at) => parseMessage(message, `messages[${at}]`, refuse));
  const last = parsed.at(-1);
  if (last?.role !== 'user') {
    return refuse(`messages: found a last message of ${shown(last?.role)}, wanted one of the user to answer`);
  }
  return { messages: parsed, item: { ...value, messages: parsed } };
}

/** The lines of a byte stream that are not blank, with their numbers from 1. */
async function* linesOf(
  source: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<{ line: number; text: string }, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let line = 0;
  const check = (text: string): void => {
    if (text.length <= MAX_LINE) return;
    throw new ResidencyError(
      'invalid_dataset',
      `${where} line ${line + 1}: found more than ${MAX_LINE} characters, wanted a shorter line`,
      { param: where },
    );
  };
  for await (const chunk of source) {
    const parts = (rest + decoder.write(Buffer.from(chunk))).split('\n');
    rest = parts.pop() ?? '';
    for (const text of parts) {
      check(text);
      line += 1;
      if (text.trim() !== '') yield { line, text };
    }
    check(rest);
  }
  rest += decoder.end();
  if (rest.trim() !== '') yield { line: line + 1, text: rest };
}

/**
 * Reads a dataset row by row without holding it in memory.
 * @throws ResidencyError `invalid_dataset` for the first bad line, an empty file, or more rows than allowed.
 */
export async function* readRows(
  source: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<{ line: number; row: DatasetRow }, void, undefined> {
  let rows = 0;
  for await (const { line, text } of linesOf(source, where)) {
    rows += 1;
    if (rows > MAX_ROWS) {
      throw new ResidencyError(
        'invalid_dataset',
        `${where} line ${line}: found more than ${MAX_ROWS} rows, wanted at most ${MAX_ROWS}`,
        { param: where },
      );
    }
    yield { line, row: parseRow(text, where, line) };
  }
  if (rows === 0) {
    throw new ResidencyError('invalid_dataset', `${where}: found no rows, wanted at least one`, {
      param: where,
    });
  }
}

/** Rows of the datasets that a worker is using, by the hash of their bytes. */
export class DatasetCache {
  readonly #store: ArtifactStore;
  /** At most `#limit` datasets, least recently used first. */
  readonly #rows: Map<string, Promise<readonly DatasetRow[]>> = new Map();
  readonly #limit: number;

  constructor(store: ArtifactStore, limit = 4) {
    this.#store = store;
    this.#limit = limit;
  }

  /** @throws ResidencyError `artifact_not_found`, `artifact_corrupt`, `invalid_dataset`. */
  async row(sha256: string, item: number): Promise<DatasetRow> {
    const row = (await this.#load(sha256))[item];
    if (row === undefined) throw new ResidencyError('invalid_dataset', `dataset ${sha256}: no row ${item}`);
    return row;
  }

  #load(sha256: string): Promise<readonly DatasetRow[]> {
    const known = this.#rows.get(sha256);
    const loading = known ?? this.#parse(sha256);
    this.#rows.delete(sha256);
    this.#rows.set(sha256, loading);
    // A failed load must not be remembered.
    loading.catch(() => this.#rows.delete(sha256));
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > this.#limit && oldest !== undefined) this.#rows.delete(oldest);
    return loading;
  }

  async #parse(sha256: string): Promise<readonly DatasetRow[]> {
    const bytes = await readBytes(this.#store, sha256);
    const once = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield bytes;
    };
    const rows: DatasetRow[] = [];
    for await (const { row } of readRows(once(), 'dataset')) rows.push(row);
    return rows;
  }
}
