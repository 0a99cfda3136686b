import { badSetting } from './errors.js';
import { type NearOptions, nearSettings } from './near-duplicates.js';
import { type Quantiles, quantilesOf } from './quantiles.js';
import type { DataMessage, QuestionRow } from './row.js';
import { type Shingles, shinglesOf } from './shingles.js';
import { caseHash, itemHash, wordsOf } from './words.js';

/** What a survey counts by. */
export interface SurveyOptions extends NearOptions {
  /** Words of the sequences that near-duplicates are compared by, from 1 to 16. @defaultValue 3 */
  readonly shingleWords?: number;
  /** Length in tokens of a chat as the model gets it; null leaves tokens out. @defaultValue null */
  readonly countTokens?: ((messages: readonly DataMessage[]) => number) | null;
  /** Rows of more tokens are listed; null lists none. @defaultValue null */
  readonly maxTokens?: number | null;
}

/** A row that does not fit. */
export interface LongRow {
  readonly id: string;
  readonly row: number;
  readonly tokens: number;
}

/** What one file holds. */
export interface PartReport {
  readonly file: string;
  readonly rows: number;
  /** Rows that were left out as bad. */
  readonly badRows: number;
  /** Rows by the format they were first read with, by name. */
  readonly sources: Readonly<Record<string, number>>;
  /** Rows by right letter, in order. */
  readonly answers: Readonly<Record<string, number>>;
  /** Rows with choices and no key. */
  readonly unlabelled: number;
  /** Rows by subject, most frequent first. */
  readonly subjects: Readonly<Record<string, number>>;
  /** UTF-16 units of a row's chat. */
  readonly characters: Quantiles | null;
  readonly tokens: Quantiles | null;
  /** Rows beyond `maxTokens`, in order; null where no limit was given. */
  readonly overLimit: readonly LongRow[] | null;
  readonly nonAscii: {
    /** Rows whose question or options hold such a character. */
    readonly rows: number;
    /** Share of code points above U+007F in questions and options, in [0, 1]. */
    readonly share: number;
  };
  /** Rows that repeat the question of an earlier row, and how many of them its options too. */
  readonly repeats: { readonly question: number; readonly item: number };
  /** Ids that more than one row has, in order of appearance. */
  readonly repeatedIds: readonly string[];
  /** Ids of rows in which two options have the same text. */
  readonly equalOptions: readonly string[];
  /** Ids of rows that need an image. */
  readonly needImage: readonly string[];
}

/** What comparing rows needs of one. */
export interface RowSketch {
  readonly id: string;
  /** Counted from 1: lines, or items of a document. */
  readonly row: number;
  readonly caseHash: string;
  readonly itemHash: string;
  readonly shingles: Shingles;
}

const count = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);

const byName = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));

const byCount = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));

/** Code points, and how many of them lie above U+007F. */
function countCodePoints(text: string): { readonly all: number; readonly nonAscii: number } {
  let all = 0;
  let nonAscii = 0;
  for (const character of text) {
    all += 1;
    if ((character.codePointAt(0) ?? 0) > 0x7f) nonAscii += 1;
  }
  return { all, nonAscii };
}

/** Takes the rows of a file one by one and keeps of each a sketch of its word sequences, not the row. */
export class PartSurvey {
  readonly #file: string;
  readonly #options: Required<Pick<SurveyOptions, 'shingleWords' | 'countTokens' | 'maxTokens'>>;
  /** One of each row, in order. */
  readonly sketches: RowSketch[] = [];
  readonly #sources = new Map<string, number>();
  readonly #answers = new Map<string, number>();
  readonly #subjects = new Map<string, number>();
  readonly #ids = new Map<string, number>();
  readonly #cases = new Set<string>();
  readonly #items = new Set<string>();
  readonly #characters: number[] = [];
  readonly #tokens: number[] = [];
  readonly #overLimit: LongRow[] = [];
  readonly #equalOptions: string[] = [];
  readonly #needImage: string[] = [];
  #badRows = 0;
  #unlabelled = 0;
  #nonAsciiRows = 0;
  #codePoints = 0;
  #nonAscii = 0;
  #repeatedQuestions = 0;
  #repeatedItems = 0;

