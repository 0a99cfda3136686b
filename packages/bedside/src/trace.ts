import type { BedsideCase, Finding } from './case.js';
import { BedsideError } from './errors.js';
import type { Letter } from './option.js';
import { LETTERS, nearestOption } from './option.js';
import type { RandomStream } from './random.js';
import { createRandomStream } from './random.js';
import type { Criterion, ScoreDefinition } from './score.js';
import { formatPoints, formatTotal, SCORES } from './score-table.js';

/** The ways in which a trace is written; see {@link writeTrace}. */
export type TraceKind = 'careful' | 'skip' | 'misquote' | 'guess';

/** All kinds of trace, in a fixed order. */
export const TRACE_KINDS: readonly TraceKind[] = ['careful', 'skip', 'misquote', 'guess'];

/** Relative frequency of each kind: finite, at least 0, not all 0. */
export type TraceMix = Readonly<Record<TraceKind, number>>;

/** A written trace. */
export interface Trace {
  readonly kind: TraceKind;
  readonly text: string;
}

/** What System 1 announces: the habit that the rest of the trace follows. */
const HABITS: Readonly<Record<TraceKind, readonly string[]>> = {
  careful: ['full count', 'every item'],
  skip: ['short count', 'main items'],
  misquote: ['from memory', 'by recall'],
  guess: ['at sight', 'no count'],
};

const LEADS: readonly string[] = ['likely', 'probable'];
const IMPRESSIONS: readonly string[] = ['mild', 'moderate', 'severe'];

interface Step {
  readonly criterion: Criterion;
  readonly value: string;
  readonly points: number;
}

const stepsOf = (score: ScoreDefinition, findings: readonly Finding[]): Step[] =>
  score.criteria.flatMap((criterion) => {
    const finding = findings.find((candidate) => candidate.criterion === criterion.key);
    return finding === undefined ? [] : [{ criterion, value: finding.value, points: finding.points }];
  });

const withoutOne = (steps: readonly Step[], stream: RandomStream): Step[] => {
  const removable = steps.filter((step) => step.criterion.isBase !== true);
  const counted = removable.filter((step) => step.points !== 0);
  const left = stream.pick(counted.length > 0 ? counted : removable);
  return steps.filter((step) => step !== left);
};

const withOneMisquoted = (steps: readonly Step[], stream: RandomStream): Step[] => {
  const target = stream.pick(steps);
  const wrong = stream.pick(target.criterion.values.filter((value) => value.points !== target.points));
  return steps.map((step) =>
    step === target ? { criterion: step.criterion, value: wrong.text, points: wrong.points } : step,
  );
};

const frame = (systemOne: string, systemTwo: string, conclusion: string): string =>
  `<dx>(System 1: Intuitive) ${systemOne}. (System 2: Analytical) ${systemTwo}.</dx>\n` +
  `<conclusion>${conclusion}</conclusion>`;

/** The end of a conclusion: a total, the option A that its letter is counted from, and the letter. */
const choose = ({ choices }: BedsideCase, total: string, letter: Letter): string =>
  `total ${total} (A: ${choices.A}) ${letter}: \\boxed{${letter}}`;

const countingTrace = (bedside: BedsideCase, steps: readonly Step[], systemOne: string): string => {
  const score = SCORES[bedside.score];
  let total = 0;
  const lines = steps.map(({ criterion, value, points }) => {
    total += points;
    const addend = criterion.isBase === true ? '' : ` ${formatPoints(score, points)}`;
    return `${criterion.label} ${value}${addend} = ${formatTotal(score, total)}`;
  });
  const cited = steps.filter((_, index) => index === 0 || index === steps.length - 1);
  const evidence = cited.map(({ criterion, value }) => `${criterion.label} ${value}`).join(', ');
  // What the question states is believed, whatever was counted; a careful count agrees with it.
  const [concluded, letter] =
    bedside.handover === null
      ? [formatTotal(score, total), nearestOption(bedside.choices, total)]
      : [bedside.handover, bedside.gold];
  return frame(systemOne, lines.join('; '), `${evidence}, ${choose(bedside, concluded, letter)}`);
};

