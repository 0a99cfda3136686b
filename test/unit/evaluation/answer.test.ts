import { readChoice, readQuestion } from '@residency/evaluation';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('readChoice', () => {
  test('gives the figures of the worked example of CRPO specification 4.2', () => {
    const responses: readonly (readonly [string, string])[] = [
      ['so \\boxed{A}', 'A'],
      ['so \\boxed{B}', 'A'],
      ['so \\boxed{c}', 'C'],
      ['so \\boxed{ C }', 'C'],
      ['so it is C', 'C'],
      ['\\boxed{C} and \\boxed{C}', 'C'],
      ['\\boxed{E. Ceftriaxone}', 'E'],
      ['so \\boxed{D}', 'D'],
    ];
    const choices = responses.map(([text, gold]) => readChoice(text, gold));

    expect(choices.filter(({ correct }) => correct)).toHaveLength(3);
    expect(choices.filter(({ valid }) => valid)).toHaveLength(5);
    expect(choices.map(({ letter }) => letter)).toEqual(['A', 'B', 'c', 'C', null, null, null, 'D']);
  });

  test.each([
    ['\\boxed{}', null],
    ['\\boxed{1}', null],
    ['\\boxed A', null],
    ['\\boxed{A', null],
    ['\\boxed{\nA}', null],
    ['\\boxed{A\n} \\boxed{B}', 'B'],
    ['\\boxed{\\text{A}}', null],
    ['\\boxed{\\boxed{A}', null],
    ['\\boxed{\u2003A\t}', 'A'],
    ['\\boxed{ß}', null],
  ])('reads %j as %j', (text, letter) => {
    expect(readChoice(text, 'A')).toEqual({ letter, valid: letter !== null, correct: letter === 'A' });
  });

  test('agrees with the pattern of the published scorer', () => {
    const piece = fc.constantFrom('\\boxed{', '}', '\n', 'A', 'b', ' ', '\\boxed');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const contents = [...text.matchAll(/\\boxed\{([^\n]*?)\}/g)].map((match) => (match[1] ?? '').trim());
        const [only = ''] = contents;
        const valid = contents.length === 1 && /^[A-Z]$/.test(only.toUpperCase());

        expect(readChoice(text, 'A')).toEqual({
          letter: valid ? only : null,
          valid,
          correct: valid && only === 'A',
        });
      }),
    );
  });

  test('reads a million characters of opening boxes', () => {
    expect(readChoice('\\boxed{'.repeat(150_000), 'A').valid).toBe(false);
  });
});

describe('readQuestion', () => {
  const item = { messages: [{ role: 'user', content: 'Which?' }], gold: 'B' };

  test('takes what a row has', () => {
    const full = {
      ...item,
      id: 7,
      question: 'Which drug?',
      choices: { A: 'one', B: 'two' },
      subject_name: 'Dental',
    };

    expect(readQuestion(full, 3)).toEqual({
      id: '7',
      question: 'Which drug?',
      options: { A: 'one', B: 'two' },
      gold: 'B',
      subject: 'Dental',
    });
    expect(readQuestion(item, 3)).toEqual({
      id: 'line-3',
      question: 'Which?',
      options: null,
      gold: 'B',
      subject: null,
    });
  });

  test.each([
    [{ ...item, gold: 'b' }, 'line 9: item.gold is "b", want one capital letter A-Z'],
    [{ ...item, gold: undefined }, 'line 9: item.gold is absent'],
    [{ ...item, choices: { A: 'one' } }, "line 9: item.gold is 'B', want one of the item's choices"],
    [{ ...item, id: [] }, 'line 9: id: found [], want a text or a number'],
  ])('refuses a row and names its line: %#', (row, message) => {
    expect(() => readQuestion(row, 9)).toThrowError(
      expect.objectContaining({ code: 'EVALUATION_ROW', message: expect.stringContaining(message) }),
    );
  });
});
