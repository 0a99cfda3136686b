import { goldLetter, type Item, RubricError } from '@residency/rubric';
import { EvaluationError, shown } from './errors.js';
import type { Question } from './outcome.js';

/** Fields that name a row's subject, first match first: of MedMCQA, MedXpertQA, MedQA and the built-in cases. */
const SUBJECT_FIELDS = ['subject', 'subject_name', 'body_system', 'meta_info', 'score'] as const;

/** Fields that list a row's options. */
const OPTION_FIELDS = ['choices', 'options'] as const;

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

function subjectOf(item: Item): string | null {
  for (const field of SUBJECT_FIELDS) {
    const value = item[field];
    if (isText(value)) return value;
  }
  return null;
}

function optionsOf(item: Item): Readonly<Record<string, string>> | null {
  for (const field of OPTION_FIELDS) {
    const value = item[field];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    const entries = Object.entries(value).filter((entry): entry is [string, string] => isText(entry[1]));
    if (entries.length > 0) return Object.fromEntries(entries);
  }
  return null;
}

/** The question's own text, else the last message, which is the user's. */
function questionOf(item: Item): string {
  const { question, messages } = item;
  if (isText(question)) return question;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const { content }: { content?: unknown } = typeof last === 'object' && last !== null ? last : {};
  return isText(content) ? content : '';
}

function idOf(item: Item, line: number): string {
  const { id } = item;
  if (id === undefined || id === null) return `line-${line}`;
  if (isText(id)) return id;
  if (typeof id === 'number' && Number.isFinite(id)) return String(id);
  throw new EvaluationError(
    'EVALUATION_ROW',
    `line ${line}: id: found ${shown(id)}, want a text or a number`,
  );
}

/**
 * Reads a row of a data set as jobs take it: `gold` is the right letter; `id`, `question`, `choices` and a subject
 * are taken where they are. Without an id the line names the row.
 * @param line counted from 1
 * @throws EvaluationError EVALUATION_ROW naming the line and the field
 */
export function readQuestion(item: Item, line: number): Question {
  const id = idOf(item, line);
  try {
    const gold = goldLetter(item);
    return { id, question: questionOf(item), options: optionsOf(item), gold, subject: subjectOf(item) };
  } catch (error) {
    if (!(error instanceof RubricError)) throw error;
    throw new EvaluationError('EVALUATION_ROW', `line ${line}: ${error.message}`, { cause: error });
  }
}
