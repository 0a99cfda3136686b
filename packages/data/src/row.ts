import type { Fields } from './record.js';

/** One chat message. */
export interface DataMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly content: string;
}

/** What a multiple-choice item asks, whatever file it came from. */
export interface Question {
  /** The file's own id, or the format's name and the line's number from 1 where it has none. */
  readonly id: string;
  /** Case and question, without the options. */
  readonly question: string;
  /** Texts by capital letters from A on; empty for a chat row without choices. */
  readonly options: Readonly<Record<string, string>>;
  /** The right letter, or null where the file does not tell it. */
  readonly answer: string | null;
  readonly subject?: string;
  /** Name of an image that the question needs and the file does not hold. */
  readonly image?: string;
}

/** A row of any format. */
export interface QuestionRow extends Question {
  /** Name of the format that the row was first read with. */
  readonly source: string;
  readonly messages: readonly DataMessage[];
  /** Further fields of a chat row, as they were. */
  readonly item?: Fields;
}

/**
 * A line of a reinforcement data set: the chat, and beside it the fields that graders read (OpenAI fine-tuning
 * specification, reinforcement rows): `gold` is one capital letter of `choices`, as the grader `crpo` wants it.
 */
export interface TrainingRow extends Fields {
  readonly messages: readonly DataMessage[];
  readonly id: string;
  readonly source: string;
  readonly question: string;
  readonly subject?: string;
  readonly image?: string;
  /** Left out of a row without choices. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Null for a row with choices whose key is not known; left out of a row with neither. */
  readonly gold?: string | null;
}

/** The line of a row; the format `chat` reads it back as the same row. */
export function trainingRow(row: QuestionRow): TrainingRow {
  const hasChoices = Object.keys(row.options).length > 0;
  return {
    messages: row.messages,
    id: row.id,
    source: row.source,
    ...(row.subject === undefined ? {} : { subject: row.subject }),
    ...(row.image === undefined ? {} : { image: row.image }),
    question: row.question,
    ...(hasChoices ? { choices: row.options } : {}),
    ...(hasChoices || row.answer !== null ? { gold: row.answer } : {}),
    ...row.item,
  };
}
