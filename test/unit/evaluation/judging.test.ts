import {
  createChatJudge,
  type Judge,
  judgedResults,
  judgeOutcomes,
  judgePrompt,
  measureNames,
  measures,
  parseCount,
} from '@residency/evaluation';
import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../../support/evaluation-outcomes.js';
import { completionOf, judgeEndpoint } from '../../support/judge-endpoint.js';

const never = new AbortController().signal;

describe('parseCount', () => {
  test.each([
    ['<count>3</count>', 3],
    ['two: x, y\n<count>\n 2\t</count> done', 2],
    ['<count>007</count>', 7],
    ['<count>1</count><count>2</count>', 1],
    ['<count>many</count> so <count>4</count>', 4],
    ['<count><count>5</count>', 5],
    ['<count>-1</count>', null],
    ['<count>+1</count>', null],
    ['<count>1.5</count>', null],
    ['<count></count>', null],
    ['<Count>3</Count>', null],
    ['<count>3</COUNT>', null],
    ['<count>1 2</count>', null],
    ['<count>\u0663</count>', null],
    ['<count>99999999999999999999</count>', null],
    ['<count>3', null],
    ['3', null],
    ['', null],
  ])('reads %j as %j', (reply, count) => {
    expect(parseCount(reply)).toBe(count);
  });

  test('reads a million characters of openings and blanks', () => {
    expect(parseCount('<count>'.repeat(150_000))).toBeNull();
    expect(parseCount(`<count>${' '.repeat(1_000_000)}`)).toBeNull();
  });
});

describe('judgePrompt', () => {
  const text = {
    question: 'Which drug?',
    options: { A: 'one', B: 'two' },
    gold: 'B',
    completion: 'It is B.',
  };

  test.each(measureNames)('asks for one count of %s', (measure) => {
    const [system, user] = judgePrompt(measure, text);

    expect([system?.role, user?.role]).toEqual(['system', 'user']);
    for (const part of [
      'Which drug?\nA: one\nB: two\nRIGHT ANSWER: B',
      'BEGIN RESPONSE\nIt is B.\nEND RESPONSE',
      measures[measure].definition,
      measures[measure].example.passage,
      '<count>N</count>',
    ])
      expect(user?.content).toContain(part);
    // What it shows as the form of a reply must not read as one.
    expect(parseCount(user?.content ?? '')).toBeNull();
  });

  test('every measure is listed once, and only hallucination is better low', () => {
    expect([...measureNames].sort()).toEqual(Object.keys(measures).sort());
    expect(measureNames.filter((name) => measures[name].isLowerBetter)).toEqual(['hallucination']);
  });
});

/** Says how often a word stands in the response, or what it is told to say. */
function countingJudge(name: string, reply: (response: string, asked: string) => string): Judge {
  return {
    name,
    complete: async (messages) => {
      const content = messages[1]?.content ?? '';
      const [asked = '', rest = ''] = content.split('BEGIN RESPONSE\n');
      return reply(rest.split('\nEND RESPONSE')[0] ?? '', asked + rest);
    },
  };
}

describe('judgeOutcomes and judgedResults', () => {
  const outcomes = [outcomeOf('q1', 'AB'), outcomeOf('q2', 'C-')];
  const measured = ['backtracking', 'hallucination'] as const;

  test('means are over counted replies; others are dropped and counted', async () => {
    const judge = countingJudge('j', (response) =>
      response.includes('{A}')
        ? '<count>4</count>'
        : response.includes('unsure')
          ? 'none'
          : '<count>1</count>',
    );
    const progress: number[] = [];
    const judged = await judgeOutcomes(outcomes, {
      judges: [judge],
      measures: measured,
      concurrency: 2,
      signal: never,
      onProgress: (done) => progress.push(done),
    });

    const result = judgedResults(judged, { seed: 1 })?.judges[0];
    expect(judged.map(({ answers }) => answers.map(({ judgements }) => judgements[0]?.count))).toEqual([
      [4, 1],
      [1, null],
    ]);
    expect(result?.measures.map(({ measure }) => measure)).toEqual(measured);
    expect(result?.measures[0]).toMatchObject({ mean: 2, counted: 3, unparsable: 1, failed: 0 });
    expect(progress).toEqual([1, 2, 3, 4]);
  });

  test('two judges are compared on what both counted', async () => {
    const first = countingJudge('first', () => '<count>2</count>');
    const second = countingJudge('second', (response) =>
      response.includes('unsure') ? '?' : `<count>${response.includes('{A}') ? 2 : 3}</count>`,
    );
    const judged = await judgeOutcomes(outcomes, {
      judges: [first, second],
      measures: measured,
      signal: never,
    });

    const results = judgedResults(judged, { seed: 1 });
    expect(results?.judges.map(({ judge }) => judge)).toEqual(['first', 'second']);
    // mean (a-b)² = 2/3; denominator 0 + 2/9 + (2 - 8/3)² = 2/3
    expect(results?.agreement).toHaveLength(2);
    expect(results?.agreement[0]).toMatchObject({ measure: 'backtracking', pairs: 3, exact: 1 / 3 });
    expect(results?.agreement[0]?.kappa).toBeCloseTo(0, 12);
  });

  test('a judge that cannot be reached costs its replies, not the evaluation', async () => {
    await using server = await judgeEndpoint((_, index) =>
      index % 2 === 0 ? completionOf('<count>1</count>') : { status: 400, body: '{}' },
    );
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: null, concurrency: 1 });
    const judged = await judgeOutcomes(outcomes, { judges: [judge], measures: measured, signal: never });

    const kinds = judged.flatMap(({ answers }) => answers.flatMap(({ judgements }) => judgements));
    expect(kinds.filter(({ outcome }) => outcome === 'failed')).toHaveLength(4);
    expect(kinds.filter(({ outcome }) => outcome === 'counted')).toHaveLength(4);
  });

  test('stops with the signal', async () => {
    const stop = new AbortController();
    const judge: Judge = {
      name: 'j',
      complete: async (_, signal) => {
        stop.abort(new Error('enough'));
        signal.throwIfAborted();
        return '';
      },
    };

    await expect(
      judgeOutcomes(outcomes, { judges: [judge], measures: measured, signal: stop.signal }),
    ).rejects.toThrow('enough');
  });

  test('is null where nothing was judged', () => {
    expect(judgedResults(outcomes, { seed: 1 })).toBeNull();
  });
});
