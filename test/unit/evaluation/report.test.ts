import {
  buildReport,
  type EvaluatedRun,
  type EvaluationReport,
  escapeHtml,
  html,
  type Judgement,
  type Outcome,
  predictionsOf,
  readReport,
  renderReport,
} from '@residency/evaluation';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { highlight } from '../../../packages/evaluation/src/report/html/highlight.js';
import { answerOf, outcomeOf } from '../../support/evaluation-outcomes.js';

const runOf = (outcomes: readonly Outcome[], name = 'intern'): EvaluatedRun => ({
  model: { name: 'intern', sha256: 'ab'.repeat(32), adapter: { name, sha256: 'cd'.repeat(32) } },
  settings: { samples: 1, temperature: 0, topP: 1, maxTokens: 160, seed: 7, profile: 'crpo-paper' },
  outcomes,
});
const data = { name: 'held-out.jsonl', sha256: 'ef'.repeat(32), questions: 2 };
const reportOf = (
  outcomes: readonly Outcome[],
  baseline: readonly Outcome[] | null = null,
): EvaluationReport =>
  buildReport({
    ...runOf(outcomes, 'trained'),
    data,
    baseline: baseline === null ? null : runOf(baseline, 'start'),
  });

/** The text that a browser shows of markup: tags out, entities back. */
const shownText = (markup: string): string =>
  markup
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

const HOSTILE = `</script><script>alert("1")</script><img src=x onerror='alert(1)'>--> ]]> &amp; \u202eright-to-left\u2066 \u0000`;

describe('markup', () => {
  test('escapes what ends texts, attributes and tags, and names what cannot be seen', () => {
    expect(escapeHtml(`<b a="x" b='y'>&amp;</b>`)).toBe(
      '&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;',
    );
    expect(escapeHtml('a\u202eb\u0000c\u2069')).toBe('a[U+202E]b[U+0000]c[U+2069]');
    expect(escapeHtml('a\r\nb\tc\u05d0')).toBe('a\nb\tc\u05d0');
    expect(html`<p title="${'"'}">${1}${null}${[html`<i>${'<'}</i>`]}</p>`.markup).toBe(
      '<p title="&quot;">1<i>&lt;</i></p>',
    );
  });

  test('shows any text as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ';', '#', '/') }),
        (text) => {
          expect(shownText(escapeHtml(text))).toBe(text);
          expect(escapeHtml(text)).not.toMatch(/[<>"']/);
        },
      ),
    );
  });
});

