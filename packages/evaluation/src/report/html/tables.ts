import type { Comparison } from '../../comparison.js';
import type { JudgedResults } from '../../judge/judged-results.js';
import { measures } from '../../judge/measures.js';
import type { Results } from '../../results.js';
import {
  bestInterval,
  decimal,
  percent,
  percentRange,
  points,
  pointsRange,
  pValue,
  range,
} from '../figures.js';
import { summaryRows } from '../summary-rows.js';
import { type Html, html } from './markup.js';

type Named = { readonly name: string; readonly results: Results };

const withInterval = (figure: string, interval: string | null): Html =>
  html`<td class="n">${figure}${interval === null || interval === '-' ? null : html`<small>${interval}</small>`}</td>`;

/** The figures of a model, beside the baseline's. */
export function summaryTable(models: readonly Named[]): Html {
  const rows = summaryRows(models.map(({ results }) => results)).map(
    ({ name, cells }) =>
      html`<tr><th scope="row">${name}</th>${cells.map(({ figure, interval }) => withInterval(figure, interval))}</tr>
`,
  );
  const heads = models.map(({ name }) => html`<th class="n" scope="col">${name}</th>`);
  return html`<div class="wide"><table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** The paired comparison, in words. */
export function comparisonText(comparison: Comparison): Html {
  const { questions, unmatched, difference, interval, votes, mcNemar } = comparison;
  const { modelOnly, baselineOnly, method, statistic } = mcNemar;
  const test = method === 'exact' ? 'exact' : `chi-squared with continuity correction, ${decimal(statistic)}`;
  return html`<p>Accuracy over all, less the baseline's: <strong>${points(difference)}</strong> (95 % paired bootstrap: ${pointsRange(interval)}) on ${questions} common questions${unmatched === 0 ? '' : `; ${unmatched} are not the baseline's`}.</p>
<p>McNemar's test${votes ? ' of majority votes' : ''} (${test}): ${modelOnly} questions only the model has right, ${baselineOnly} only the baseline; <strong>${pValue(mcNemar.pValue)}</strong>.</p>`;
}

/** Accuracy by subject; null where questions have none. */
export function subjectTable(models: readonly Named[]): Html | null {
  const subjects = [
    ...new Set(models.flatMap(({ results }) => results.subjects.map((s) => s.subject))),
  ].sort();
  if (subjects.length === 0) return null;
  const rows = subjects.map((subject) => {
    const cells = models.map(({ results }) => {
      const found = results.subjects.find((figure) => figure.subject === subject);
      if (found === undefined) return withInterval('-', null);
      return withInterval(
        `${percent(found.accuracy)} of ${found.questions}`,
        percentRange(bestInterval(found)),
      );
    });
    return html`<tr><th scope="row"><bdi>${subject}</bdi></th>${cells}</tr>
`;
  });
  const heads = models.map(({ name }) => html`<th class="n" scope="col">${name}</th>`);
  return html`<h2>By subject</h2><div class="wide"><table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function judgeTable(judge: string, models: readonly Named[]): Html {
  const own = models.map(({ results }) => results.judged?.judges.find((found) => found.judge === judge));
  const names = [...new Set(own.flatMap((found) => found?.measures.map(({ measure }) => measure) ?? []))];
  const rows = names.map((name) => {
    const { abbreviation, title, isLowerBetter } = measures[name];
    const cells = own.map((found) => {
      const result = found?.measures.find(({ measure }) => measure === name);
      if (result === undefined) return withInterval('-', null);
      const { mean, interval, counted, unparsable, failed } = result;
      const dropped = unparsable + failed;
      const replies = `${counted} replies${dropped === 0 ? '' : `, ${unparsable} unparsable, ${failed} failed`}`;
      return withInterval(decimal(mean), `${interval === null ? '' : `${range(interval)}; `}${replies}`);
    });
    return html`<tr><th scope="row">${abbreviation} ${title}${isLowerBetter ? ' (lower is better)' : ''}</th>${cells}</tr>
`;
  });
  const heads = models.map((model) => html`<th class="n" scope="col">${model.name}</th>`);
  return html`<p>Mean counts by ${judge}</p><div class="wide"><table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function agreementTable({ judges, agreement }: JudgedResults): Html | null {
  if (agreement.length === 0) return null;
  const [first, second] = judges;
  const rows = agreement.map(
    ({ measure, pairs, exact, kappa }) =>
      html`<tr><th scope="row">${measures[measure].abbreviation} ${measures[measure].title}</th><td class="n">${pairs}</td><td class="n">${percent(exact)}</td><td class="n">${decimal(kappa)}</td></tr>
`,
  );
  return html`<p>Agreement of ${first?.judge ?? ''} and ${second?.judge ?? ''} on the model's completions; kappa is Cohen's with quadratic weights</p><div class="wide"><table><thead><tr><th></th><th class="n" scope="col">pairs</th><th class="n" scope="col">equal</th><th class="n" scope="col">kappa</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Mean counts of the judges, and how far two of them agree; null where nothing was judged. */
export function judgedTables(models: readonly Named[]): Html | null {
  const judges = [
    ...new Set(models.flatMap(({ results }) => results.judged?.judges.map(({ judge }) => judge) ?? [])),
  ];
  if (judges.length === 0) return null;
  const own = models[0]?.results.judged ?? null;
  return html`<h2>Judged</h2>${judges.map((judge) => judgeTable(judge, models))}${own === null ? null : agreementTable(own)}`;
}
