import type { AccuracyFigure, Results } from '../results.js';
import { bestInterval, decimal, percent, percentRange } from './figures.js';

/** A line of the summary: a figure of each model. */
export interface SummaryRow {
  readonly name: string;
  /** One per model: the figure, and its interval where it has one. */
  readonly cells: readonly { readonly figure: string; readonly interval: string | null }[];
}

type Read = (results: Results) => { readonly figure: string; readonly interval: string | null } | null;

const plain = (figure: string): { figure: string; interval: null } => ({ figure, interval: null });
const accuracy = (figure: AccuracyFigure): { figure: string; interval: string | null } => ({
  figure: percent(figure.accuracy),
  interval: bestInterval(figure) === null ? null : percentRange(bestInterval(figure)),
});

/** Rows that every evaluation has, those of several samples, and those of a rubric. */
const ROWS: readonly (readonly [name: string, read: Read])[] = [
  ['accuracy over all', ({ overAll }) => accuracy(overAll)],
  ['accuracy over valid', ({ overValid }) => accuracy(overValid)],
  ['valid answers', ({ validShare }) => plain(percent(validShare))],
  ['majority vote', ({ majority }) => (majority === null ? null : accuracy(majority))],
  ['tied votes', ({ majority }) => (majority === null ? null : plain(String(majority.ties)))],
  ['mean tokens', ({ meanTokens }) => plain(decimal(meanTokens, 1))],
  ['truncated', ({ truncatedShare }) => plain(percent(truncatedShare))],
  ['mean reward', ({ meanReward }) => (meanReward === null ? null : plain(decimal(meanReward, 3)))],
];

/** The union of names over several results, in the order in which they come. */
const namesOf = <T>(all: readonly Results[], read: (results: Results) => readonly T[]): T[] => [
  ...new Set(all.flatMap(read)),
];

/** The summary of one model or of two side by side; a row that no model has is left out. */
export function summaryRows(all: readonly Results[]): SummaryRow[] {
  const passes = namesOf(all, (results) => results.passAtK.map(({ k }) => k)).sort((a, b) => a - b);
  const components = namesOf(all, (results) => results.components.map(({ name }) => name));
  const rows: (readonly [string, Read])[] = [
    ...ROWS.slice(0, 5),
    ...passes.map((k): readonly [string, Read] => [
      `pass@${k}`,
      (results) => {
        const found = results.passAtK.find((figure) => figure.k === k);
        return found === undefined ? null : plain(percent(found.value));
      },
    ]),
    ...ROWS.slice(5),
    ...components.map((name): readonly [string, Read] => [
      `  ${name}`,
      (results) => {
        const found = results.components.find((component) => component.name === name);
        return found === undefined ? null : plain(decimal(found.mean, 3));
      },
    ]),
  ];
  return rows.flatMap(([name, read]) => {
    const cells = all.map(read);
    if (cells.every((cell) => cell === null)) return [];
    return [{ name, cells: cells.map((cell) => cell ?? plain('-')) }];
  });
}
