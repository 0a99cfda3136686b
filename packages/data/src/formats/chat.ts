import type { Format, LoadedRow } from '../format.js';
import { LETTERS, readLetter, readOptions } from '../options.js';
import { isFields, isText, type RecordReader } from '../record.js';
import type { DataMessage } from '../row.js';
import { lineRecords } from '../source.js';

const ROLES = ['system', 'developer', 'user', 'assistant'] as const;

function readMessage(reader: RecordReader, value: unknown, path: string): DataMessage {
  if (!isFields(value)) return reader.refuse(path, value, 'an object');
  const { role, content, ...rest } = value;
  const known = ROLES.find((name) => name === role);
  if (known === undefined) return reader.refuse(`${path}.role`, role, `one of ${ROLES.join(', ')}`);
  if (typeof content !== 'string' || content === '') {
    return reader.refuse(`${path}.content`, content, 'a text that is not empty');
  }
  const [extra] = Object.keys(rest).sort();
  if (extra !== undefined) return reader.refuse(`${path}.${extra}`, rest[extra], 'only role and content');
  return { role: known, content };
}

/** The chat of a row, which ends with the user's message or with the answer to it. @throws DataError DATA_ROW */
export function readMessages(reader: RecordReader): readonly DataMessage[] {
  const { messages } = reader.fields;
  if (!Array.isArray(messages) || messages.length === 0) {
    return reader.refuse('messages', messages, 'a list of messages');
  }
  const parsed = messages.map((message: unknown, at) => readMessage(reader, message, `messages[${at}]`));
  const last = parsed.at(-1)?.role;
  if (last !== 'user' && last !== 'assistant') {
    return reader.refuse('messages', last, 'a last message of the user or the assistant');
  }
  if (parsed.some(({ role, content }) => role === 'user' && isText(content))) return parsed;
  return reader.refuse('messages', messages, 'a message of the user that is not blank');
}

/** What the user wrote. */
export function askedIn(messages: readonly DataMessage[]): string {
  const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
  return asked.join('\n');
}

/** The key: of the options where the row has some, else any capital letter. */
function readGold(reader: RecordReader, options: Readonly<Record<string, string>>): string | null {
  if (Object.keys(options).length > 0) return readLetter(reader, 'gold', options);
  const gold = reader.optionalText('gold');
  if (gold === undefined) return null;
  return gold.length === 1 && LETTERS.includes(gold) ? gold : reader.refuse('gold', gold, 'a capital letter');
}

function readId(reader: RecordReader, ordinal: number): string {
  const { id } = reader.fields;
  if (id === undefined || id === null) return `chat-${ordinal}`;
  if (typeof id === 'number') return String(id);
  return reader.text('id');
}

/** Fields of a chat row that have a meaning of their own. */
const KNOWN: ReadonlySet<string> = new Set([
  'messages',
  'id',
  'source',
  'subject',
  'image',
  'question',
  'choices',
  'gold',
]);

/** What a chat row holds beside its messages. @throws DataError DATA_ROW */
export function readItem(
  reader: RecordReader,
  ordinal: number,
  messages: readonly DataMessage[],
): LoadedRow & { readonly source: string } {
  const { fields } = reader;
  const item = Object.fromEntries(Object.entries(fields).filter(([name]) => !KNOWN.has(name)));
  const { choices } = fields;
  const options = choices === undefined || choices === null ? {} : readOptions(reader, 'choices');
  const subject = reader.optionalText('subject');
  const image = reader.optionalText('image');
  return {
    id: readId(reader, ordinal),
    question: reader.optionalText('question') ?? askedIn(messages),
    options,
    answer: readGold(reader, options),
    ...(subject === undefined ? {} : { subject }),
    ...(image === undefined ? {} : { image }),
    source: reader.optionalText('source') ?? 'chat',
    messages,
    ...(Object.keys(item).length === 0 ? {} : { item }),
  };
}

/**
 * Chat rows, `{messages}` with the fields of `TrainingRow` where a row has them; other fields are kept as they are
 * (OpenAI fine-tuning specification, reinforcement rows).
 */
export const chat: Format = {
  summary: 'chat rows, JSON lines: what a training job takes',
  keyField: 'gold',
  records: lineRecords,
  prepare: async () => (reader, record) => readItem(reader, record.ordinal, readMessages(reader)),
};
