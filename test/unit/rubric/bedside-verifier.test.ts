import { caseRow, casesFrom, createRandomStream, verify, writeTrace } from '@residency/bedside';
import { createGrader, type Grade } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const spec = { type: 'crpo', name: 'clinical', profile: 'crpo-paper', verifier: 'bedside', loopholes: 'off' };
const cases = casesFrom({ seed: 3, split: 'train' }, 0, 60);
/** A row as it comes back from a data set. */
const rowOf = (index: number): Record<string, unknown> => {
  const bedside = cases[index % cases.length];
  if (bedside === undefined) throw new Error('no case');
  return JSON.parse(JSON.stringify(caseRow(bedside))) as Record<string, unknown>;
};
const values = (given: Grade) => Object.fromEntries(given.components.map(({ name, value }) => [name, value]));

describe('verifier bedside', () => {
  test('adds faithfulness and comprehensiveness, which do not count', () => {
    const grader = createGrader(spec);
    const given = grader.grade({ item: rowOf(0), completion: 'no idea' });

    expect(given.components.map(({ name, weight }) => [name, weight])).toEqual([
      ['accuracy', 10],
      ['clinical_reasoning', 1],
      ['consistency', 0.5],
      ['faithfulness', 0],
      ['comprehensiveness', 0],
    ]);
    expect(given.total).toBe(0.5);
  });

  test('gives careful traces everything, and reports what the package itself finds', () => {
    const grader = createGrader(spec);
    for (const [index, bedside] of cases.entries()) {
      const completion = writeTrace(bedside, 'careful', createRandomStream(['careful', index]));
      const given = grader.grade({ item: rowOf(index), completion });
      const verified = verify(bedside, completion);

      expect(values(given)).toEqual({
        accuracy: 1,
        clinical_reasoning: 1.5,
        consistency: 1,
        faithfulness: verified.faithfulness.value,
        comprehensiveness: verified.comprehensiveness.value,
      });
      expect(given.total).toBe(12);
      expect(verified).toMatchObject({ faithfulness: { value: 1 }, comprehensiveness: { value: 1 } });
      const faithfulness = given.components.find(({ name }) => name === 'faithfulness');
      expect(faithfulness?.reason).toBe(verified.faithfulness.reason);
      expect(faithfulness?.spans).toEqual(verified.faithfulness.evidence);
    }
  });

  test('names the field of an item that is no case', () => {
    const grader = createGrader(spec);
    const bad = [
      ['item.score', { ...rowOf(0), score: 'apache' }],
      ['item.findings', { ...rowOf(0), findings: 'none' }],
      ['item.findings[0].name', { ...rowOf(0), findings: [{ criterion: 'age', value: '1', points: 0 }] }],
    ] as const;

    for (const [param, item] of bad) {
      expect(() => grader.grade({ item, completion: '' })).toThrow(
        expect.objectContaining({ code: 'RUBRIC_ITEM_CASE', param, message: expect.stringContaining(param) }),
      );
    }
  });

  test('grades any completion', () => {
    const grader = createGrader(spec);
    const piece = fc.oneof(
      fc.constantFrom(
        '<dx>',
        '</dx>',
        '<conclusion>',
        '</conclusion>',
        '\\boxed{A}',
        ' urea',
        ' 12',
        ' yes',
        '120/80',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.nat(59), fc.array(piece, { maxLength: 30 }), (index, pieces) => {
        const completion = pieces.join('');
        const given = grader.grade({ item: rowOf(index), completion });
        for (const { value, spans } of given.components.slice(3)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          for (const { start, end } of spans) expect(completion.slice(start, end)).toHaveLength(end - start);
        }
      }),
      { numRuns: 500 },
    );
  });
});
