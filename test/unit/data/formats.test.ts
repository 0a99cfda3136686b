import { type FormatName, formatNames, formats } from '@residency/data';
import { describe, expect, test } from 'vitest';
import { lines, readAll, textSource } from '../../support/data-source.js';

const choices = { A: 'Rest', B: 'Surgery' };
const messages = [{ role: 'user', content: 'What helps?' }];
const medqa = {
  question: 'What helps?',
  answer: 'Surgery',
  options: choices,
  meta_info: 'step1',
  answer_idx: 'B',
};
const medmcqa = {
  question: 'What helps?',
  exp: null,
  cop: 4,
  opa: 'Rest',
  opb: 'Heat',
  opc: 'Cold',
  opd: 'Surgery',
  subject_name: 'Surgery',
  topic_name: null,
  id: 'm-1',
};
const medxpertqa = {
  id: 'Text-1',
  question: 'What helps?\nAnswer Choices: (A) Rest (B) Surgery',
  options: [
    { letter: 'A', content: 'Rest' },
    { letter: 'B', content: 'Surgery' },
  ],
  label: ['B'],
  body_system: 'Skeletal',
};
const pubmedqa = {
  QUESTION: 'Does it help?',
  CONTEXTS: ['We asked.', 'It did.'],
  LABELS: ['AIM', 'RESULTS'],
  final_decision: 'maybe',
};
const headqa = {
  qid: '7',
  qtext: 'What helps?',
  ra: '2',
  answers: [
    { aid: 1, atext: 'Rest' },
    { aid: 2, atext: 'Surgery' },
  ],
  image: '',
};
const mediq = {
  id: 0,
  context: ['A knee hurts.'],
  question: 'What helps?',
  options: choices,
  answer_idx: 'B',
  answer: 'Surgery ',
};
const chat = { messages, id: 'c-1', question: 'What helps?', choices, gold: 'B', ward: 3 };

const headqaFile = (item: unknown): string =>
  JSON.stringify({ version: '1.0', exams: { E1: { name: 'E1', category: 'medicine', data: [item] } } });

/** The text of a file that holds one row. */
const fileOf: { readonly [N in FormatName]: (row: unknown) => string } = {
  chat: (row) => lines([row]),
  headqa: headqaFile,
  medmcqa: (row) => lines([row]),
  medqa: (row) => lines([row]),
  mediq: (row) => lines([row]),
  medxpertqa: (row) => lines([row]),
  pubmedqa: (row) => JSON.stringify({ '123': row }),
};
const good: { readonly [N in FormatName]: Record<string, unknown> } = {
  chat,
  headqa,
  medmcqa,
  medqa,
  mediq,
  medxpertqa,
  pubmedqa,
};

async function readOne(format: FormatName, row: unknown, options = {}) {
  const [placed, ...others] = await readAll(textSource(fileOf[format](row)), format, options);
  expect(others).toEqual([]);
  return placed?.row;
}

