import { EvaluationError } from './errors.js';
import type { Outcome, Question } from './outcome.js';
import { isRight } from './results.js';
import { type BootstrapInterval, type BootstrapOptions, bootstrapRatio } from './statistics/bootstrap.js';
import { countPairs, type McNemarTest, mcNemarTest } from './statistics/mcnemar.js';

/** A model beside a baseline, on the questions that both answered. */
export interface Comparison {
  readonly questions: number;
  /** Questions of the model that the baseline did not answer; they are left out. */
  readonly unmatched: number;
  /** Share of right answers of each, over all answers, mean over questions. */
  readonly accuracy: number;
  readonly baselineAccuracy: number;
  /** The first less the second, with a paired bootstrap interval. */
  readonly difference: number;
  readonly interval: BootstrapInterval | null;
  /** Whether a verdict on a question is a majority vote, for either; else it is that of the only answer. */
  readonly votes: boolean;
  /** Of verdicts per question. */
  readonly mcNemar: McNemarTest;
}

export interface Pair<M, B> {
  readonly model: M;
  readonly baseline: B;
}

/** Each question with the baseline's, by id, as far as it has them. @throws EvaluationError EVALUATION_UNPAIRED */
export function pairQuestions<M extends Question, B extends Question>(
  model: readonly M[],
  baseline: readonly B[],
): Pair<M, B>[] {
  const known = new Map(baseline.map((outcome) => [outcome.id, outcome]));
  const pairs: Pair<M, B>[] = [];
  for (const outcome of model) {
    const other = known.get(outcome.id);
    if (other === undefined) continue;
    if (other.gold !== outcome.gold || other.question !== outcome.question)
      throw new EvaluationError(
        'EVALUATION_UNPAIRED',
        `question ${outcome.id}: the baseline answered another question of this id, want the same data`,
      );
    pairs.push({ model: outcome, baseline: other });
  }
  if (pairs.length === 0)
    throw new EvaluationError(
      'EVALUATION_UNPAIRED',
      `the baseline answered none of the ${model.length} questions, want the same data`,
    );
  return pairs;
}

const shareRight = ({ answers }: Outcome): number => {
  const right = answers.reduce((sum, { correct }) => sum + (correct ? 1 : 0), 0);
  return right / answers.length;
};

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Compares a model with a baseline question by question, which tells smaller differences apart than two intervals would
 * (CRPO specification 4.5, second note).
 * @throws EvaluationError EVALUATION_UNPAIRED where no question is common, or one differs
 */
export function compareOutcomes(
  model: readonly Outcome[],
  baseline: readonly Outcome[],
  bootstrap: BootstrapOptions,
): Comparison {
  const pairs = pairQuestions(model, baseline);
  const shares = pairs.map((pair) => ({ ours: shareRight(pair.model), theirs: shareRight(pair.baseline) }));
  const numerators = shares.map(({ ours, theirs }) => ours - theirs);
  const { value, interval } = bootstrapRatio({ numerators }, bootstrap);
  const verdicts = countPairs(
    pairs.map((pair) => isRight(pair.model)),
    pairs.map((pair) => isRight(pair.baseline)),
  );
  return {
    questions: pairs.length,
    unmatched: model.length - pairs.length,
    accuracy: meanOf(shares.map(({ ours }) => ours)),
    baselineAccuracy: meanOf(shares.map(({ theirs }) => theirs)),
    difference: value ?? 0,
    interval,
    votes: pairs.some((pair) => pair.model.answers.length > 1 || pair.baseline.answers.length > 1),
    mcNemar: mcNemarTest(verdicts),
  };
}
