import type { EvaluatedRun, EvaluationReport } from '../report.js';
import { type Html, html } from './markup.js';
import { questionSection } from './question-section.js';
import { STYLE } from './style.js';
import { comparisonText, judgedTables, subjectTable, summaryTable } from './tables.js';

/** Questions that a page shows: browsers are slow with more. */
const MAX_QUESTIONS = 1_000;

/** Nothing is loaded and nothing runs, whatever a completion holds. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Short name of what answered: the adapter's where there is one. */
export const nameOf = ({ model }: EvaluatedRun): string => model.adapter?.name ?? model.name;

function describe({ model, settings }: EvaluatedRun): Html {
  const { samples, temperature, topP, maxTokens, seed, profile } = settings;
  const adapter =
    model.adapter === null
      ? ''
      : ` with the adapter ${model.adapter.name} (${model.adapter.sha256.slice(0, 12)})`;
  const sampling = temperature === 0 ? 'greedy' : `temperature ${temperature}, top p ${topP}, seed ${seed}`;
  return html`<p class="soft">${model.name} (${model.sha256.slice(0, 12)})${adapter}: ${samples} completion${samples === 1 ? '' : 's'} of each question, ${sampling}, at most ${maxTokens} tokens; rubric ${profile}</p>`;
}

const choice = (id: string, label: string, isFirst = false): Html =>
  html`<label><input type="radio" name="only" id="${id}"${isFirst ? html` checked` : null}> ${label}</label>`;

function filters(hasBaseline: boolean): Html {
  const more = hasBaseline
    ? html`${choice('only-won', 'right, where the baseline is wrong')}${choice('only-lost', 'wrong, where the baseline is right')}`
    : null;
  return html`<fieldset><legend>Show</legend>${choice('only-all', 'all', true)}${choice('only-wrong', 'wrong')}${more}</fieldset>`;
}

function questions(report: EvaluationReport): Html[] {
  const { outcomes, baseline } = report;
  const others = new Map(baseline?.outcomes.map((outcome) => [outcome.id, outcome]) ?? []);
  const names = { model: nameOf(report), baseline: baseline === null ? '' : baselineName(report) };
  return outcomes
    .slice(0, MAX_QUESTIONS)
    .map((outcome) => questionSection(outcome, others.get(outcome.id) ?? null, names));
}

/** The baseline's name, told apart from the model's. */
function baselineName(report: EvaluationReport): string {
  const { baseline } = report;
  const name = baseline === null ? '' : nameOf(baseline);
  return name === nameOf(report) ? `baseline ${name}` : name;
}

/**
 * The report as one HTML file that loads nothing and runs nothing: tables, then each question with the completions side
 * by side. Every text is escaped. The first 1000 questions are shown; the figures are of all.
 */
export function renderReport(report: EvaluationReport): string {
  const { data, results, baseline, comparison, outcomes } = report;
  const models = [
    { name: nameOf(report), results },
    ...(baseline === null ? [] : [{ name: baselineName(report), results: baseline.results }]),
  ];
  const cut =
    outcomes.length > MAX_QUESTIONS
      ? html`<p class="soft">The first ${MAX_QUESTIONS} of ${outcomes.length}; all are in report.json.</p>`
      : null;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="referrer" content="no-referrer">
<title>${nameOf(report)}: evaluation</title><style>${{ markup: STYLE }}</style></head><body>
<h1>${nameOf(report)} on ${data.name}</h1>
${describe(report)}${baseline === null ? null : html`<p class="soft">Baseline:</p>${describe(baseline)}`}
<p class="soft">${data.questions} questions, SHA-256 of the file ${data.sha256.slice(0, 12)}</p>
<h2>Summary</h2>
${summaryTable(models)}
<p class="soft">Valid: exactly one box with one letter. Intervals hold 95 %: Wilson's score interval with one completion of each question, else a bootstrap over questions. Ties of votes go to the first letter.</p>
${comparison === null ? null : html`<h2>Against the baseline</h2>${comparisonText(comparison)}`}
${subjectTable(models)}
${judgedTables(models)}
<h2>Questions</h2>
${filters(baseline !== null)}${cut}
<main>${questions(report)}</main>
</body></html>
`;
  return page.markup;
}
