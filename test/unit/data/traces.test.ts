import {
  convertTrace,
  convertTraces,
  type DataError,
  type TraceFault,
  traceFaults,
  trainingRow,
} from '@residency/data';
import { createGrader } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lines, textSource } from '../../support/data-source.js';

const think = 'Gram-negative diplococci in the joint fluid mean gonorrhoea.';
const answer = 'Gonorrhoea with diplococci in the joint fluid: ceftriaxone. \\boxed{C}';
const trace = `<think>\n${think}\n</think>\n\n<answer>\n${answer}\n</answer>`;
const converted = `<dx>\n${think}\n</dx>\n<conclusion>\n${answer}\n</conclusion>`;
const grader = createGrader({ type: 'crpo', name: 'crpo', profile: 'crpo-paper' });
const gradeOf = (completion: string, gold: string) => grader.grade({ item: { gold }, completion }).total;

describe('convertTrace', () => {
  test('moves reasoning and answer to the new tags, which earns the full reward', () => {
    const result = convertTrace(trace);

    expect(result).toEqual({ ok: true, text: converted, letter: 'C', unboxed: 0 });
    expect([gradeOf(trace, 'C'), gradeOf(converted, 'C')]).toEqual([10.5, 12]);
  });

  test('takes closing tags with a backslash, white space around, and a padded letter', () => {
    const odd = `\n${trace.replace('</think>', '<\\think>').replace('</answer>', '<\\answer>').replace('{C}', '{ C }')} `;

    expect(convertTrace(odd)).toMatchObject({ ok: true, text: converted });
  });

  test('opens boxes of the reasoning, which would cost the whole accuracy', () => {
    const boxed = trace.replace('gonorrhoea.', 'gonorrhoea, \\boxed{B} or \\boxed{C}.');
    const result = convertTrace(boxed);

    expect(result).toMatchObject({ ok: true, unboxed: 2 });
    expect(result.ok && result.text).toContain('mean gonorrhoea, B or C.');
    expect(result.ok && gradeOf(result.text, 'C')).toBe(12);
  });

  const malformed: { readonly [F in TraceFault]: readonly string[] } = {
    'no-think': ['', 'So: <think>a</think><answer>b \\boxed{C}</answer>', trace.toUpperCase()],
    'no-answer-end': [`${trace} Done.`, '<think>a</think>', '<think>'],
    'no-answer': [
      trace.replace('<answer>', 'and <answer>'),
      trace.replace('<answer>', ''),
      trace.replace('</think>', ''),
      '<think>a<answer>b</think>\\boxed{C}</answer>',
    ],
    'repeated-tag': [
      trace + trace,
      trace.replace('Gram', '<think>Gram'),
      trace.replace('\n</answer>', '</think></answer>'),
    ],
    'foreign-tag': [
      trace.replace('Gram', '<dx>Gram'),
      trace.replace('Gram', '</d\\boxed{x}>Gram'),
      trace.replace('Gram', '\\bo\\boxed{}xed{C}Gram'),
    ],
    'empty-think': [trace.replace(think, ''), trace.replace(think, '\\boxed{}')],
    'empty-answer': [trace.replace(answer, '\\boxed{C}'), trace.replace(answer, ' \\boxed{C}\n')],
    'no-box': [trace.replace('\\boxed{C}', 'C')],
    'many-boxes': [trace.replace('Gonorrhoea with', '\\boxed{C} with')],
    'open-box': [
      trace.replace('{C}', ' C'),
      trace.replace('{C}', '{C'),
      trace.replace('{C}', '{C\n}'),
      trace.replace('Gram', '\\boxed{Gram'),
    ],
    'box-not-letter': ['c', '', 'CD', 'C. Ceftriaxone', '\\text{C', 'É'].map((text) =>
      trace.replace('{C}', `{${text}}`),
    ),
    'unknown-letter': [trace.replace('{C}', '{E}')],
    'wrong-letter': [trace.replace('{C}', '{B}')],
  };
  const cases = Object.entries(malformed).flatMap(([fault, texts]) =>
    texts.map((text) => [fault, text] as const),
  );

  test.each(cases)('finds %s in %j', (fault, text) => {
    expect(convertTrace(text, { letters: ['A', 'B', 'C', 'D'], answer: 'C' })).toEqual({ ok: false, fault });
  });

  test('whatever the text, gives the CRPO structure with one box, or a fault', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<think>',
        '</think>',
        '<answer>',
        '</answer>',
        '<dx>',
        '\\boxed{C}',
        '\\boxed',
        '{',
        '}',
        '\n',
        '<\\think>',
      ),
      fc.string({ maxLength: 6 }),
    );
    const anyTrace = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc
        .tuple(fc.array(piece, { maxLength: 3 }), fc.array(piece, { maxLength: 3 }))
        .map(([a, b]) => `<think>x${a.join('')}</think><answer>${b.join('')}y\\boxed{C}</answer>`),
    );
    let good = 0;

    fc.assert(
      fc.property(anyTrace, (text) => {
        const result = convertTrace(text);
        if (!result.ok) {
          expect(Object.keys(traceFaults)).toContain(result.fault);
          return;
        }
        good += 1;
        const { components } = grader.grade({ item: { gold: 'C' }, completion: result.text });
        expect(components[0]).toMatchObject({ name: 'accuracy', value: 1 });
        expect(components[1]?.value).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 2_000, seed: 1 },
    );
    expect(good).toBeGreaterThan(50);
  });

  test('gets through a text of very many boxes and half tags, open or closed', () => {
    // Read once for each box, these would take hours.
    const many = (box: string) =>
      `<think>${box.repeat(200_000)}</think><answer>${'<answe'.repeat(200_000)} \\boxed{C}</answer>`;

    expect(convertTrace(many('\\boxed{x}'))).toMatchObject({ ok: true, unboxed: 200_000 });
    expect(convertTrace(many('\\boxed{'))).toEqual({ ok: false, fault: 'open-box' });
  });
});

