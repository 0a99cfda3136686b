import type { Judgement, Outcome } from '../outcome.js';
import { type Agreement, agreement } from '../statistics/agreement.js';
import { type BootstrapInterval, type BootstrapOptions, bootstrapRatio } from '../statistics/bootstrap.js';
import { type MeasureName, measureNames } from './measures.js';

/** One measure by one judge. */
export interface MeasureResult {
  readonly measure: MeasureName;
  /** Mean over counted replies; null without any. */
  readonly mean: number | null;
  readonly interval: BootstrapInterval | null;
  readonly counted: number;
  /** Replies that are dropped because they name no count, and replies that never came. */
  readonly unparsable: number;
  readonly failed: number;
}

export interface JudgeResult {
  readonly judge: string;
  readonly measures: readonly MeasureResult[];
}

export interface JudgedResults {
  /** In the order of the judgements. */
  readonly judges: readonly JudgeResult[];
  /** How far the first two judges agree, by measure; empty with fewer. */
  readonly agreement: readonly (Agreement & { readonly measure: MeasureName })[];
}

const judgementsOf = (outcome: Outcome): readonly Judgement[] =>
  outcome.answers.flatMap(({ judgements }) => judgements);

function measureResult(
  perQuestion: readonly (readonly Judgement[])[],
  measure: MeasureName,
  bootstrap: BootstrapOptions,
): MeasureResult {
  const kinds = { counted: 0, unparsable: 0, failed: 0 };
  const numerators: number[] = [];
  const denominators: number[] = [];
  for (const judgements of perQuestion) {
    let [sum, counted] = [0, 0];
    for (const judgement of judgements) {
      kinds[judgement.outcome]++;
      if (judgement.count === null) continue;
      sum += judgement.count;
      counted++;
    }
    numerators.push(sum);
    denominators.push(counted);
  }
  const { value, interval } = bootstrapRatio({ numerators, denominators }, bootstrap);
  return { measure, mean: value, interval, ...kinds };
}

function agreementOf(outcomes: readonly Outcome[], measure: MeasureName, pair: readonly string[]): Agreement {
  const [a, b]: [number[], number[]] = [[], []];
  const [first, second] = pair;
  for (const { judgements } of outcomes.flatMap(({ answers }) => answers)) {
    const countBy = (judge: string | undefined): number | null =>
      judgements.find((found) => found.judge === judge && found.measure === measure)?.count ?? null;
    const [left, right] = [countBy(first), countBy(second)];
    if (left === null || right === null) continue;
    a.push(left);
    b.push(right);
  }
  return agreement(a, b);
}

/**
 * Mean counts by judge and measure with intervals over questions (CRPO specification 4.3 and 4.4), and the agreement of
 * two judges on the completions that both counted. Null where nothing was judged.
 */
export function judgedResults(
  outcomes: readonly Outcome[],
  bootstrap: BootstrapOptions,
): JudgedResults | null {
  const perQuestion = outcomes.map(judgementsOf);
  const names = [...new Set(perQuestion.flatMap((judgements) => judgements.map(({ judge }) => judge)))];
  if (names.length === 0) return null;
  const measured = new Set(perQuestion.flatMap((judgements) => judgements.map(({ measure }) => measure)));
  const present = measureNames.filter((measure) => measured.has(measure));
  const judges = names.map((judge) => ({
    judge,
    measures: present.map((measure) => {
      const own = perQuestion.map((judgements) =>
        judgements.filter((found) => found.judge === judge && found.measure === measure),
      );
      return measureResult(own, measure, bootstrap);
    }),
  }));
  const pair = names.slice(0, 2);
  const agreements =
    pair.length < 2 ? [] : present.map((measure) => ({ measure, ...agreementOf(outcomes, measure, pair) }));
  return { judges, agreement: agreements };
}
