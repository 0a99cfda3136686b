import {
  bestInterval,
  type Comparison,
  decimal,
  type EvaluationReport,
  measures,
  nameOf,
  percent,
  percentRange,
  points,
  pointsRange,
  pValue,
  type Results,
  summaryRows,
} from '@residency/evaluation';
import { formatTable } from '../table.js';

/** Subjects beyond are in the report alone. */
const MAX_SUBJECTS = 20;

type Named = { readonly name: string; readonly results: Results };

function summaryLines(questions: number, models: readonly Named[]): string[] {
  const rows = summaryRows(models.map(({ results }) => results));
  return formatTable([
    [`${questions} questions`, ...models.flatMap(({ name }) => [name, '95 %'])],
    ...rows.map(({ name, cells }) => [
      name,
      ...cells.flatMap(({ figure, interval }) => [figure, interval ?? '']),
    ]),
  ]);
}

function comparisonLines({ questions, difference, interval, votes, mcNemar }: Comparison): string[] {
  const { modelOnly, baselineOnly, method } = mcNemar;
  return [
    `accuracy less the baseline's on ${questions} common questions: ${points(difference)} (95 %: ${pointsRange(interval)})`,
    `McNemar's test${votes ? ' of majority votes' : ''}, ${method}: ${modelOnly} right by the model alone, ${baselineOnly} by the baseline alone, ${pValue(mcNemar.pValue)}`,
  ];
}

function subjectLines({ subjects }: Results): string[] {
  if (subjects.length === 0) return [];
  const rows = subjects.slice(0, MAX_SUBJECTS).map((figure) => [
    // Of the data: controls would act on the terminal.
    figure.subject.replace(/\p{Cc}+/gu, ' '),
    `${figure.questions}`,
    percent(figure.accuracy),
    percentRange(bestInterval(figure)),
  ]);
  const more = subjects.length - MAX_SUBJECTS;
  return [
    '',
    ...formatTable([['subject', 'questions', 'accuracy', '95 %'], ...rows]),
    ...(more > 0 ? [`${more} more subjects are in the report`] : []),
  ];
}

function judgedLines({ judged }: Results): string[] {
  if (judged === null) return [];
  const [first] = judged.judges;
  const rows = (first?.measures ?? []).map(({ measure }) => {
    const found = judged.judges.map(({ measures: own }) => own.find((result) => result.measure === measure));
    const agreement = judged.agreement.find((entry) => entry.measure === measure);
    return [
      `${measures[measure].abbreviation} ${measures[measure].title}`,
      ...found.flatMap((result) => [
        decimal(result?.mean ?? null),
        `${(result?.unparsable ?? 0) + (result?.failed ?? 0)}`,
      ]),
      ...(agreement === undefined ? [] : [percent(agreement.exact), decimal(agreement.kappa)]),
    ];
  });
  const heads = judged.judges.flatMap(({ judge }) => [judge, 'dropped']);
  const agreementHeads = judged.agreement.length > 0 ? ['equal', 'kappa'] : [];
  return ['', ...formatTable([['mean counts', ...heads, ...agreementHeads], ...rows])];
}

/** The report for a terminal. */
export function reportLines(report: EvaluationReport): string[] {
  const { baseline, comparison, results } = report;
  const models: Named[] = [
    { name: nameOf(report), results },
    ...(baseline === null ? [] : [{ name: 'baseline', results: baseline.results }]),
  ];
  return [
    ...summaryLines(results.questions, models),
    ...(comparison === null ? [] : comparisonLines(comparison)),
    ...subjectLines(results),
    ...judgedLines(results),
  ];
}
