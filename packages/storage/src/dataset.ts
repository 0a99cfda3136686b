import { StringDecoder } from 'node:string_decoder';
import { type JobMethod, ResidencyError } from '@residency/protocol';
import { type ArtifactStore, readBytes } from './artifact-store.js';

/** One chat message of a prompt. */
export interface DatasetMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly content: string;
}

/** A row of a dataset: the prompt, and all of the row, prompt included, as the item that graders see. */
export interface DatasetRow {
  readonly messages: readonly DatasetMessage[];
  /** What is learned from: nothing in reinforcement, the answer of a demonstration, the better and the worse of a preference. */
  readonly targets: readonly string[];
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

type Refuse = (problem: string) => never;

function parseMessages(messages: unknown, path: string, refuse: Refuse): DatasetMessage[] {
  if (!Array.isArray(messages) || messages.length === 0) {
    return refuse(`${path}: found ${shown(messages)}, wanted a list of messages`);
  }
  return messages.map((message, at) => parseMessage(message, `${path}[${at}]`, refuse));
}

/** Messages that end with one of the user. */
function promptOf(
  messages: readonly DatasetMessage[],
  path: string,
  refuse: Refuse,
): readonly DatasetMessage[] {
  const last = messages.at(-1);
  if (last?.role === 'user') return messages;
  return refuse(`${path}: found a last message of ${shown(last?.role)}, wanted one of the user to answer`);
}

/** The one message of the assistant that a preference is about. */
function outputOf(value: unknown, path: string, refuse: Refuse): string {
  const [message, ...more] = parseMessages(value, path, refuse);
  if (message?.role !== 'assistant' || more.length > 0)
    return refuse(`${path}: found ${shown(value)}, wanted one message of the assistant`);
  return message.content;
}

/** How a row of each method is read, from an object of JSON. */
const ROWS: { readonly [M in JobMethod]: (value: Record<string, unknown>, refuse: Refuse) => DatasetRow } = {
  reinforcement: (value, refuse) => {
    const messages = promptOf(parseMessages(value['messages'], 'messages', refuse), 'messages', refuse);
    return { messages, targets: [], item: { ...value, messages } };
  },
  agent: (value, refuse) => {
    const { task = {}, seed = 0, ...rest } = value;
    const [extra] = Object.keys(rest).sort();
    if (extra !== undefined) return refuse(`${extra}: found a key that is not read, wanted task and seed`);
    if (!Number.isInteger(seed) || Number(seed) < 0 || Number(seed) > 0xffffffff)
      return refuse(`seed: found ${shown(seed)}, wanted an integer from 0 to 4294967295`);
    return { messages: [], targets: [], item: { task, seed } };
  },
  supervised: (value, refuse) => {
    const all = parseMessages(value['messages'], 'messages', refuse);
    const last = all.at(-1);
    if (last?.role !== 'assistant')
      return refuse(
        `messages: found a last message of ${shown(last?.role)}, wanted one of the assistant to learn`,
      );
    const messages = promptOf(all.slice(0, -1), 'messages before the last', refuse);
    return { messages, targets: [last.content], item: { ...value, messages } };
  },
  dpo: (value, refuse) => {
    const { input, preferred_output: preferred, non_preferred_output: other } = value;
    if (!isObject(input)) return refuse(`input: found ${shown(input)}, wanted an object with messages`);
    const messages = promptOf(
      parseMessages(input['messages'], 'input.messages', refuse),
      'input.messages',
      refuse,
    );
    const targets = [
      outputOf(preferred, 'preferred_output', refuse),
      outputOf(other, 'non_preferred_output', refuse),
    ];
    return { messages, targets, item: { ...value, messages } };
  },
};

/**
 * One line of a dataset. A task of an agent has `task`, in its environment's own form, and `seed`. A demonstration (`supervised`) ends with the assistant's message; a preference (`dpo`) has `input`,
 * `preferred_output` and `non_preferred_output` (OpenAI fine-tuning specification 2).
 * @param where names the dataset and is the error's `param`, such as `training_file`
 * @param line counted from 1
 * @throws ResidencyError `invalid_dataset` naming the line, what was found and what was wanted.
 */
export function parseRow(
  text: string,
  where: string,
  line: number,
  method: JobMethod = 'reinforcement',
): DatasetRow {
  const refuse: Refuse = (problem) => {
    throw new ResidencyError('invalid_dataset', `${where} line ${line}: ${problem}`, { param: where });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`found ${shown(text.slice(0, 40))}, wanted a JSON object`);
  }
  if (!isObject(value)) return refuse(`found ${shown(value)}, wanted a JSON object`);
  return ROWS[method](value, refuse);
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
  method: JobMethod = 'reinforcement',
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
    yield { line, row: parseRow(text, where, line, method) };
  }
  if (rows === 0) {
    throw new ResidencyError('invalid_dataset', `${where}: found no rows, wanted at least one`, {
      param: where,
    });
  }
}

/** Rows of the datasets that a worker is using, by the hash of their bytes and the method that reads them. */
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
  async row(sha256: string, item: number, method: JobMethod): Promise<DatasetRow> {
    const row = (await this.#load(sha256, method))[item];
    if (row === undefined) throw new ResidencyError('invalid_dataset', `dataset ${sha256}: no row ${item}`);
    return row;
  }

  #load(sha256: string, method: JobMethod): Promise<readonly DatasetRow[]> {
    const key = `${method}/${sha256}`;
    const known = this.#rows.get(key);
    const loading = known ?? this.#parse(sha256, method);
    this.#rows.delete(key);
    this.#rows.set(key, loading);
    // A failed load must not be remembered.
    loading.catch(() => this.#rows.delete(key));
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > this.#limit && oldest !== undefined) this.#rows.delete(oldest);
    return loading;
  }

  async #parse(sha256: string, method: JobMethod): Promise<readonly DatasetRow[]> {
    const bytes = await readBytes(this.#store, sha256);
    const once = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield bytes;
    };
    const rows: DatasetRow[] = [];
    for await (const { row } of readRows(once(), 'dataset', method)) rows.push(row);
    return rows;
  }
}
