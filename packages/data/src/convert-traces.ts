import { eachRecord } from './each-record.js';
import { DataError } from './errors.js';
import { readItem, readMessages } from './formats/chat.js';
import { type PromptName, promptMessages } from './prompt.js';
import { createRecordReader, type RecordReader } from './record.js';
import type { DataMessage, QuestionRow } from './row.js';
import { type DataSource, lineRecords, type RawRecord } from './source.js';
import { convertTrace, type TraceFault, traceFaults } from './trace.js';

/** How a file of traces is converted. */
export interface TraceOptions {
  /** What asks the question in place of the chat, where a row states its `question`. @defaultValue 'crpo' */
  readonly prompt?: PromptName;
  /** Refuses a trace that ends with another letter than the row's key. @defaultValue false */
  readonly isRightOnly?: boolean;
  /** Told of each bad row and malformed trace, which is then left out; without it the first one is thrown. */
  readonly onBadRow?: (error: DataError) => void;
}

/** A converted row; its last message is the trace. */
export interface TraceRow {
  readonly row: QuestionRow;
  /** Whether the row asks with the prompt of the options, and not with the chat that it came with. */
  readonly isAskedAnew: boolean;
  /** Boxes of the reasoning that gave way to their contents. */
  readonly unboxed: number;
  /** Whether the trace ends with the key; null where the row has none. */
  readonly isRight: boolean | null;
}

/** A row's chat up to the trace, and the trace: the field `completion`, or the assistant's last message. */
function readTrace(reader: RecordReader): {
  readonly asked: readonly DataMessage[];
  readonly completion: string;
} {
  const { fields } = reader;
  if (fields['messages'] === undefined) {
    const asked = [{ role: 'user' as const, content: reader.text('question') }];
    return { asked, completion: reader.text('completion') };
  }
  const messages = readMessages(reader);
  if (fields['completion'] !== undefined) return { asked: messages, completion: reader.text('completion') };
  const last = messages.at(-1);
  if (last?.role === 'assistant') return { asked: messages.slice(0, -1), completion: last.content };
  return reader.refuse('completion', undefined, 'a text, or a last message of the assistant');
}

/** What asks for the new format: what the system says stays; a longer conversation stays as it is. */
function askAnew(
  row: Pick<QuestionRow, 'question' | 'options'>,
  asked: readonly DataMessage[],
  prompt: PromptName,
): readonly DataMessage[] | null {
  const [user, ...more] = asked.filter(({ role }) => role === 'user' || role === 'assistant');
  if (user === undefined || more.length > 0) return null;
  return [...asked.filter((message) => message !== user), ...promptMessages(prompt, row)];
}

function refuseTrace(file: string, place: string, fault: TraceFault): never {
  throw new DataError('DATA_TRACE', {
    file,
    place,
    field: 'completion',
    found: `a trace where ${traceFaults[fault]}`,
    wanted: '<think>..</think><answer>..\\boxed{letter}..</answer>',
    reason: fault,
  });
}

function convertRecord(record: RawRecord, file: string, options: TraceOptions): TraceRow {
  const { prompt = 'crpo', isRightOnly = false } = options;
  const reader = createRecordReader(record.value(), { file, place: record.place });
  const { asked, completion } = readTrace(reader);
  const { item: { completion: _, ...item } = {}, ...loaded } = readItem(reader, record.ordinal, asked);
  const letters = Object.keys(loaded.options);
  const trace = convertTrace(completion, {
    letters: letters.length === 0 ? null : letters,
    answer: isRightOnly ? loaded.answer : null,
  });
  if (!trace.ok) return refuseTrace(file, record.place, trace.fault);
  const anew = reader.fields['question'] === undefined ? null : askAnew(loaded, asked, prompt);
  const messages = [...(anew ?? asked), { role: 'assistant' as const, content: trace.text }];
  return {
    row: { ...loaded, messages, ...(Object.keys(item).length === 0 ? {} : { item }) },
    isAskedAnew: anew !== null,
    unboxed: trace.unboxed,
    isRight: loaded.answer === null ? null : loaded.answer === trace.letter,
  };
}

/**
 * Rows of think/answer traces as rows of CRPO traces, one at a time: chats whose last message is the trace, or
 * `{question, completion}` with `choices` and `gold` where a row has them.
 * @throws DataError for the first bad row or malformed trace (DATA_TRACE) unless `onBadRow` takes it; DATA_EMPTY
 */
export async function* convertTraces(
  source: DataSource,
  options: TraceOptions = {},
): AsyncGenerator<TraceRow, void, undefined> {
  yield* eachRecord(source, {
    records: lineRecords(source),
    read: (record) => convertRecord(record, source.name, options),
    onBadRow: options.onBadRow,
  });
}
