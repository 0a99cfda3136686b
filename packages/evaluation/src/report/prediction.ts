import type { Grade } from '@residency/rubric';
import type { Outcome } from '../outcome.js';

/** A line of predictions.jsonl: one completion. */
export interface Prediction {
  readonly id: string;
  /** Which of the question's completions it is, from 0. */
  readonly sample: number;
  readonly completion: string;
  readonly letter: string | null;
  readonly valid: boolean;
  readonly correct: boolean;
  readonly tokens: number;
  readonly truncated: boolean;
  readonly grade: Grade | null;
}

/** Completions as lines of a file: questions in their order, then samples. */
export function predictionsOf(outcomes: readonly Outcome[]): Prediction[] {
  return outcomes.flatMap(({ id, answers }) =>
    answers.map(({ completion, letter, valid, correct, tokens, truncated, grade }, sample) => ({
      id,
      sample,
      completion,
      letter,
      valid,
      correct,
      tokens,
      truncated,
      grade,
    })),
  );
}