describe('formats', () => {
  const expected: { readonly [N in FormatName]: Record<string, unknown> } = {
    chat: {
      id: 'c-1',
      question: 'What helps?',
      options: choices,
      answer: 'B',
      source: 'chat',
      item: { ward: 3 },
    },
    headqa: {
      id: 'E1/7',
      question: 'What helps?',
      options: choices,
      answer: 'B',
      subject: 'medicine',
      source: 'headqa',
    },
    medmcqa: {
      id: 'm-1',
      question: 'What helps?',
      options: { A: 'Rest', B: 'Heat', C: 'Cold', D: 'Surgery' },
      answer: 'D',
      subject: 'Surgery',
      source: 'medmcqa',
    },
    medqa: {
      id: 'medqa-1',
      question: 'What helps?',
      options: choices,
      answer: 'B',
      subject: 'step1',
      source: 'medqa',
    },
    mediq: { id: '0', question: 'A knee hurts. What helps?', options: choices, answer: 'B', source: 'mediq' },
    medxpertqa: {
      id: 'Text-1',
      question: 'What helps?',
      options: choices,
      answer: 'B',
      subject: 'Skeletal',
      source: 'medxpertqa',
    },
    pubmedqa: {
      id: '123',
      question: 'AIM: We asked.\nRESULTS: It did.\n\nDoes it help?',
      options: { A: 'yes', B: 'no', C: 'maybe' },
      answer: 'C',
      source: 'pubmedqa',
    },
  };

  test.each(formatNames)('%s: one row becomes the common one', async (format) => {
    const { messages: asked, ...rest } = (await readOne(format, good[format])) ?? { messages: [] };

    expect(rest).toEqual(expected[format]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.content).toContain(format === 'pubmedqa' ? 'Does it help?' : 'What helps?');
    expect(formats[format].summary).toMatch(/JSON/);
  });

  const refusals: readonly (readonly [FormatName, Record<string, unknown>, string, string])[] = [
    ['medqa', { question: ' ' }, 'question', 'found " ", wanted a text that is not blank'],
    ['medqa', { options: { A: 'x', C: 'y' } }, 'options', 'found ["A","C"], wanted the letters from A on'],
    ['medqa', { options: { A: 'x' } }, 'options', 'found ["A"], wanted the letters from A on, at least two'],
    ['medqa', { options: { A: 'x', B: 7 } }, 'options.B', 'found 7, wanted a text'],
    ['medqa', { answer_idx: 'C' }, 'answer_idx', 'found "C", wanted one of A, B'],
    ['medqa', { answer: 'Rest' }, 'answer', 'found "Rest", wanted the text of option B, "Surgery"'],
    ['medmcqa', { opc: null }, 'opc', 'found null'],
    ['medmcqa', { id: undefined }, 'id', 'found nothing'],
    ['medxpertqa', { label: ['A', 'B'] }, 'label', 'wanted one letter of A, B'],
    ['medxpertqa', { label: [] }, 'label', 'found []'],
    [
      'medxpertqa',
      {
        options: [
          { letter: 'A', content: 'x' },
          { letter: 'C', content: 'y' },
        ],
      },
      'options[1].letter',
      'found "C", wanted B',
    ],
    [
      'medxpertqa',
      { question: '\nAnswer Choices: (A) Rest (B) Surgery' },
      'question',
      'before the answer choices',
    ],
    ['pubmedqa', { CONTEXTS: [] }, 'CONTEXTS', 'at least one text'],
    ['pubmedqa', { CONTEXTS: ['x', ''] }, 'CONTEXTS[1]', 'found ""'],
    ['pubmedqa', { final_decision: 'perhaps' }, 'final_decision', 'found "perhaps", wanted yes, no, maybe'],
    ['headqa', { ra: '3' }, 'ra', 'found "3", wanted one of the answers\' aids: 1, 2'],
    [
      'headqa',
      {
        answers: [
          { aid: 1, atext: 'x' },
          { aid: 1, atext: 'y' },
        ],
      },
      'answers[1].aid',
      'no other answer has',
    ],
    ['mediq', { context: 'x' }, 'context', 'found "x", wanted a list of texts'],
    ['mediq', { id: null }, 'id', 'found null'],
    ['chat', { messages: [] }, 'messages', 'found [], wanted a list of messages'],
    ['chat', { messages: [{ role: 'doctor', content: 'x' }] }, 'messages[0].role', 'found "doctor"'],
    ['chat', { messages: [{ role: 'user', content: '' }] }, 'messages[0].content', 'found ""'],
    [
      'chat',
      { messages: [{ role: 'user', content: 'x', name: 'y' }] },
      'messages[0].name',
      'wanted only role and content',
    ],
    [
      'chat',
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'system', content: 'y' },
        ],
      },
      'messages',
      'found "system"',
    ],
    ['chat', { messages: [{ role: 'assistant', content: 'x' }] }, 'messages', 'a message of the user'],
    ['chat', { gold: 'C' }, 'gold', 'found "C", wanted one of A, B'],
    ['chat', { choices: undefined, gold: 'b' }, 'gold', 'found "b", wanted a capital letter'],
    ['chat', { choices: ['x', 'y'] }, 'choices', 'wanted an object of letters and texts'],
  ];

  test.each(refusals)('%s: refuses %j', async (format, change, field, message) => {
    const reading = readOne(format, { ...good[format], ...change }, { copBase: 1 });

    await expect(reading).rejects.toMatchObject({ code: 'DATA_ROW', problem: { field, file: 'rows' } });
    await expect(reading).rejects.toThrow(message);
  });

  const keys: { readonly [N in FormatName]: string } = {
    chat: 'gold',
    headqa: 'ra',
    medmcqa: 'cop',
    medqa: 'answer_idx',
    mediq: 'answer_idx',
    medxpertqa: 'label',
    pubmedqa: 'final_decision',
  };

  test.each(formatNames)(
    '%s: refuses a row without a key by name, or keeps it unlabelled',
    async (format) => {
      const row = { ...good[format], [keys[format]]: null };

      await expect(readOne(format, row)).rejects.toMatchObject({
        code: 'DATA_UNLABELLED',
        problem: { field: keys[format] },
      });
      expect(await readOne(format, row, { keepsUnlabelled: true })).toMatchObject({ answer: null });
    },
  );

  test('chat: a row may have no choices, and then needs no key', async () => {
    const row = await readOne('chat', { messages, reference: 'x' });

    expect(row).toEqual({
      id: 'chat-1',
      question: 'What helps?',
      options: {},
      answer: null,
      source: 'chat',
      messages,
      item: { reference: 'x' },
    });
  });

  test.each([
    ['pubmedqa', '[]', null],
    ['headqa', '{}', 'exams'],
    ['headqa', '{"exams":{"E1":{"data":{}}}}', 'exams.E1.data'],
  ] as const)('%s: refuses the document %s', async (format, text, field) => {
    await expect(readAll(textSource(text), format)).rejects.toMatchObject({
      code: 'DATA_DOCUMENT',
      problem: { field, place: null },
    });
  });
});

