import {
  type DataError,
  MAX_LINE_BYTES,
  promptNames,
  type QuestionRow,
  readIds,
  readQuestions,
  trainingRow,
} from '@residency/data';
import { createGrader } from '@residency/rubric';
import { parseRow } from '@residency/storage';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource, lines, readAll, textSource } from '../../support/data-source.js';

const row = (question: string, gold = 'A') => ({
  question,
  options: { A: 'Rest', B: 'Surgery' },
  answer_idx: gold,
});

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((value) => value.trim() !== '');

/** Any row that a file can hold. */
const anyRow: fc.Arbitrary<QuestionRow> = fc
  .record(
    {
      id: text,
      question: text,
      texts: fc.array(text, { minLength: 2, maxLength: 26 }),
      answerAt: fc.nat({ max: 25 }),
      isLabelled: fc.boolean(),
      subject: text,
      image: text,
      source: text,
      item: fc.dictionary(
        fc.stringMatching(/^x[a-z]{1,5}$/),
        fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.boolean())),
        { minKeys: 1, maxKeys: 4 },
      ),
      content: text,
    },
    { requiredKeys: ['id', 'question', 'texts', 'answerAt', 'isLabelled', 'source', 'content'] },
  )
  .map(({ texts, answerAt, isLabelled, content, ...rest }) => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].slice(0, texts.length);
    return {
      ...rest,
      options: Object.fromEntries(letters.map((letter, at) => [letter, texts[at] ?? ''])),
      answer: isLabelled ? (letters[answerAt % letters.length] ?? null) : null,
      messages: [{ role: 'user' as const, content }],
    };
  });

describe('readQuestions', () => {
  test('reads back every row that it wrote, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        async (rows, chunk) => {
          const written = textSource(lines(rows.map(trainingRow)), chunk);

          const read = await readAll(written, 'chat', { keepsUnlabelled: true });

          expect(read.map((placed) => placed.row)).toEqual(rows);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('writes rows that a training job takes and its grader grades', async () => {
    const [placed] = await readAll(textSource(lines([row('What helps?', 'B')])), 'medqa');
    const line = JSON.stringify(trainingRow(placed?.row ?? expect.unreachable()));

    const { item, messages } = parseRow(line, 'training_file', 1);
    const grader = createGrader({ type: 'crpo', name: 'crpo', profile: 'crpo-paper' });

    expect(messages).toHaveLength(1);
    expect(item).toMatchObject({ gold: 'B', choices: { A: 'Rest', B: 'Surgery' }, question: 'What helps?' });
    expect(grader.grade({ item, completion: '\\boxed{B}' }).components[0]).toMatchObject({ value: 1 });
    expect(grader.grade({ item, completion: '\\boxed{A}' }).components[0]).toMatchObject({ value: 0 });
  });

  test('names file, line, field, found and wanted', async () => {
    const rows = `${lines([row('a')])}\n${lines([{ ...row('b'), question: 7 }])}`;

    await expect(readAll(textSource(rows), 'medqa')).rejects.toThrow(
      /^rows line 3: question: found 7, wanted a text that is not blank$/,
    );
  });

  test('leaves bad rows out and reports each, where it is asked to', async () => {
    const bad: DataError[] = [];
    const long = lines([row('x'.repeat(MAX_LINE_BYTES))]);
    const bytes = Buffer.concat([
      Buffer.from(`{"question"\n${lines([row('kept'), row('no such key', 'C')])}[]\n`),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(`${long}${lines([row('kept too')])}`),
    ]);

    const read = await readAll(bytesSource(bytes, 1_000), 'medqa', {
      onBadRow: (error) => void bad.push(error),
    });

    expect(read.map((placed) => [placed.place, placed.row.question])).toEqual([
      ['line 2', 'kept'],
      ['line 7', 'kept too'],
    ]);
    expect(bad.map(({ code, problem }) => [code, problem.place])).toEqual([
      ['DATA_JSON', 'line 1'],
      ['DATA_ROW', 'line 3'],
      ['DATA_ROW', 'line 4'],
      ['DATA_ENCODING', 'line 5'],
      ['DATA_LINE_LENGTH', 'line 6'],
    ]);
  });

  test('reads a line feed at the end or none, carriage returns and a byte order mark', async () => {
    const rows = `\ufeff${lines([row('a')]).replace('\n', '\r\n')}\r\n${JSON.stringify(row('b'))}`;

    const read = await readAll(textSource(rows, 7), 'medqa');

    expect(read.map((placed) => placed.row.id)).toEqual(['medqa-1', 'medqa-3']);
  });

  test('holds one line at a time: it gives the first row before it asks for the rest', async () => {
    let opened = 0;
    const source = {
      name: 'endless',
      open: async function* () {
        for (;;) {
          opened += 1;
          yield Buffer.from(lines([row('again')]));
        }
      },
    };

    for await (const { ordinal } of readQuestions(source, { format: 'medqa' })) if (ordinal === 500) break;

    expect(opened).toBeLessThanOrEqual(501);
  });

  test.each(['', '\n \n'])('refuses a file without rows: %j', async (empty) => {
    await expect(readAll(textSource(empty), 'medqa')).rejects.toMatchObject({ code: 'DATA_EMPTY' });
  });
});

describe('prompts', () => {
  const asked = async (prompt: (typeof promptNames)[number]) => {
    const [placed] = await readAll(textSource(lines([row('What helps?')])), 'medqa', { prompt });
    return placed?.row.messages ?? [];
  };

  test.each(promptNames)('%s: one message of the user that ends with the options', async (name) => {
    const messages = await asked(name);

    expect(messages.map(({ role }) => role)).toEqual(['user']);
    expect(messages[0]?.content.endsWith('What helps?\nA: Rest\nB: Surgery')).toBe(true);
  });

  test('ask for their tags, both kinds of reasoning and one box', async () => {
    const content = { crpo: (await asked('crpo'))[0]?.content, think: (await asked('think'))[0]?.content };

    for (const tag of [
      '<dx>',
      '</dx>',
      '<conclusion>',
      '</conclusion>',
      'System 1',
      'System 2',
      '\\boxed{}',
    ]) {
      expect(content.crpo).toContain(tag);
    }
    for (const tag of ['<think>', '</think>', '<answer>', '</answer>', '\\boxed{}']) {
      expect(content.think).toContain(tag);
    }
    expect((await asked('plain'))[0]?.content).toBe('What helps?\nA: Rest\nB: Surgery');
  });

  test('replace the chat of a chat row only where they are asked for', async () => {
    const messages = [{ role: 'user', content: 'as it was' }];
    const source = textSource(lines([{ messages, question: 'Q', choices: { A: 'x', B: 'y' }, gold: 'A' }]));
    const contents = async (options: object) =>
      (await readAll(source, 'chat', options)).map((placed) => placed.row.messages[0]?.content);

    expect(await contents({})).toEqual(['as it was']);
    expect(await contents({ prompt: 'plain' })).toEqual(['Q\nA: x\nB: y']);
    await expect(readAll(textSource(lines([{ messages }])), 'chat', { prompt: 'plain' })).rejects.toThrow(
      'choices: found nothing, wanted choices to build a prompt of',
    );
  });
});

describe('readIds', () => {
  test('takes the keys of an object or the entries of a list', async () => {
    expect([...(await readIds(textSource('{"12":"yes","7":"no"}')))].sort()).toEqual(['12', '7']);
    expect([...(await readIds(textSource('[12,"a"]')))]).toEqual(['12', 'a']);
    await expect(readIds(textSource('[null]'))).rejects.toMatchObject({ code: 'DATA_DOCUMENT' });
  });
});
