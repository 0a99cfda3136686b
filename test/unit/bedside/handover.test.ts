import type { BedsideCase, TraceKind } from '@residency/bedside';
import {
  caseFromRow,
  caseRow,
  casesFrom,
  createRandomStream,
  SCORE_NAMES,
  SCORES,
  TRACE_KINDS,
  verify,
  writeTrace,
} from '@residency/bedside';
import { createGrader, type Grade } from '@residency/rubric';
import { describe, expect, it } from 'vitest';

const plain = casesFrom({ seed: 5, split: 'train' }, 0, 400);
const stated = casesFrom({ seed: 5, split: 'train', handover: true }, 0, 400);
const traceOf = (bedside: BedsideCase, kind: TraceKind): string =>
  writeTrace(bedside, kind, createRandomStream(['handover test', bedside.id]));

const paper = createGrader({
  type: 'crpo',
  name: 'paper',
  profile: 'crpo-paper',
  crossref: 'case',
  verifier: 'bedside',
});
const gradesOf = (kind: TraceKind): Grade[] =>
  stated.map((bedside) => paper.grade({ item: { ...caseRow(bedside) }, completion: traceOf(bedside, kind) }));
const componentOf = ({ components }: Grade, name: string): number => {
  const component = components.find((candidate) => candidate.name === name);
  if (component === undefined) throw new Error(`the grade has no ${name}`);
  return component.value;
};
const mean = (grades: readonly Grade[], name: string): number =>
  grades.reduce((sum, grade) => sum + componentOf(grade, name), 0) / grades.length;

describe('cases with a handover', () => {
  it('are those without it, but for the sentence that states the total and its letter', () => {
    for (const [index, bedside] of stated.entries()) {
      const sentence = ` Handover total ${bedside.handover}, ${bedside.gold}.`;
      const { question, ...rest } = bedside;

      expect(question.split(sentence)).toHaveLength(2);
      expect({ ...rest, question: question.replace(sentence, ''), handover: null }).toEqual(plain[index]);
    }
  });

  it('state the text of the right option, in every score', () => {
    for (const bedside of stated) expect(bedside.handover).toBe(bedside.choices[bedside.gold]);

    expect(new Set(stated.map(({ score }) => score))).toEqual(new Set(SCORE_NAMES));
  });

  it('state nothing by default', () => {
    for (const bedside of plain) {
      expect(bedside.handover).toBeNull();
      expect(bedside.question).not.toContain('Handover');
    }
  });

  it('put the statement into the row that is asked, and are read back from it', () => {
    for (const bedside of stated) {
      const row: unknown = JSON.parse(JSON.stringify(caseRow(bedside)));

      expect(caseRow(bedside).messages[0]?.content).toContain(`Handover total ${bedside.handover}`);
      expect(verify(caseFromRow(row), traceOf(bedside, 'careful'))).toEqual(
        verify(bedside, traceOf(bedside, 'careful')),
      );
    }
  });
});

describe('traces of cases with a handover', () => {
  it.each(TRACE_KINDS)('conclude with the stated total and the right letter: %s', (kind) => {
    for (const bedside of stated) {
      const trace = traceOf(bedside, kind);

      expect(verify(bedside, trace).accuracy.value).toBe(1);
      expect(trace).toContain(`total ${bedside.handover} (A: ${bedside.choices.A}) ${bedside.gold}: `);
    }
    expect(mean(gradesOf(kind), 'accuracy')).toBe(1);
  });

  it('are careful, faithful and complete as without it', () => {
    for (const [index, bedside] of stated.entries()) {
      const other = plain[index];
      expect(traceOf(bedside, 'careful')).toBe(other && traceOf(other, 'careful'));
    }
    const grades = gradesOf('careful');

    expect(mean(grades, 'comprehensiveness')).toBe(1);
    expect(mean(grades, 'faithfulness')).toBe(1);
    expect(mean(grades, 'clinical_reasoning')).toBe(1.5);
  });

  it('still skip one criterion, or misquote one value', () => {
    for (const bedside of stated) {
      const criteria = SCORES[bedside.score].criteria.length;
      const [skip, misquote] = [
        verify(bedside, traceOf(bedside, 'skip')),
        verify(bedside, traceOf(bedside, 'misquote')),
      ];

      expect(skip.comprehensiveness.value).toBeCloseTo((criteria - 1) / criteria, 12);
      expect(skip.faithfulness.value).toBe(1);
      expect(misquote.comprehensiveness.value).toBe(1);
      expect(misquote.faithfulness.value).toBeLessThan(1);
    }
  });

  it('guess without citing, and half of the time without a cross-reference', () => {
    const grades = gradesOf('guess');
    const grounded = grades.filter((grade) => componentOf(grade, 'clinical_reasoning') === 1.5).length;

    expect(mean(grades, 'comprehensiveness')).toBe(0);
    expect(mean(grades, 'faithfulness')).toBe(0);
    // Within five standard errors of 1/2.
    expect(Math.abs(grounded / grades.length - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / grades.length));
  });

  it('are told apart by the clinical reward and not by the released one', () => {
    const released = createGrader({
      ...{ type: 'crpo', name: 'released', profile: 'grpo-released' },
      tags: { reasoning: 'dx', answer: 'conclusion' },
    });
    const totals = TRACE_KINDS.map((kind) =>
      stated.map((bedside) => {
        const sample = { item: { ...caseRow(bedside) }, completion: traceOf(bedside, kind) };
        return [released.grade(sample).total, paper.grade(sample).total] as const;
      }),
    );
    const [general, clinical] = [0, 1].map((at) => totals.map((own) => own.map((total) => total[at] ?? 0)));

    expect(new Set(general?.flat()).size).toBe(1);
    expect(new Set(clinical?.flat()).size).toBe(2);
  });
});
