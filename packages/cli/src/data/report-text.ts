import type { DataReport, PartReport, Quantiles, RowRef } from '@residency/data';
import { formatTable } from '../table.js';

/** Findings of a kind that are listed; more are only counted. */
const MAX_LISTED = 20;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const quantileRow = (name: string, q: Quantiles): string[] => [
  name,
  ...[q.min, q.median, q.p90, q.p99, q.max].map(String),
];

/** The first few of a list as lines, and how many there are besides. */
function listed<T>(values: readonly T[], show: (value: T) => string): string[] {
  const more = values.length - MAX_LISTED;
  return [
    ...values.slice(0, MAX_LISTED).map((value) => `  ${show(value)}`),
    ...(more > 0 ? [`  and ${more} more (--json lists all)`] : []),
  ];
}

function counted(counts: Readonly<Record<string, number>>, rows: number): string {
  const entries = Object.entries(counts);
  const shown = entries.slice(0, 12).map(([name, n]) => `${name} ${n} (${percent(n / rows)})`);
  return [...shown, ...(entries.length > 12 ? [`and ${entries.length - 12} more`] : [])].join(', ');
}

/** Lines about rows that stand out, for those there are. */
function oddities(part: PartReport): string[] {
  const names: readonly (readonly [readonly string[], string])[] = [
    [part.repeatedIds, 'ids that more than one row has'],
    [part.equalOptions, 'rows with two options of the same text'],
    [part.needImage, 'rows that need an image'],
  ];
  return names
    .filter(([ids]) => ids.length > 0)
    .map(([ids, what]) => {
      const more = ids.length > 5 ? ', ...' : '';
      return `${ids.length} ${what}: ${ids.slice(0, 5).join(', ')}${more}`;
    });
}

function partLines(title: string, part: PartReport): string[] {
  const { rows, answers, subjects, nonAscii, repeats, overLimit } = part;
  const left = part.badRows > 0 ? `, ${part.badRows} bad ones left out` : '';
  const lengths = [
    ...(part.characters === null ? [] : [quantileRow('characters', part.characters)]),
    ...(part.tokens === null ? [] : [quantileRow('tokens', part.tokens)]),
  ];
  return [
    `${title}: ${part.file}, ${rows} rows${left}`,
    ...(lengths.length === 0 ? [] : formatTable([['', 'min', 'median', 'p90', 'p99', 'max'], ...lengths])),
    ...(Object.keys(answers).length === 0 ? [] : [`answers: ${counted(answers, rows)}`]),
    ...(part.unlabelled > 0 ? [`${part.unlabelled} rows without a key`] : []),
    ...(Object.keys(subjects).length === 0 ? [] : [`subjects: ${counted(subjects, rows)}`]),
    `not ASCII: ${nonAscii.rows} rows, ${percent(nonAscii.share)} of their characters`,
    `repeats: ${repeats.question} rows ask an earlier question again, ${repeats.item} with the same options`,
    ...oddities(part),
    ...(overLimit === null ? [] : [`${overLimit.length} rows do not fit the token limit`]),
    ...listed(overLimit ?? [], ({ id, row, tokens }) => `row ${row} ${id}: ${tokens} tokens`),
    '',
  ];
}

const showRef = ({ part, row, id }: RowRef): string => `${part} row ${row} ${id}`;

/** A report for a terminal. */
export function formatDataReport(report: DataReport): string[] {
  const { duplicates, nearDuplicates } = report;
  const leaks = (found: readonly { readonly isLeak: boolean }[]): string =>
    report.eval === null ? '' : `, ${found.filter(({ isLeak }) => isLeak).length} between train and eval`;
  // What leaks matters most.
  const leaksFirst = <T extends { readonly isLeak: boolean }>(found: readonly T[]): T[] => [
    ...found.filter(({ isLeak }) => isLeak),
    ...found.filter(({ isLeak }) => !isLeak),
  ];
  return [
    ...partLines('train', report.train),
    ...(report.eval === null ? [] : partLines('eval', report.eval)),
    `${duplicates.length} questions asked more than once${leaks(duplicates)}`,
    ...listed(leaksFirst(duplicates), ({ rows, sameOptions }) => {
      const more = rows.length > 4 ? ` and ${rows.length - 4} more` : '';
      return `${rows.slice(0, 4).map(showRef).join(', ')}${more}${sameOptions ? ', same options' : ''}`;
    }),
    `${nearDuplicates.length} near-duplicates${leaks(nearDuplicates)}`,
    ...listed(
      leaksFirst(nearDuplicates),
      ({ rows, similarity }) => `${similarity.toFixed(3)}  ${rows.map(showRef).join(', ')}`,
    ),
    ...(report.crowded > 0
      ? [`${report.crowded} rows have more look-alikes than are compared: some of their pairs may be missing`]
      : []),
  ];
}
