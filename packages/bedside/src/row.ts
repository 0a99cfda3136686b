import type { BedsideCase, Finding } from './case.js';
import { BedsideError } from './errors.js';
import type { Letter } from './option.js';
import { isLetter, LETTERS } from './option.js';
import { casePrompt } from './prompt.js';
import type { ScoreName } from './score.js';
import { isScoreName, SCORES } from './score-table.js';
import type { VerifiableCase } from './verify.js';

/** A line of a reinforcement fine-tuning file: the chat, and beside it everything that grading needs. */
export interface CaseRow {
  readonly messages: readonly { readonly role: 'user'; readonly content: string }[];
  readonly id: string;
  readonly score: ScoreName;
  readonly question: string;
  readonly choices: Readonly<Record<Letter, string>>;
  readonly gold: Letter;
  /** Keys of the score's criteria, in order. */
  readonly criteria: readonly string[];
  readonly findings: readonly Finding[];
  readonly distractors: readonly Finding[];
}

/** What {@link caseFromRow} reads back. */
export type RowCase = VerifiableCase & Pick<BedsideCase, 'question' | 'choices'>;

/** The row of a case. */
export const caseRow = (bedside: BedsideCase): CaseRow => ({
  messages: [{ role: 'user', content: casePrompt(bedside) }],
  id: bedside.id,
  score: bedside.score,
  question: bedside.question,
  choices: bedside.choices,
  gold: bedside.gold,
  criteria: SCORES[bedside.score].criteria.map((criterion) => criterion.key),
  findings: bedside.findings,
  distractors: bedside.distractors,
});

const bad = (field: string, found: unknown, wanted: string): BedsideError =>
  new BedsideError('BEDSIDE_BAD_ROW', { field, found: JSON.stringify(found) ?? 'nothing', wanted });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readFindings = (value: unknown, field: string): Finding[] => {
  if (!Array.isArray(value)) throw bad(field, value, 'a list of findings');
  return value.map((entry: unknown, index) => {
    const place = `${field}[${index}]`;
    if (!isRecord(entry)) throw bad(place, entry, 'an object');
    const { criterion, name, value: text, points } = entry;
    if (typeof criterion !== 'string') throw bad(`${place}.criterion`, criterion, 'a text');
    if (typeof name !== 'string') throw bad(`${place}.name`, name, 'a text');
    if (typeof text !== 'string') throw bad(`${place}.value`, text, 'a text');
    if (typeof points !== 'number' || !Number.isFinite(points)) {
      throw bad(`${place}.points`, points, 'a finite number');
    }
    return { criterion, name, value: text, points };
  });
};

const readChoices = (value: unknown): Record<Letter, string> => {
  if (!isRecord(value)) throw bad('choices', value, 'an object with the keys A to E');
  const texts = LETTERS.map((letter) => {
    const text = value[letter];
    if (typeof text !== 'string') throw bad(`choices.${letter}`, text, 'a text');
    return [letter, text] as const;
  });
  return Object.fromEntries(texts) as Record<Letter, string>; // one entry per letter
};

/**
 * Reads a parsed row (of {@link caseRow}) back into what {@link verify} needs.
 *
 * @throws BedsideError `BEDSIDE_BAD_ROW`, naming the field
 */
export const caseFromRow = (row: unknown): RowCase => {
  if (!isRecord(row)) throw bad('*', row, 'an object');
  const { score, gold, question } = row;
  if (typeof score !== 'string' || !isScoreName(score)) throw bad('score', score, 'the name of a score');
  if (typeof gold !== 'string' || !isLetter(gold)) throw bad('gold', gold, 'a letter from A to E');
  if (typeof question !== 'string') throw bad('question', question, 'a text');
  return {
    score,
    gold,
    question,
    choices: readChoices(row['choices']),
    findings: readFindings(row['findings'], 'findings'),
    distractors: readFindings(row['distractors'], 'distractors'),
  };
};