describe('convertTraces', () => {
  const choices = { A: 'Penicillin', B: 'Heparin', C: 'Ceftriaxone' };
  const user = { role: 'user', content: 'Think, then answer: which drug?' };
  const assistant = { role: 'assistant', content: trace };

  async function convert(rows: readonly unknown[], options: Parameters<typeof convertTraces>[1] = {}) {
    const found = [];
    for await (const row of convertTraces(textSource(lines(rows)), options)) found.push(row);
    return found;
  }

  test('asks with the new prompt where the row states its question', async () => {
    const system = { role: 'system', content: 'Be brief.' };
    const [row] = await convert([
      { messages: [system, user, assistant], question: 'Which drug?', choices, gold: 'C', ward: 3 },
    ]);

    expect(row).toMatchObject({ isAskedAnew: true, isRight: true, unboxed: 0 });
    const line = trainingRow(row?.row ?? expect.unreachable());
    expect(line.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
    expect(line.messages[1]?.content).toMatch(
      /<dx>[\s\S]*Which drug\?\nA: Penicillin\nB: Heparin\nC: Ceftriaxone$/,
    );
    expect(line.messages[2]?.content).toBe(converted);
    expect(line).toMatchObject({ question: 'Which drug?', choices, gold: 'C', ward: 3 });
  });

  test('keeps a chat that does not state its question, and a longer conversation', async () => {
    const longer = [user, { role: 'assistant', content: 'Say more.' }, user, assistant];
    const rows = await convert([
      { messages: [user, assistant] },
      { messages: longer, question: 'Which drug?' },
    ]);

    expect(rows.map(({ isAskedAnew, isRight }) => [isAskedAnew, isRight])).toEqual([
      [false, null],
      [false, null],
    ]);
    expect(rows.map(({ row }) => row.messages.length)).toEqual([2, 4]);
    expect(rows[0]?.row.messages[0]).toEqual(user);
  });

  test('takes question and completion, or a chat and its completion', async () => {
    const rows = await convert([
      { question: 'Which drug?', completion: trace },
      { messages: [user], completion: trace, id: 'x' },
    ]);

    expect(rows.map(({ row }) => row.messages.at(-1)?.content)).toEqual([converted, converted]);
    expect(rows.map(({ row }) => trainingRow(row)['completion'])).toEqual([undefined, undefined]);
    expect(rows[0]?.row.messages[0]?.content).toMatch(/<dx>[\s\S]*\nWhich drug\?$/);
  });

  test('refuses the first malformed trace with its line and reason', async () => {
    const rows = [
      { question: 'Which drug?', completion: trace },
      { question: 'Which drug?', completion: 'C' },
    ];

    await expect(convert(rows)).rejects.toMatchObject({
      code: 'DATA_TRACE',
      problem: { reason: 'no-think' },
    });
    await expect(convert(rows)).rejects.toThrow(
      'rows line 2: completion: found a trace where the text does not begin with <think>, wanted <think>',
    );
  });

  test('counts instead where it is asked to, and may take right answers alone', async () => {
    const bad: DataError[] = [];
    const wrong = { question: 'Which drug?', choices, gold: 'B', completion: trace };
    const rows = [
      wrong,
      { question: 'x' },
      { question: 'x', completion: trace, choices: { A: 'a', B: 'b' } },
      { messages: [user] },
    ];

    expect((await convert([wrong]))[0]).toMatchObject({ isRight: false });
    expect(await convert(rows, { isRightOnly: true, onBadRow: (error) => void bad.push(error) })).toEqual([]);
    expect(bad.map(({ code, problem }) => [code, problem.place, problem.reason])).toEqual([
      ['DATA_TRACE', 'line 1', 'wrong-letter'],
      ['DATA_ROW', 'line 2', undefined],
      ['DATA_TRACE', 'line 3', 'unknown-letter'],
      ['DATA_ROW', 'line 4', undefined],
    ]);
  });
});
