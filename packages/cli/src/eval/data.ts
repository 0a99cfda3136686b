import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type EvaluatedData, EvaluationError, type Question, readQuestion } from '@residency/evaluation';
import { ResidencyError } from '@residency/protocol';
import { RubricError } from '@residency/rubric';
import { type DatasetRow, readRows } from '@residency/storage';
import { CliError, messageOf } from '../errors.js';

/** A row of the data: the prompt, the item that graders see, and the question that is reported. */
export interface EvalRow {
  /** Counted from 1. */
  readonly line: number;
  readonly row: DatasetRow;
  readonly question: Question;
}

export interface EvalData {
  readonly rows: readonly EvalRow[];
  readonly data: EvaluatedData;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof EvaluationError || error instanceof ResidencyError || error instanceof RubricError;

/**
 * Reads the rows that are asked, the first `limit` of a file.
 * @param check makes sure that a row's item can be graded; what it throws names the line
 * @throws CliError CLI_EVALUATION naming the file, and the line of a bad row
 */
export async function readEvalData(
  path: string,
  limit: number | null,
  check: (row: DatasetRow) => void,
): Promise<EvalData> {
  const name = basename(path);
  const refuse = (message: string, cause: unknown): never => {
    throw new CliError('CLI_EVALUATION', message, { cause });
  };
  const bytes = await readFile(path).catch((error: unknown) =>
    refuse(`${path}: cannot be read: ${messageOf(error)}`, error),
  );
  const rows: EvalRow[] = [];
  const lines = new Map<string, number>();
  try {
    for await (const { line, row } of readRows(once(bytes), name)) {
      if (rows.length === limit) break;
      try {
        const question = readQuestion(row.item, line);
        check(row);
        const earlier = lines.get(question.id);
        if (earlier !== undefined)
          refuse(
            `${name} line ${line}: id ${question.id} is that of line ${earlier} too, want another`,
            null,
          );
        lines.set(question.id, line);
        rows.push({ line, row, question });
      } catch (error) {
        if (error instanceof EvaluationError) refuse(`${name} ${error.message}`, error);
        if (error instanceof RubricError) refuse(`${name} line ${line}: ${error.message}`, error);
        throw error;
      }
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
    refuse(messageOf(error), error);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { rows, data: { name, sha256, questions: rows.length } };
}
