import {
  buildReport,
  PartSurvey,
  type QuestionRow,
  quantilesOf,
  reportRecords,
  type SurveyOptions,
} from '@residency/data';
import { describe, expect, test } from 'vitest';

const row = (id: string, question: string, change: Partial<QuestionRow> = {}): QuestionRow => ({
  id,
  question,
  options: { A: 'Rest', B: 'Surgery' },
  answer: 'A',
  source: 'medqa',
  messages: [{ role: 'user', content: question }],
  ...change,
});

function survey(file: string, rows: readonly QuestionRow[], options: SurveyOptions = {}): PartSurvey {
  const part = new PartSurvey(file, options);
  for (const [at, each] of rows.entries()) part.add(each, at + 1);
  return part;
}

const story =
  'A woman of 54 years has had a dull pain in her left knee since a fall on the stairs of her house a week ago.';

describe('quantilesOf', () => {
  test('are values of the list, by nearest rank', () => {
    expect(quantilesOf(Array.from({ length: 100 }, (_, at) => 100 - at))).toEqual({
      min: 1,
      median: 50,
      p90: 90,
      p99: 99,
      max: 100,
    });
    expect(quantilesOf([7])).toEqual({ min: 7, median: 7, p90: 7, p99: 7, max: 7 });
    expect(quantilesOf([3, 1, 2])).toEqual({ min: 1, median: 2, p90: 3, p99: 3, max: 3 });
    expect(quantilesOf([])).toBeNull();
  });
});

describe('PartSurvey', () => {
  test('counts rows, letters, subjects, characters and odd rows', () => {
    const part = survey('train.jsonl', [
      row('a', 'Was it 38 °C?', { subject: 'step1' }),
      row('b', 'Which drug?', { answer: 'B', subject: 'step1', options: { A: 'Rest', B: ' Rest' } }),
      row('b', 'which DRUG', { answer: null, subject: 'other', image: 'x.png' }),
      row('c', 'Open?', { options: {}, answer: null, source: 'chat' }),
    ]);
    part.addBadRow();

    expect(part.report()).toEqual({
      file: 'train.jsonl',
      rows: 4,
      badRows: 1,
      sources: { chat: 1, medqa: 3 },
      answers: { A: 1, B: 1 },
      unlabelled: 1,
      subjects: { step1: 2, other: 1 },
      characters: { min: 5, median: 10, p90: 13, p99: 13, max: 13 },
      tokens: null,
      overLimit: null,
      // One degree sign among the 13 + 11 + 10 + 5 characters of questions and 11 + 9 + 11 of options.
      nonAscii: { rows: 1, share: 1 / 70 },
      repeats: { question: 1, item: 0 },
      repeatedIds: ['b'],
      equalOptions: ['b'],
      needImage: ['b'],
    });
  });

  test('counts tokens with the tokenizer it is given and lists the rows that do not fit', () => {
    const countTokens: SurveyOptions['countTokens'] = (messages) => messages[0]?.content.length ?? 0;
    const part = survey('f', [row('a', 'four'), row('b', 'eleven long'), row('c', 'ten is ten')], {
      countTokens,
      maxTokens: 10,
    });

    expect(part.report()).toMatchObject({
      tokens: { min: 4, median: 10, max: 11 },
      overLimit: [{ id: 'b', row: 2, tokens: 11 }],
    });
    expect(() => new PartSurvey('f', { maxTokens: 10 })).toThrow(
      expect.objectContaining({ code: 'DATA_SETTING' }),
    );
    expect(() => new PartSurvey('f', { shingleWords: 0 })).toThrow('found 0, wanted an integer from 1 to 16');
  });
});

describe('buildReport', () => {
  const train = survey('train', [
    row('t1', story),
    row('t2', 'Which nerve?'),
    row('t3', 'Which nerve', { options: { A: 'Surgery', B: 'Rest' } }),
    row('t4', 'Which vein?'),
  ]);
  const held = survey('eval', [
    row('e1', story.replace('left', 'right')),
    row('e2', 'WHICH VEIN?', { options: { A: 'Portal', B: 'Renal' } }),
  ]);

  test('finds what repeats within a part and what leaks between them', () => {
    const { duplicates, nearDuplicates } = buildReport(train, held);

    expect(duplicates).toEqual([
      {
        rows: [
          { part: 'train', row: 2, id: 't2' },
          { part: 'train', row: 3, id: 't3' },
        ],
        sameOptions: true,
        isLeak: false,
      },
      {
        rows: [
          { part: 'train', row: 4, id: 't4' },
          { part: 'eval', row: 2, id: 'e2' },
        ],
        sameOptions: false,
        isLeak: true,
      },
    ]);
    expect(nearDuplicates).toEqual([
      {
        rows: [
          { part: 'train', row: 1, id: 't1' },
          { part: 'eval', row: 1, id: 'e1' },
        ],
        // 26 words, 24 triples; the changed word stands in three of them.
        similarity: 21 / 27,
        isLeak: true,
      },
    ]);
  });

  test('as records: parts first, then findings, then how many', () => {
    const records = reportRecords(buildReport(train, held));

    expect(records.map(({ kind }) => kind)).toEqual([
      'part',
      'part',
      'duplicate',
      'duplicate',
      'near-duplicate',
      'comparison',
    ]);
    expect(records.at(-1)).toEqual({
      kind: 'comparison',
      duplicates: 2,
      nearDuplicates: 1,
      leaks: 2,
      crowded: 0,
    });
    expect(reportRecords(buildReport(train, null)).map(({ kind }) => kind)).toEqual([
      'part',
      'duplicate',
      'comparison',
    ]);
  });
});
