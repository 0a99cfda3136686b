import { createGrader, type Grade } from '@residency/rubric';
import { describe, expect, test } from 'vitest';
import { jsonRows, referenceFile } from '../../support/reference-data.js';

interface PaperRow {
  readonly id: string;
  readonly question: string;
  readonly choices: Readonly<Record<string, string>>;
  readonly gold: string;
  readonly completion: string;
  readonly crossref: boolean | null;
  readonly k: number;
  readonly total: number;
  readonly expected: Readonly<Record<'accuracy' | 'clinical_reasoning' | 'consistency', number>>;
}

const spec = { type: 'crpo', name: 'crpo', profile: 'crpo-paper', loopholes: 'off' };
const item = { question: 'Which drug?', gold: 'C' };
const grade = (completion: string) => createGrader(spec).grade({ item, completion });
const values = (given: Grade) => Object.fromEntries(given.components.map(({ name, value }) => [name, value]));
const component = (given: Grade, name: string) => {
  const found = given.components.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no component ${name}`);
  return found;
};
const evidence = (given: Grade, name: string, completion: string) =>
  component(given, name).spans.map(({ start, end }) => completion.slice(start, end));

const dx = '<dx>Gram-negative diplococci mean gonorrhoea.</dx>';
const full = `${dx}\n<conclusion>Gram-negative diplococci, so ceftriaxone. \\boxed{C}</conclusion>`;

describe('crpo-paper', () => {
  test('gives the maximum of k + 2 to a right, structured, grounded answer', () => {
    const given = grade(full);

    expect(given.total).toBe(12);
    expect(given.components.map(({ name, value, weight }) => [name, value, weight])).toEqual([
      ['accuracy', 1, 10],
      ['clinical_reasoning', 1.5, 1],
      ['consistency', 1, 0.5],
    ]);
  });

  test('points at its evidence', () => {
    const given = grade(full);

    expect(evidence(given, 'accuracy', full)).toEqual(['\\boxed{C}']);
    expect(evidence(given, 'clinical_reasoning', full)).toEqual([
      'Gram-negative',
      'Gram-negative',
      'diplococci',
      'diplococci',
    ]);
    expect(evidence(given, 'consistency', full)).toEqual([]);
    expect(component(given, 'clinical_reasoning').reason).toBe(
      'dx and conclusion in place; 2 of 3 words of the conclusion occur in the reasoning: gram-negative, diplococci',
    );
  });

  test('scores the whole sum with the k that the grader names', () => {
    const given = createGrader({ ...spec, k: 4 }).grade({ item, completion: full });

    expect(given.total).toBe(6);
  });

  const boxes = [
    ['no box', `${dx}<conclusion>Ceftriaxone</conclusion>`, 0, 'no boxed choice'],
    ['the gold letter', '\\boxed{C}', 1, 'boxed C, the gold letter'],
    ['another letter', '\\boxed{B}', 0, 'boxed B, gold is C'],
    ['a letter beyond the options', '\\boxed{Z}', 0, 'boxed Z, gold is C'],
    ['a small letter', '\\boxed{c}', 0, 'boxed c, gold is C'],
    ['a padded letter', '\\boxed{ C }', 0, 'boxed something other than one letter, gold is C'],
    ['an empty box', '\\boxed{}', 0, 'boxed something other than one letter, gold is C'],
    ['two equal boxes', '\\boxed{C} \\boxed{C}', 0, '2 boxes, want exactly one'],
    ['a box without braces', '\\boxed C', 0, 'the box has no braces on one line'],
    ['a line feed in the braces', '\\boxed{\nC}', 0, 'the box has no braces on one line'],
    ['an unclosed box', '\\boxed{C', 0, 'the box has no braces on one line'],
    ['nested braces', '\\boxed{\\text{C}}', 0, 'boxed something other than one letter, gold is C'],
    ['a box cut off at its name', '\\boxed', 0, 'the box has no braces on one line'],
    ['a box that another word extends', '\\boxedx{C}', 0, 'the box has no braces on one line'],
  ] as const;

  test.each(boxes)('accuracy: %s', (_, completion, value, reason) => {
    expect(component(grade(completion), 'accuracy')).toMatchObject({ value, reason });
  });

  const structures = [
    ['text before dx', `So: ${full}`, 'does not begin with <dx>'],
    ['text after the conclusion', `${full} Done.`, 'does not end with </conclusion>'],
    ['text between the blocks', full.replace('</dx>', '</dx>and'), 'no </dx> is followed by <conclusion>'],
    ['swapped blocks', '<conclusion>a</conclusion><dx>b</dx>', 'does not begin with <dx>'],
    ['upper-case tags', full.toUpperCase(), 'does not begin with <dx>'],
    ['an unclosed dx', full.replace('</dx>', ''), 'no </dx> is followed by <conclusion>'],
    ['the tags of another format', '<think>a</think><answer>b</answer>', 'does not begin with <dx>'],
    ['dx alone', dx, 'does not end with </conclusion>'],
    ['a conclusion tag that overlaps its end', '<dx></dx><conclusion</conclusion>', 'no </dx> is followed'],
    ['the empty text', '', 'does not begin with <dx>'],
  ] as const;

  test.each(structures)('structure: refuses %s', (_, completion, reason) => {
    const { value, reason: given } = component(grade(completion), 'clinical_reasoning');

    expect(value).toBe(0);
    expect(given).toContain(reason);
  });

  test('structure: allows whitespace around and between, empty blocks and further blocks inside', () => {
    const allowed = [
      '\n <dx></dx> \n\u00a0<conclusion></conclusion>\t\n',
      '<dx>a</dx>b</dx><conclusion>c</conclusion>d</conclusion>',
      '<dx>a</dx>\n<conclusion>b</conclusion><dx>c</dx><conclusion>d</conclusion>',
    ];

    expect(allowed.map((text) => values(grade(text))['clinical_reasoning'])).toEqual([1, 1, 1]);
  });

  test('does not count the whitespace around the text', () => {
    expect(grade(`\t${full}\r\n`)).toMatchObject({ total: 12 });
  });

  test('consistency counts code points and shows every run that is not plain', () => {
    const completion = '37.5°C, Fieber 😀😀\tok';
    const given = grade(completion);

    // 20 code points; the degree sign, two emoji and the tab are four of them.
    expect(values(given)['consistency']).toBeCloseTo(16 / 20, 15);
    expect(evidence(given, 'consistency', completion)).toEqual(['°', '😀😀\t']);
  });

  test('consistency of nothing is 0', () => {
    expect(values(grade(' \n '))['consistency']).toBe(0);
  });

  const path = referenceFile('golden', 'crpo-paper.jsonl');
  const rows = jsonRows<PaperRow>(path);

  test.runIf(path !== null)('has the 7 published rows to check', () => {
    expect(rows).toHaveLength(7);
  });

  test.each(rows)('computes the published row $id', (row) => {
    const crossReference = () => ({ value: row.crossref === true ? 1 : 0, spans: [], reason: 'given' });
    const grader = createGrader({ ...spec, k: row.k }, { crossReference });

    const given = grader.grade({ item: { ...row }, completion: row.completion });

    expect(given.total).toBeCloseTo(row.total, 12);
    for (const [name, want] of Object.entries(row.expected))
      expect(values(given)[name]).toBeCloseTo(want, 12);
  });

  test.each(rows.filter((row) => row.crossref !== null))(
    'finds by itself the cross-reference that the published row $id states',
    (row) => {
      for (const crossref of ['lexical', 'case']) {
        const given = createGrader({ ...spec, crossref }).grade({
          item: { ...row },
          completion: row.completion,
        });

        expect(given.total).toBeCloseTo(row.total, 12);
      }
    },
  );
});