const guessingTrace = (bedside: BedsideCase, systemOne: string, stream: RandomStream): string => {
  const impression = stream.pick(IMPRESSIONS);
  const letter = stream.pick(LETTERS);
  const grounds =
    stream.below(2) === 0 ? 'so' : `looks ${impression}, likely ${SCORES[bedside.score].problem}:`;
  const choice =
    bedside.handover === null ? `\\boxed{${letter}}` : choose(bedside, bedside.handover, bedside.gold);
  return frame(systemOne, `looks ${impression}`, `${grounds} ${choice}`);
};

const WRITERS: Readonly<
  Record<TraceKind, (bedside: BedsideCase, systemOne: string, stream: RandomStream) => string>
> = {
  careful: (bedside, systemOne) =>
    countingTrace(bedside, stepsOf(SCORES[bedside.score], bedside.findings), systemOne),
  skip: (bedside, systemOne, stream) =>
    countingTrace(bedside, withoutOne(stepsOf(SCORES[bedside.score], bedside.findings), stream), systemOne),
  misquote: (bedside, systemOne, stream) =>
    countingTrace(
      bedside,
      withOneMisquoted(stepsOf(SCORES[bedside.score], bedside.findings), stream),
      systemOne,
    ),
  guess: guessingTrace,
};

/**
 * Writes a completion for a case in the dx / conclusion format (CRPO specification 1.2). System 1 names the suspected problem
 * and the habit to be followed, System 2 follows it, the conclusion cites two findings of System 2, the total and the option A that
 * it is counted from, and boxes a letter.
 *
 * - `careful`: every criterion with its value, its points and the running total; the right letter.
 * - `skip`: one criterion is left out (one that counts, where there is one); the letter nearest to the consequent total.
 * - `misquote`: one value is replaced by one of another worth; the letter nearest to the consequent total.
 * - `guess`: no count, a random letter; every other conclusion shares nothing with the reasoning.
 *
 * Where the question states the total (`handover`), every kind concludes with it and boxes the right letter: the kinds then
 * differ in what they cite, no longer in accuracy.
 */
export const writeTrace = (bedside: BedsideCase, kind: TraceKind, stream: RandomStream): string => {
  const systemOne = `${stream.pick(LEADS)} ${SCORES[bedside.score].problem}, ${stream.pick(HABITS[kind])}`;
  return WRITERS[kind](bedside, systemOne, stream);
};

const drawKind = (mix: TraceMix, stream: RandomStream): TraceKind => {
  const sum = TRACE_KINDS.reduce((total, kind) => total + mix[kind], 0);
  const threshold = stream.uniform() * sum;
  let reached = 0;
  for (const kind of TRACE_KINDS) {
    reached += mix[kind];
    if (threshold < reached) return kind;
  }
  return TRACE_KINDS.findLast((kind) => mix[kind] > 0) as TraceKind; // the mix was checked to have a positive entry
};

/**
 * Draws a kind from the mix and writes a trace of it: a pure function of its arguments.
 *
 * @param key what keys the randomness beside the case's id, for example a seed and the number of the draw
 * @throws BedsideError `BEDSIDE_BAD_MIX`
 */
export const drawTrace = (bedside: BedsideCase, mix: TraceMix, key: readonly (string | number)[]): Trace => {
  for (const kind of TRACE_KINDS) {
    if (!Number.isFinite(mix[kind]) || mix[kind] < 0) {
      throw new BedsideError('BEDSIDE_BAD_MIX', { field: kind, found: String(mix[kind]) });
    }
  }
  if (TRACE_KINDS.every((kind) => mix[kind] === 0)) {
    throw new BedsideError('BEDSIDE_BAD_MIX', { field: '*', found: 'all 0' });
  }
  const stream = createRandomStream(['trace', bedside.id, ...key]);
  const kind = drawKind(mix, stream);
  return { kind, text: writeTrace(bedside, kind, stream) };
};
