import { type ComparedText, findNearDuplicates, type NearOptions } from './near-duplicates.js';
import type { PartReport, PartSurvey, RowSketch } from './survey.js';

export type PartName = 'train' | 'eval';

/** Where a row stands. */
export interface RowRef {
  readonly part: PartName;
  /** Counted from 1: lines, or items of a document. */
  readonly row: number;
  readonly id: string;
}

/** Rows that ask the same question, punctuation, case and spacing aside. */
export interface DuplicateGroup {
  readonly rows: readonly RowRef[];
  /** Whether their options are the same too, in whatever order. */
  readonly sameOptions: boolean;
  /** Whether both parts hold the question. */
  readonly isLeak: boolean;
}

/** Two rows that ask nearly the same. */
export interface NearDuplicate {
  readonly rows: readonly [RowRef, RowRef];
  /** Exact Jaccard similarity of their questions' word sequences, in [threshold, 1]. */
  readonly similarity: number;
  readonly isLeak: boolean;
}

/** What a training file holds, and what it shares with an evaluation file. */
export interface DataReport {
  readonly train: PartReport;
  readonly eval: PartReport | null;
  /** In order of their first rows. */
  readonly duplicates: readonly DuplicateGroup[];
  /** By similarity, greatest first. Of rows that ask the same only the first of a part is compared. */
  readonly nearDuplicates: readonly NearDuplicate[];
  /** Rows with more look-alikes than are compared: of their pairs the list may hold only a part. */
  readonly crowded: number;
}

interface PlacedSketch {
  readonly ref: RowRef;
  readonly sketch: RowSketch;
}

const isAcross = (rows: readonly RowRef[]): boolean => rows.some(({ part }) => part !== rows[0]?.part);

function duplicatesOf(sketches: readonly PlacedSketch[]): DuplicateGroup[] {
  const groups = new Map<string, PlacedSketch[]>();
  for (const placed of sketches) {
    const group = groups.get(placed.sketch.caseHash);
    if (group === undefined) groups.set(placed.sketch.caseHash, [placed]);
    else group.push(placed);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const rows = group.map(({ ref }) => ref);
      const sameOptions = new Set(group.map(({ sketch }) => sketch.itemHash)).size === 1;
      return { rows, sameOptions, isLeak: isAcross(rows) };
    });
}

/** The report of one or two surveyed files. @throws DataError DATA_SETTING */
export function buildReport(
  train: PartSurvey,
  evaluation: PartSurvey | null,
  options: NearOptions = {},
): DataReport {
  const placed = (part: PartName, survey: PartSurvey | null): PlacedSketch[] =>
    (survey?.sketches ?? []).map((sketch) => ({ ref: { part, row: sketch.row, id: sketch.id }, sketch }));
  const sketches = [...placed('train', train), ...placed('eval', evaluation)];
  const texts = sketches.map(
    ({ ref, sketch }): ComparedText => ({
      hash: sketch.caseHash,
      shingles: sketch.shingles,
      part: ref.part === 'train' ? 0 : 1,
    }),
  );
  const { pairs, crowded } = findNearDuplicates(texts, options);
  const nearDuplicates = pairs.flatMap(({ first, second, similarity }): NearDuplicate[] => {
    const rows = [sketches[first]?.ref, sketches[second]?.ref] as const;
    if (rows[0] === undefined || rows[1] === undefined) return [];
    return [{ rows: [rows[0], rows[1]], similarity, isLeak: rows[0].part !== rows[1].part }];
  });
  return {
    train: train.report(),
    eval: evaluation?.report() ?? null,
    duplicates: duplicatesOf(sketches),
    nearDuplicates,
    crowded,
  };
}

/** A report as records, one a JSON line: the parts, then each group of duplicates, then each near-duplicate. */
export function reportRecords(report: DataReport): readonly Readonly<Record<string, unknown>>[] {
  return [
    { kind: 'part', part: 'train', ...report.train },
    ...(report.eval === null ? [] : [{ kind: 'part', part: 'eval', ...report.eval }]),
    ...report.duplicates.map((group) => ({ kind: 'duplicate', ...group })),
    ...report.nearDuplicates.map((pair) => ({ kind: 'near-duplicate', ...pair })),
    {
      kind: 'comparison',
      duplicates: report.duplicates.length,
      nearDuplicates: report.nearDuplicates.length,
      leaks: [...report.duplicates, ...report.nearDuplicates].filter(({ isLeak }) => isLeak).length,
      crowded: report.crowded,
    },
  ];
}