describe('keys of MedMCQA', () => {
  const file = (cops: readonly unknown[]) =>
    textSource(lines(cops.map((cop, at) => ({ ...medmcqa, id: `m-${at}`, cop }))));
  const answers = async (cops: readonly unknown[], options = {}) =>
    (await readAll(file(cops), 'medmcqa', options)).map(({ row }) => row.answer);

  test('count from 1 where one is 4, from 0 where one is 0', async () => {
    expect(await answers([1, 2, 4])).toEqual(['A', 'B', 'D']);
    expect(await answers([1, 2, 0])).toEqual(['B', 'C', 'A']);
  });

  test('count as the caller says where the file does not tell', async () => {
    expect(await answers([1, 2, 3], { copBase: 0 })).toEqual(['B', 'C', 'D']);
    expect(await answers([1, 2, 3], { copBase: 1 })).toEqual(['A', 'B', 'C']);
  });

  test.each([
    [[1, 2, 3], 'found neither a 0 nor a 4 in any row'],
    [[1, 4, 0], 'found a 0 at line 3 and a 4 at line 2'],
  ])('%j are ambiguous and refused', async (cops, message) => {
    const reading = answers(cops);

    await expect(reading).rejects.toMatchObject({ code: 'DATA_AMBIGUOUS_KEY', problem: { field: 'cop' } });
    await expect(reading).rejects.toThrow(message);
  });

  test('are refused row by row beyond their range', async () => {
    await expect(answers([0, 4], { copBase: 1 })).rejects.toThrow(
      'rows line 1: cop: found 0, wanted an integer from 1 to 4',
    );
    await expect(answers([4, '4'])).rejects.toThrow('rows line 2: cop: found "4"');
  });

  test('may all be absent, as in the published test file', async () => {
    expect(await answers([undefined, null, -1], { keepsUnlabelled: true })).toEqual([null, null, null]);
  });
});
