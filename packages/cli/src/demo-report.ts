import type { EvaluationSummary } from '@residency/protocol';
import { formatTable } from './table.js';

/** One evaluation as the report file keeps it; null where no sample was graded. */
export interface ReportedEvaluation {
  /** Mean over tempered samples of whether the answer is right, 0 to 1. */
  readonly accuracy: number | null;
  readonly greedyAccuracy: number | null;
  readonly meanReward: number | null;
  /** Means by component, names sorted. */
  readonly components: Readonly<Record<string, number>>;
}

/** Content of runs/demo/report.json. */
export interface DemoReport {
  readonly seed: number;
  /** From the submission of the job to its end. */
  readonly seconds: number;
  readonly adapterSha256: string;
  readonly before: ReportedEvaluation;
  readonly after: ReportedEvaluation;
  readonly heldOutCases: number;
}

/** An evaluation in the report's form. */
export function reportEvaluation(summary: EvaluationSummary): ReportedEvaluation {
  const components = Object.entries(summary.components).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    accuracy: summary.accuracy,
    greedyAccuracy: summary.greedy_accuracy,
    meanReward: summary.mean_reward,
    components: Object.fromEntries(components),
  };
}

type Cell = number | null | undefined;
type Row = readonly [name: string, before: Cell, after: Cell];

const percent = (value: Cell): string => (typeof value === 'number' ? `${(100 * value).toFixed(1)} %` : '-');
const plain = (value: Cell): string => (typeof value === 'number' ? value.toFixed(3) : '-');

function change(before: Cell, after: Cell, write: (value: number) => string): string {
  if (typeof before !== 'number' || typeof after !== 'number') return '-';
  return `${after < before ? '-' : '+'}${write(Math.abs(after - before))}`;
}

/** The table of what changed on the held-out cases. */
export function comparisonTable(
  before: EvaluationSummary,
  after: EvaluationSummary,
  samples: number,
): readonly string[] {
  const names = [...new Set([...Object.keys(before.components), ...Object.keys(after.components)])].sort();
  const shares: readonly Row[] = [
    [`accuracy (avg@${samples})`, before.accuracy, after.accuracy],
    ['greedy accuracy', before.greedy_accuracy, after.greedy_accuracy],
  ];
  const numbers: readonly Row[] = [
    ['mean reward', before.mean_reward, after.mean_reward],
    ...names.map((name): Row => [`  ${name}`, before.components[name], after.components[name]]),
  ];
  return formatTable([
    [`${after.cases} held-out cases`, 'before', 'after', 'change'],
    ...shares.map(([name, a, b]) => [name, percent(a), percent(b), change(a, b, percent)]),
    ...numbers.map(([name, a, b]) => [name, plain(a), plain(b), change(a, b, plain)]),
  ]);
}
