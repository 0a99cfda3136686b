import { EvaluationError } from './errors.js';
import { type JudgedResults, judgedResults } from './judge/judged-results.js';
import type { Answer, Outcome } from './outcome.js';
import { type BootstrapInterval, type BootstrapOptions, bootstrapRatio } from './statistics/bootstrap.js';
import type { Interval } from './statistics/interval.js';
import { majorityVote } from './statistics/majority-vote.js';
import { passAtK } from './statistics/pass-at-k.js';
import { wilsonInterval } from './statistics/wilson.js';

/** A share of right answers. */
export interface AccuracyFigure {
  /** correct / total, 0 to 1; null where total is 0. */
  readonly accuracy: number | null;
  readonly correct: number;
  readonly total: number;
  /** By drawing questions anew. */
  readonly bootstrap: BootstrapInterval | null;
  /** Null where answers are not independent trials: with several samples of a question. */
  readonly wilson: Interval | null;
}

/** Majority votes over several samples of each question. */
export interface MajorityFigure extends AccuracyFigure {
  /** Questions whose vote is a tie, which the first letter wins. */
  readonly ties: number;
  /** Questions without a valid answer; they count as wrong. */
  readonly empty: number;
}

export interface SubjectFigure extends AccuracyFigure {
  readonly subject: string;
  readonly questions: number;
  readonly validShare: number | null;
}

/** What one model's answers amount to. */
export interface Results {
  readonly questions: number;
  readonly completions: number;
  /** Of all answers, invalid ones being wrong. */
  readonly overAll: AccuracyFigure;
  /** Of valid answers alone, as the published figures are (CRPO specification 4.2). */
  readonly overValid: AccuracyFigure;
  readonly validShare: number | null;
  /** Null with one sample of each question. */
  readonly majority: MajorityFigure | null;
  /** For k = 1, 2, 4 ... up to the samples of a question; mean over questions. Empty with one sample. */
  readonly passAtK: readonly { readonly k: number; readonly value: number }[];
  readonly meanTokens: number | null;
  readonly truncatedShare: number | null;
  /** Means over graded completions; null without a rubric. */
  readonly meanReward: number | null;
  /** Mean value of each component, in the order of the grade. */
  readonly components: readonly { readonly name: string; readonly mean: number }[];
  /** Names sorted; questions without a subject are left out. */
  readonly subjects: readonly SubjectFigure[];
  readonly judged: JudgedResults | null;
}

const count = (answers: readonly Answer[], holds: (answer: Answer) => boolean): number =>
  answers.reduce((sum, answer) => sum + (holds(answer) ? 1 : 0), 0);

const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

function meanOf(values: readonly number[]): number | null {
  let sum = 0;
  for (const value of values) sum += value;
  return shareOf(sum, values.length);
}

/** Right answers of those that count, question by question. */
function accuracyFigure(
  outcomes: readonly Outcome[],
  counts: (answer: Answer) => boolean,
  bootstrap: BootstrapOptions,
): AccuracyFigure {
  const numerators = outcomes.map(({ answers }) => count(answers, (a) => counts(a) && a.correct));
  const denominators = outcomes.map(({ answers }) => count(answers, counts));
  const { value, interval } = bootstrapRatio({ numerators, denominators }, bootstrap);
  const [correct, total] = [numerators, denominators].map((values) => values.reduce((a, b) => a + b, 0));
  const isIndependent = outcomes.every(({ answers }) => answers.length === 1);
  return {
    accuracy: value,
    correct: correct ?? 0,
    total: total ?? 0,
    bootstrap: interval,
    wilson: isIndependent ? wilsonInterval(correct ?? 0, total ?? 0, bootstrap.level) : null,
  };
}

/** Whether a model has a question right: by its only answer, or by the majority of several. */
export function isRight({ answers, gold }: Outcome): boolean {
  const [only] = answers;
  if (answers.length === 1) return only?.correct === true;
  return majorityVote(answers.map(({ letter }) => letter)).letter === gold;
}