describe('highlight', () => {
  const component = (name: string, ...spans: readonly (readonly [number, number])[]) => ({
    name,
    value: 1,
    weight: 1,
    spans: spans.map(([start, end]) => ({ start, end })),
    reason: '',
  });

  test('marks evidence, also where it overlaps or reaches beyond the text', () => {
    const parts = highlight('abcdef', [component('one', [1, 3]), component('two', [2, 4], [5, 99], [7, 8])]);

    expect(parts.map(({ markup }) => markup).join('')).toBe(
      'a<mark class="e0" title="one">b</mark><mark class="e0" title="one, two">c</mark>' +
        '<mark class="e1" title="two">d</mark>e<mark class="e1" title="two">f</mark>',
    );
  });

  test('never changes the text', () => {
    const span = fc.tuple(fc.nat(12), fc.nat(12)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const spans = fc.array(span, { maxLength: 4 });
    fc.assert(
      fc.property(fc.string({ maxLength: 10 }), spans, spans, (text, one, two) => {
        const parts = highlight(text, [component('<1>', ...one), component('"2"', ...two)]);
        const markup = parts.map((part) => part.markup).join('');

        expect(shownText(markup)).toBe(shownText(escapeHtml(text)));
      }),
    );
  });
});

describe('renderReport', () => {
  test('shows both models, the test between them and every question', () => {
    const page = renderReport(
      reportOf(
        [outcomeOf('q1', 'A', { subject: 'surgery' }), outcomeOf('q2', 'B')],
        [outcomeOf('q1', 'B'), outcomeOf('q2', 'C')],
      ),
    );
    const text = shownText(page);

    expect(text).toContain('trained on held-out.jsonl');
    expect(text).toContain('1 questions only the model has right, 0 only the baseline; p = 1.000');
    expect(text).toContain('+50.0 points');
    expect(text).toContain('right: A');
    expect(text).toContain('boxed B, gold is A');
    expect(page.match(/<article class="question is-won">/g)).toHaveLength(1);
    expect(page.match(/<article class="question is-wrong">/g)).toHaveLength(1);
    expect(page).toContain('<mark class="e0" title="accuracy">\\boxed{A}</mark>');
    expect(page).toContain('<li class="gold">A: <span dir="auto">one</span> ✓</li>');
  });

  test('loads nothing and runs nothing', () => {
    const page = renderReport(reportOf([outcomeOf('q1', 'A')]));

    expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"');
    expect(page).not.toMatch(/https?:|<script|<link|<img|\bsrc=|\burl\(|@import|\son[a-z]+=/);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('name="viewport"');
  });

  test('hostile texts stay texts, wherever they stand', () => {
    const grade = {
      total: 0,
      components: [{ name: HOSTILE, value: 0, weight: 1, spans: [{ start: 0, end: 9 }], reason: HOSTILE }],
    };
    const judgements: Judgement[] = [{ judge: HOSTILE, measure: 'subgoals', count: 1, outcome: 'counted' }];
    const answers = [
      answerOf(HOSTILE, 'A', { grade, judgements }),
      answerOf(HOSTILE.repeat(40), 'A', { letter: '<' }),
    ];
    const outcome = outcomeOf(HOSTILE, 'A', {
      question: HOSTILE,
      subject: HOSTILE,
      options: { A: HOSTILE, [HOSTILE]: 'x' },
      answers,
    });
    const plain = renderReport(reportOf([outcomeOf('q1', 'AA')]));
    const run = runOf([outcome], HOSTILE);
    const page = renderReport(buildReport({ ...run, data: { ...data, name: HOSTILE }, baseline: run }));

    const tags = (markup: string) => [...new Set([...markup.matchAll(/<[^\s>]*/g)].map(([tag]) => tag))];
    const known = [
      ...tags(plain),
      '<bdi',
      '</bdi',
      '<mark',
      '</mark',
      '<small',
      '</small',
      '<strong',
      '</strong',
      '<details',
      '</details',
      '<summary',
      '</summary',
    ];
    expect(tags(page).filter((tag) => !known.includes(tag))).toEqual([]);
    for (const unseen of ['\u0000', '\u202e', '\u2066']) expect(page).not.toContain(unseen);
    expect(page.split('&lt;/script&gt;').length).toBeGreaterThan(40);
    // Each tag's attributes are of the page's own making.
    for (const [tag] of page.matchAll(/<[a-z][^>]*>/g))
      expect(tag.replaceAll(/"[^"]*"/g, '')).not.toMatch(/\s(on\w+|src|href)=|[&']/);
  });

  test('folds what is long, and samples beyond two', () => {
    const page = renderReport(
      reportOf([outcomeOf('q1', 'AABC'), outcomeOf('q2', 'A', { answers: [answerOf('word '.repeat(400))] })]),
    );

    expect(page).toContain('<details><summary>2 more completions</summary>');
    expect(page).toContain('<details><summary>2,000 characters: <bdi>word word');
    expect(page).toContain('A with 2 of 4 votes');
  });

  test('shows judged counts with what was dropped', () => {
    const judgements: Judgement[] = [
      { judge: 'j1', measure: 'hallucination', count: 2, outcome: 'counted' },
      { judge: 'j2', measure: 'hallucination', count: null, outcome: 'unparsable' },
    ];
    const text = shownText(
      renderReport(reportOf([outcomeOf('q1', 'A', { answers: [answerOf('x', 'A', { judgements })] })])),
    );

    expect(text).toContain('HA hallucination (lower is better)');
    expect(text).toContain('0 replies, 1 unparsable, 0 failed');
    expect(text).toContain('Agreement of j1 and j2');
    expect(text).toContain('j2: HA unparsable');
  });
});

describe('buildReport', () => {
  test('puts figures of the same questions side by side', () => {
    const report = reportOf([outcomeOf('q1', 'A')], [outcomeOf('q0', 'A'), outcomeOf('q1', 'B')]);

    expect(report.baseline?.outcomes.map(({ id }) => id)).toEqual(['q1']);
    expect(report.baseline?.results.overAll).toMatchObject({ accuracy: 0, total: 1 });
  });

  test('says whether verdicts are votes', () => {
    const [once, often] = [[outcomeOf('q1', 'A')], [outcomeOf('q1', 'ABB')]];

    expect(reportOf(once, once).comparison?.votes).toBe(false);
    expect(reportOf(once, often).comparison?.votes).toBe(true);
    expect(renderReport(reportOf(often, once))).toContain('test of majority votes');
  });
});

describe('report.json', () => {
  const judgements: Judgement[] = [{ judge: 'j', measure: 'subgoals', count: 3, outcome: 'counted' }];
  const report = reportOf([
    outcomeOf('q1', 'A'),
    outcomeOf('q2', '-', { answers: [answerOf(HOSTILE, 'A', { judgements })] }),
  ]);
  const json = JSON.stringify(report);

  test('reads back as the run that it reports', () => {
    const { model, settings, outcomes } = report;

    expect(readReport(json, 'report.json')).toEqual({ model, settings, outcomes });
    expect(buildReport({ ...readReport(json, 'r'), data, baseline: null })).toEqual(report);
  });

  const broken = [
    ['{', 'r: not JSON'],
    ['[]', 'r: found [], want an object'],
    [json.replace('residency-evaluation', 'other'), 'r.kind: found "other", want residency-evaluation'],
    [json.replace('"version":1', '"version":2'), 'r.version: found 2, want 1'],
    [
      json.replaceAll('"tokens":12', '"tokens":-1'),
      'r.outcomes[0].answers[0].tokens: found -1, want a whole number',
    ],
    [json.replace('"gold":"A"', '"gold":null'), 'r.outcomes[0].gold: found null, want a text'],
    [
      json.replace(
        '"measure":"subgoals","count":3,"outcome":"counted"',
        '"measure":"x","count":3,"outcome":"counted"',
      ),
      'r.outcomes[1].answers[0].judgements[0].measure: found "x"',
    ],
    [
      json.replace('"count":3,"outcome"', '"count":null,"outcome"'),
      'r.outcomes[1].answers[0].judgements[0]: found',
    ],
  ] as const;

  test.each(broken)('refuses another file: %#', (text, message) => {
    expect(() => readReport(text, 'r')).toThrowError(
      expect.objectContaining({ code: 'EVALUATION_REPORT', message: expect.stringContaining(message) }),
    );
  });
});

test('predictions are one line per completion', () => {
  const lines = predictionsOf([outcomeOf('q1', 'AB'), outcomeOf('q2', '-')]);

  expect(lines.map(({ id, sample, letter, valid, correct }) => [id, sample, letter, valid, correct])).toEqual(
    [
      ['q1', 0, 'A', true, true],
      ['q1', 1, 'B', true, false],
      ['q2', 0, null, false, false],
    ],
  );
  expect(Object.keys(lines[0] ?? {})).toEqual([
    'id',
    'sample',
    'completion',
    'letter',
    'valid',
    'correct',
    'tokens',
    'truncated',
    'grade',
  ]);
});
