import { createGrader, type Grade, RubricError } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonRows, referenceFile } from '../../support/reference-data.js';

const spec = { type: 'crpo', name: 'released', profile: 'grpo-released', loopholes: 'off' };
const item = { gold: 'C', question_index: 'train0' };
const T = '<think>Gram-negative diplococci suggest gonorrhoea.</think>\n';
const values = ({ components }: Grade) =>
  Object.fromEntries(components.map(({ name, value }) => [name, value]));

interface ReleasedRow {
  readonly id: string;
  readonly gold: string;
  readonly question_index: string;
  readonly eos_token: string;
  readonly add_bo_think_token: boolean;
  readonly completion: string;
  readonly expected: Readonly<Record<string, number>> | null;
  readonly total: number | null;
  readonly error: string | null;
}

describe('grpo-released', () => {
  const path = referenceFile('golden', 'crpo.jsonl');
  const rows = jsonRows<ReleasedRow>(path);
  const graderOf = (row: ReleasedRow) =>
    createGrader({ ...spec, end_of_text: row.eos_token, adds_opening_tag: row.add_bo_think_token });

  test.runIf(path !== null)('has the 36 rows of the released functions to check', () => {
    expect(rows).toHaveLength(36);
  });

  test.each(rows.filter((row) => row.error === null))(
    'gives what the released functions gave: $id',
    (row) => {
      const given = graderOf(row).grade({ item: { ...row }, completion: row.completion });
      expect(given.total).toBeCloseTo(row.total ?? Number.NaN, 9);
      for (const [name, want] of Object.entries(row.expected ?? {}))
        expect(values(given)[name]).toBeCloseTo(want, 9);
      for (const { spans } of given.components)
        for (const { start, end } of spans) {
          expect(start).toBeLessThanOrEqual(end);
          expect(end).toBeLessThanOrEqual(row.completion.length);
        }
    },
  );

  test.each(rows.filter((row) => row.error !== null))('refuses what they refused: $id', (row) => {
    expect(() => graderOf(row).grade({ item: { ...row }, completion: row.completion })).toThrow(RubricError);
  });

  // The worked examples of the specification, 2.7, that the golden rows do not hold.
  const answer = (inside: string) => `${T}<answer>${inside}</answer>`;
  const worked = [
    ['padded box alone', answer('\n\\boxed{C}\n'), 11.5],
    ['three boxes', answer('\\boxed{C}\\boxed{C}\\boxed{C}'), -28.5],
    ['a small letter', answer('So \\boxed{c}'), -3],
    ['a padded letter', answer('So \\boxed{ C }'), -3],
    ['letter and text', answer('So \\boxed{C. Ceftriaxone}'), -3],
    ['nested braces', answer('So \\boxed{\\text{C}}'), -3],
    ['no braces', answer('So \\boxed C'), -8.5],
    ['a line feed within', answer('So \\boxed{\nC}'), -8.5],
    ['a letter beyond the options', answer('So \\boxed{Z}'), 2],
    ['Chinese reasoning', '<think>中</think><answer>It is \\boxed{C}</answer>', 11.5 + 0.5 * (47 / 48)],
  ] as const;

  test.each(worked)('worked example: %s', (_, completion, total) => {
    expect(createGrader(spec).grade({ item, completion }).total).toBeCloseTo(total, 12);
  });

  test('evidence keeps its place behind a marker, and an added tag has none', () => {
    const completion = 'Draft ## Final Response T</think><answer>So \\boxed{C}</answer> ';
    const given = createGrader({ ...spec, adds_opening_tag: true }).grade({ item, completion });
    expect(given.total).toBe(12);
    const [accuracy] = given.components;
    expect(accuracy?.spans.map(({ start, end }) => completion.slice(start, end))).toEqual(['\\boxed{C}']);
  });

  test('counts accuracy alone for held-out items, and refuses an index of neither split', () => {
    const held = createGrader(spec).grade({
      item: { gold: 'C', question_index: 'dev7' },
      completion: answer('So \\boxed{C}'),
    });
    expect(held.total).toBe(1);
    expect(values(held)).toEqual({ accuracy: 1, format: 1.5, english: 1 });
    expect(() =>
      createGrader(spec).grade({ item: { gold: 'C', question_index: 'test3' }, completion: '' }),
    ).toThrow(expect.objectContaining({ code: 'RUBRIC_ITEM_SPLIT', param: 'item.question_index' }));
  });

  test('accepts a text exactly where the released patterns do', () => {
    // They backtrack; here they serve as the independent definition, on short texts.
    const format = /^<think>(.*?)<\/think>\s*<answer>(.*?)<\/answer>$/s;
    const known = fc.constantFrom(
      '<think>',
      '</think>',
      '<answer>',
      '</answer>',
      '\\boxed',
      '\\boxed{C}',
      '{',
      '}',
      '\n',
      ' ',
      'x',
    );
    const inside = fc.array(known, { maxLength: 14 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(inside, (text) => {
        for (const completion of [text, `<think>${text}</answer>`]) {
          const match = format.exec(completion.trim());
          const section = match?.[2]?.trim() ?? '';
          const boxes = [...section.matchAll(/\\boxed\{([^\n]*?)\}/g)];
          const hasSummary = boxes.length === 1 && section !== boxes[0]?.[0];
          const given = values(createGrader(spec).grade({ item, completion }));
          expect(given['format']).toBe(match === null ? 0 : hasSummary ? 1.5 : 1);
          const count = completion.split('\\boxed').length - 1;
          if (count > 1) expect(given['accuracy']).toBe(-count);
        }
      }),
      { numRuns: 4000 },
    );
  });
});
