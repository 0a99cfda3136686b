import type { Outcome } from '../../outcome.js';
import { isRight } from '../../results.js';
import { majorityVote } from '../../statistics/majority-vote.js';
import { answerSection, folded } from './answer-section.js';
import { type Html, html } from './markup.js';

/** Completions of a question that show at once. */
const SHOWN_SAMPLES = 2;

function optionList({ options, gold }: Outcome): Html | null {
  if (options === null) return null;
  const items = Object.entries(options).map(
    ([letter, text]) =>
      html`<li${letter === gold ? html` class="gold"` : null}>${letter}: <span dir="auto">${text}</span>${letter === gold ? ' ✓' : ''}</li>`,
  );
  return html`<ol class="options">${items}</ol>`;
}

function voteLine({ answers }: Outcome): Html | null {
  if (answers.length === 1) return null;
  const { letter, votes, cast, tied } = majorityVote(answers.map((answer) => answer.letter));
  const tie = tied.length > 0 ? `, a tie of ${tied.join(', ')}` : '';
  const vote = letter === null ? 'no valid answer' : `${letter} with ${votes} of ${cast} votes${tie}`;
  return html`<p class="soft">majority: ${vote}</p>`;
}

function side(name: string, outcome: Outcome): Html {
  const sections = outcome.answers.map(answerSection);
  const rest = sections.slice(SHOWN_SAMPLES);
  const more =
    rest.length === 0
      ? null
      : html`<details><summary>${rest.length} more completions</summary>${rest}</details>`;
  return html`<div class="side"><h3>${name}</h3>${voteLine(outcome)}${sections.slice(0, SHOWN_SAMPLES)}${more}</div>`;
}

/** A question with what the model made of it, beside what the baseline did where it answered. */
export function questionSection(
  outcome: Outcome,
  baseline: Outcome | null,
  names: { readonly model: string; readonly baseline: string },
): Html {
  const isOurs = isRight(outcome);
  const isTheirs = baseline === null ? isOurs : isRight(baseline);
  const states = [
    'question',
    ...(isOurs ? [] : ['is-wrong']),
    ...(isOurs && !isTheirs ? ['is-won'] : []),
    ...(!isOurs && isTheirs && baseline !== null ? ['is-lost'] : []),
  ];
  const { id, question, gold, subject } = outcome;
  const other = baseline === null ? null : side(names.baseline, baseline);
  return html`<article class="${states.join(' ')}">
<div class="head"><h3 dir="auto">${id}</h3>${subject === null ? null : html`<span class="soft" dir="auto">${subject}</span>`}<span class="soft">gold ${gold}</span></div>
${folded(question, [html`${question}`])}${optionList(outcome)}
<div class="sides">${side(names.model, outcome)}${other}</div>
</article>
`;
}
