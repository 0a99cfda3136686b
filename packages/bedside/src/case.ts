import { createHash } from 'node:crypto';
import { drawDistractors } from './distractor.js';
import { BedsideError } from './errors.js';
import type { Letter } from './option.js';
import { drawOptions } from './option.js';
import type { RandomStream } from './random.js';
import { createRandomStream } from './random.js';
import type { Criterion, ScoreDefinition, ScoredValue, ScoreName } from './score.js';
import { formatTotal, SCORE_NAMES, SCORES } from './score-table.js';

/** Which side of the fixed division a case belongs to. */
export type Split = 'train' | 'held-out';

/** A finding as the case writes it, with what it is worth. */
export interface Finding {
  /** Key of the criterion, or of the distractor. */
  readonly criterion: string;
  /** The name as written in the case. */
  readonly name: string;
  /** The value as written in the case, without its unit. */
  readonly value: string;
  /** What it adds to the total; 0 for a distractor. */
  readonly points: number;
}

/** A case vignette with its question, its options and everything that decides whether an answer is right. */
export interface BedsideCase {
  /** First 16 hexadecimal digits of the SHA-256 of the canonical content. */
  readonly id: string;
  readonly split: Split;
  readonly score: ScoreName;
  /** Vignette and question, without the options. */
  readonly question: string;
  readonly choices: Readonly<Record<Letter, string>>;
  readonly gold: Letter;
  /** The total in the score's unit; `choices[gold]` is its text. */
  readonly total: number;
  /** What the answer rests on: one per criterion, in the order of the score's definition. */
  readonly findings: readonly Finding[];
  /** The case's unrelated findings. */
  readonly distractors: readonly Finding[];
  /** The total that the question states, with its letter, as counted before; null where it states none. */
  readonly handover: string | null;
}

/** Which case to generate. */
export interface CaseOptions {
  /** Any whole number; another seed gives other cases. */
  readonly seed: number;
  readonly split: Split;
  /** The scores to draw from, each equally likely. @defaultValue all of them */
  readonly scores?: readonly ScoreName[];
  /**
   * Whether the question states the right total and its letter, as someone counted before: the answer can then be had without
   * counting, and accuracy alone pays for no work. The case is otherwise that of the same seed, split and index.
   * @defaultValue false
   */
  readonly handover?: boolean;
}

/** One case in eight is held out. */
const HELD_OUT_SHARE = 8;

/**
 * The content of a case whatever its wording: score, values of all findings in a fixed order and the set of offered totals.
 * Names, order of findings, opening, question, letters and a stated total do not enter, so that a reworded or reshuffled case
 * is the same case, on the same side of the division.
 */
export const canonicalContent = (
  bedside: Pick<BedsideCase, 'score' | 'findings' | 'distractors' | 'choices'>,
): string => {
  const values = (findings: readonly Finding[]): string[] =>
    findings.map((finding) => `${finding.criterion}=${finding.value}`).sort();
  const totals = Object.values(bedside.choices).sort();
  return [
    bedside.score,
    values(bedside.findings).join(','),
    values(bedside.distractors).join(','),
    totals.join(','),
  ].join('|');
};

/** The side of the division that a content lies on; a function of the content alone, so that no case is on both sides. */
export const splitOf = (content: string): Split =>
  createHash('sha256').update(content).digest().readUInt32BE(0) % HELD_OUT_SHARE === 0 ? 'held-out' : 'train';

const drawValue = (criterion: Criterion, stream: RandomStream): ScoredValue => {
  const worths = [...new Set(criterion.values.map((value) => value.points))].sort((a, b) => a - b);
  const worth = criterion.isBase === true ? undefined : stream.pick(worths);
  return stream.pick(criterion.values.filter((value) => worth === undefined || value.points === worth));
};

const drawFinding = (criterion: Criterion, stream: RandomStream): Finding => {
  const value = drawValue(criterion, stream);
  return {
    criterion: criterion.key,
    name: stream.pick(criterion.names),
    value: value.text,
    points: value.points,
  };
};

interface Vignette {
  readonly score: ScoreDefinition;
  readonly drawn: readonly { readonly finding: Finding; readonly unit: string | undefined }[];
  /** The sentence that states the answer, with a space before it; empty for none. */
  readonly stated: string;
}

const writeVignette = ({ score, drawn, stated }: Vignette, stream: RandomStream): string => {
  const withUnits = stream.below(2) === 0;
  const separator = stream.pick([', ', '; ']);
  const sentences = stream
    .shuffle(drawn)
    .map(
      ({ finding, unit }) =>
        `${finding.name} ${finding.value}${withUnits && unit !== undefined ? ` ${unit}` : ''}`,
    );
  return `${stream.pick(score.openings)} ${sentences.join(separator)}.${stated} ${stream.pick(score.questions)}`;
};

const drawCase = (score: ScoreDefinition, hasHandover: boolean, stream: RandomStream): BedsideCase => {
  const criteria = score.criteria.map((criterion) => ({
    finding: drawFinding(criterion, stream),
    unit: criterion.unit,
  }));
  const distractors = drawDistractors(score, stream).map((criterion) => ({
    finding: drawFinding(criterion, stream),
    unit: criterion.unit,
  }));
  const findings = criteria.map(({ finding }) => finding);
  const total = findings.reduce((sum, finding) => sum + finding.points, 0);
  const { choices, gold } = drawOptions(score, total, stream);
  const handover = hasHandover ? formatTotal(score, total) : null;
  // One wording, so that nothing more is drawn than for a case without it.
  const stated = handover === null ? '' : ` Handover total ${handover}, ${gold}.`;
  const content = canonicalContent({
    score: score.name,
    findings,
    distractors: distractors.map(({ finding }) => finding),
    choices,
  });
  return {
    id: createHash('sha256').update(content).digest('hex').slice(0, 16),
    split: splitOf(content),
    score: score.name,
    question: writeVignette({ score, drawn: [...criteria, ...distractors], stated }, stream),
    choices,
    gold,
    total: Number(formatTotal(score, total)),
    findings,
    distractors: distractors.map(({ finding }) => finding),
    handover,
  };
};

/**
 * The case with a given index: a pure function of its options and index, computable in any order.
 * Contents that fall on the other side of the division are drawn again from the same stream.
 *
 * @param index whole number from 0
 * @throws BedsideError `BEDSIDE_BAD_INDEX`, `BEDSIDE_NO_SCORES`
 */
export const caseAt = (options: CaseOptions, index: number): BedsideCase => {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new BedsideError('BEDSIDE_BAD_INDEX', { found: String(index) });
  }
  const scores = options.scores ?? SCORE_NAMES;
  if (scores.length === 0) throw new BedsideError('BEDSIDE_NO_SCORES');
  const stream = createRandomStream(['case', options.seed, options.split, index]);
  const score = SCORES[stream.pick(scores)];
  const hasHandover = options.handover ?? false;
  let drawn = drawCase(score, hasHandover, stream);
  while (drawn.split !== options.split) drawn = drawCase(score, hasHandover, stream);
  return drawn;
};

/** The cases with indices `start` to `start + count - 1`; see {@link caseAt}. */
export const casesFrom = (options: CaseOptions, start: number, count: number): BedsideCase[] =>
  Array.from({ length: count }, (_, offset) => caseAt(options, start + offset));
