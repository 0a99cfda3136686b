import type { Judgement, Outcome } from '../outcome.js';
import { mapLimited } from './concurrency.js';
import { parseCount } from './count-reply.js';
import { JudgeError } from './errors.js';
import type { Judge } from './judge.js';
import { type MeasureName, measureNames } from './measures.js';
import { type JudgedText, judgePrompt } from './prompt.js';

export interface JudgingOptions {
  readonly judges: readonly Judge[];
  /** @defaultValue all of them */
  readonly measures?: readonly MeasureName[];
  /** Completions that are judged at once. @defaultValue 8 */
  readonly concurrency?: number;
  readonly signal: AbortSignal;
  /** Told after each completion how many are judged. */
  readonly onProgress?: (done: number, total: number) => void;
}

const DEFAULT_CONCURRENCY = 8;

async function judgeOnce(
  judge: Judge,
  measure: MeasureName,
  text: JudgedText,
  signal: AbortSignal,
): Promise<Judgement> {
  const shared = { judge: judge.name, measure };
  try {
    const count = parseCount(await judge.complete(judgePrompt(measure, text), signal));
    return count === null
      ? { ...shared, count, outcome: 'unparsable' }
      : { ...shared, count, outcome: 'counted' };
  } catch (error) {
    // One reply that cannot be had must not cost all others; how many failed is reported.
    if (signal.aborted || !(error instanceof JudgeError)) throw error;
    return { ...shared, count: null, outcome: 'failed' };
  }
}

/**
 * Asks every judge for every measure of every completion, one draw each. Replies without a count and replies that cannot
 * be had are kept as such, so that they can be counted. Rejects with the signal's reason.
 */
export async function judgeOutcomes(
  outcomes: readonly Outcome[],
  options: JudgingOptions,
): Promise<Outcome[]> {
  const { judges, measures = measureNames, concurrency = DEFAULT_CONCURRENCY, signal, onProgress } = options;
  const cases = outcomes.flatMap((outcome, at) => outcome.answers.map((answer) => ({ at, outcome, answer })));
  let done = 0;
  const judged = await mapLimited(cases, concurrency, async ({ at, outcome, answer }) => {
    const { question, options: choices, gold } = outcome;
    const text = { question, options: choices, gold, completion: answer.completion };
    const asked = judges.flatMap((judge) => measures.map((measure) => ({ judge, measure })));
    const judgements = await Promise.all(
      asked.map(({ judge, measure }) => judgeOnce(judge, measure, text, signal)),
    );
    onProgress?.(++done, cases.length);
    return { at, answer: { ...answer, judgements } };
  });
  const answers = outcomes.map((): (typeof judged)[number]['answer'][] => []);
  for (const { at, answer } of judged) answers[at]?.push(answer);
  return outcomes.map((outcome, at) => ({ ...outcome, answers: answers[at] ?? [] }));
}
