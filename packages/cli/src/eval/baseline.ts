import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type EvaluatedRun,
  EvaluationError,
  pairQuestions,
  type Question,
  readReport,
} from '@residency/evaluation';
import { CliError, messageOf } from '../errors.js';

/**
 * The baseline of an earlier report, which must have answered some of the questions.
 * @throws CliError CLI_EVALUATION
 */
export async function readBaseline(path: string, questions: readonly Question[]): Promise<EvaluatedRun> {
  const json = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError('CLI_EVALUATION', `${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
  try {
    const baseline = readReport(json, basename(path));
    pairQuestions(questions, baseline.outcomes);
    return baseline;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw new CliError('CLI_EVALUATION', `${path}: ${error.message}`, { cause: error });
  }
}
