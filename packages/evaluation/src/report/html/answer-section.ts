import type { Grade } from '@residency/rubric';
import { measures } from '../../judge/measures.js';
import type { Answer } from '../../outcome.js';
import { decimal } from '../figures.js';
import { colourClass, highlight } from './highlight.js';
import { type Html, html } from './markup.js';

/** Longer texts are folded. */
const FOLD_ABOVE = 900;
/** Characters of a folded text that show. */
const TEASER = 140;

const grouped = (value: number): string => value.toLocaleString('en-US');

/** A text, folded where it is long; `shown` is its markup. */
export function folded(text: string, shown: readonly Html[]): Html {
  const block = html`<div class="text" dir="auto">${shown}</div>`;
  if (text.length <= FOLD_ABOVE) return block;
  const teaser = `${text.slice(0, TEASER).replace(/\s+/g, ' ')}…`;
  return html`<details><summary>${grouped(text.length)} characters: <bdi>${teaser}</bdi></summary>${block}</details>`;
}

function verdictOf({ valid, correct, letter }: Answer): Html {
  if (correct) return html`<span class="chip right">right: ${letter}</span>`;
  if (valid) return html`<span class="chip wrong">wrong: ${letter}</span>`;
  return html`<span class="chip invalid">no valid answer</span>`;
}

function gradeTable({ total, components }: Grade): Html {
  const rows = components.map(
    ({ name, value, weight, reason }, i) =>
      html`<tr><td><span class="key ${colourClass(i)}">${name}</span></td><td class="n">${decimal(value)} × ${weight}</td><td dir="auto">${reason}</td></tr>`,
  );
  return html`<div class="wide"><table class="grade"><tbody>${rows}<tr><td>reward</td><td class="n">${decimal(total, 3)}</td><td></td></tr></tbody></table></div>`;
}

function judgementLine({ judgements }: Answer): Html | null {
  if (judgements.length === 0) return null;
  const judges = [...new Set(judgements.map(({ judge }) => judge))];
  const lines = judges.map((judge) => {
    const counts = judgements
      .filter((found) => found.judge === judge)
      .map(({ measure, count, outcome }) => `${measures[measure].abbreviation} ${count ?? outcome}`);
    return html`<p class="soft">${judge}: ${counts.join(', ')}</p>`;
  });
  return html`${lines}`;
}

/** A completion with its verdict, its evidence marked, and what its grade and its judges say. */
export function answerSection(answer: Answer): Html {
  const { completion, tokens, truncated, grade } = answer;
  return html`<div class="answer"><p>${verdictOf(answer)} <span class="soft">${grouped(tokens)} tokens${truncated ? ', cut off' : ''}</span></p>
${folded(completion, highlight(completion, grade?.components ?? []))}
${grade === null ? null : gradeTable(grade)}${judgementLine(answer)}</div>`;
}