  /** @param file for the report @throws DataError DATA_SETTING */
  constructor(file: string, options: SurveyOptions = {}) {
    nearSettings(options);
    const { shingleWords = 3, countTokens = null, maxTokens = null } = options;
    if (!Number.isInteger(shingleWords) || shingleWords < 1 || shingleWords > 16) {
      throw badSetting('words of a sequence', shingleWords, 'an integer from 1 to 16');
    }
    if (maxTokens !== null && countTokens === null) {
      throw badSetting('token limit', maxTokens, 'a tokenizer to count with');
    }
    this.#file = file;
    this.#options = { shingleWords, countTokens, maxTokens };
  }

  /** @param ordinal the row's place in its file, from 1 @throws what `countTokens` throws */
  add(row: QuestionRow, ordinal: number): void {
    const texts = Object.values(row.options);
    this.#measure(row, ordinal);
    count(this.#sources, row.source);
    count(this.#ids, row.id);
    if (row.subject !== undefined) count(this.#subjects, row.subject);
    if (row.answer !== null) count(this.#answers, row.answer);
    else if (texts.length > 0) this.#unlabelled += 1;
    if (new Set(texts.map((text) => text.trim())).size < texts.length) this.#equalOptions.push(row.id);
    if (row.image !== undefined) this.#needImage.push(row.id);
    const points = countCodePoints(row.question + texts.join(''));
    this.#codePoints += points.all;
    this.#nonAscii += points.nonAscii;
    if (points.nonAscii > 0) this.#nonAsciiRows += 1;
    this.#compare(row, ordinal);
  }

  /** Counts a row that was left out. */
  addBadRow(): void {
    this.#badRows += 1;
  }

  #measure({ id, messages }: QuestionRow, row: number): void {
    const { countTokens, maxTokens } = this.#options;
    this.#characters.push(messages.reduce((sum, { content }) => sum + content.length, 0));
    if (countTokens === null) return;
    const tokens = countTokens(messages);
    this.#tokens.push(tokens);
    if (maxTokens !== null && tokens > maxTokens) this.#overLimit.push({ id, row, tokens });
  }

  #compare(row: QuestionRow, ordinal: number): void {
    const hashes = { caseHash: caseHash(row), itemHash: itemHash(row) };
    if (this.#cases.has(hashes.caseHash)) this.#repeatedQuestions += 1;
    if (this.#items.has(hashes.itemHash)) this.#repeatedItems += 1;
    this.#cases.add(hashes.caseHash);
    this.#items.add(hashes.itemHash);
    const shingles = shinglesOf(wordsOf(row.question), this.#options.shingleWords);
    this.sketches.push({ id: row.id, row: ordinal, ...hashes, shingles });
  }

  report(): PartReport {
    return {
      file: this.#file,
      rows: this.sketches.length,
      badRows: this.#badRows,
      sources: byName(this.#sources),
      answers: byName(this.#answers),
      unlabelled: this.#unlabelled,
      subjects: byCount(this.#subjects),
      characters: quantilesOf(this.#characters),
      tokens: quantilesOf(this.#tokens),
      overLimit: this.#options.maxTokens === null ? null : this.#overLimit,
      nonAscii: {
        rows: this.#nonAsciiRows,
        share: this.#codePoints === 0 ? 0 : this.#nonAscii / this.#codePoints,
      },
      repeats: { question: this.#repeatedQuestions, item: this.#repeatedItems },
      repeatedIds: [...this.#ids].filter(([, n]) => n > 1).map(([id]) => id),
      equalOptions: this.#equalOptions,
      needImage: this.#needImage,
    };
  }
}