function majorityFigure(outcomes: readonly Outcome[], bootstrap: BootstrapOptions): MajorityFigure | null {
  if (outcomes.every(({ answers }) => answers.length === 1)) return null;
  const votes = outcomes.map(({ answers }) => majorityVote(answers.map(({ letter }) => letter)));
  const numerators = outcomes.map((outcome) => (isRight(outcome) ? 1 : 0));
  const { value, interval } = bootstrapRatio({ numerators }, bootstrap);
  const correct = numerators.reduce((sum: number, right) => sum + right, 0);
  return {
    accuracy: value,
    correct,
    total: outcomes.length,
    bootstrap: interval,
    wilson: wilsonInterval(correct, outcomes.length, bootstrap.level),
    ties: votes.filter(({ tied }) => tied.length > 0).length,
    empty: votes.filter(({ letter }) => letter === null).length,
  };
}

function passFigures(outcomes: readonly Outcome[]): Results['passAtK'] {
  const samples = Math.min(...outcomes.map(({ answers }) => answers.length));
  if (!(samples > 1) || samples === Number.POSITIVE_INFINITY) return [];
  const ks: number[] = [];
  for (let k = 1; k < samples; k *= 2) ks.push(k);
  return [...ks, samples].map((k) => ({
    k,
    value:
      meanOf(
        outcomes.map(({ answers }) => passAtK({ n: answers.length, c: count(answers, (a) => a.correct), k })),
      ) ?? 0,
  }));
}

function componentMeans(answers: readonly Answer[]): Results['components'] {
  const values = new Map<string, number[]>();
  for (const { grade } of answers) {
    for (const { name, value } of grade?.components ?? []) {
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
  }
  return [...values].map(([name, found]) => ({ name, mean: meanOf(found) ?? 0 }));
}

function subjectFigures(outcomes: readonly Outcome[], bootstrap: BootstrapOptions): SubjectFigure[] {
  const bySubject = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    if (outcome.subject === null) continue;
    const known = bySubject.get(outcome.subject);
    if (known === undefined) bySubject.set(outcome.subject, [outcome]);
    else known.push(outcome);
  }
  return [...bySubject.keys()].sort().map((subject) => {
    const own = bySubject.get(subject) ?? [];
    const answers = own.flatMap((outcome) => outcome.answers);
    const validShare = shareOf(
      count(answers, ({ valid }) => valid),
      answers.length,
    );
    return { subject, questions: own.length, validShare, ...accuracyFigure(own, () => true, bootstrap) };
  });
}

/**
 * Everything that one model's answers amount to. Sums are taken in the order of the outcomes; equal outcomes and options
 * give equal results.
 * @throws EvaluationError EVALUATION_SHAPE for a question without answers
 */
export function summarise(outcomes: readonly Outcome[], bootstrap: BootstrapOptions): Results {
  const empty = outcomes.find(({ answers }) => answers.length === 0);
  if (empty !== undefined)
    throw new EvaluationError('EVALUATION_SHAPE', `question ${empty.id}: no answers, want at least one`);
  const answers = outcomes.flatMap((outcome) => outcome.answers);
  return {
    questions: outcomes.length,
    completions: answers.length,
    overAll: accuracyFigure(outcomes, () => true, bootstrap),
    overValid: accuracyFigure(outcomes, ({ valid }) => valid, bootstrap),
    validShare: shareOf(
      count(answers, ({ valid }) => valid),
      answers.length,
    ),
    majority: majorityFigure(outcomes, bootstrap),
    passAtK: passFigures(outcomes),
    meanTokens: meanOf(answers.map(({ tokens }) => tokens)),
    truncatedShare: shareOf(
      count(answers, ({ truncated }) => truncated),
      answers.length,
    ),
    meanReward: meanOf(answers.flatMap(({ grade }) => (grade === null ? [] : [grade.total]))),
    components: componentMeans(answers),
    subjects: subjectFigures(outcomes, bootstrap),
    judged: judgedResults(outcomes, bootstrap),
  };
}
