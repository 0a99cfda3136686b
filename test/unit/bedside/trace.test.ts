import type { BedsideCase, TraceKind } from '@residency/bedside';
import {
  caseAt,
  casesFrom,
  createRandomStream,
  drawTrace,
  SCORE_NAMES,
  TRACE_KINDS,
  verify,
  writeTrace,
} from '@residency/bedside';
import { describe, expect, it } from 'vitest';

const cases = casesFrom({ seed: 5, split: 'train' }, 0, 1200);
const traceOf = (bedside: BedsideCase, kind: TraceKind): string =>
  writeTrace(bedside, kind, createRandomStream(['trace test', bedside.id]));

const STRUCTURE = /^<dx>([\s\S]*)<\/dx>\s*<conclusion>([\s\S]*)<\/conclusion>$/;
const GENERIC = new Set(['patient', 'option', 'answer', 'choice', 'question', 'most', 'likely']);

/** The lexical cross-reference of the CRPO specification, section 2.4, written independently of the product's grader. */
const crossReference = (trace: string): { readonly shared: number; readonly share: number } => {
  const [, dx = '', conclusion = ''] = STRUCTURE.exec(trace) ?? [];
  const tokens = (text: string): Set<string> =>
    new Set(
      text
        .toLowerCase()
        .replace(/\\boxed\{[^}]*\}/g, ' ')
        .split(/[^a-z0-9.%/-]+/)
        .map((token) => token.replace(/^[.%/-]+|[.%/-]+$/g, ''))
        .filter((token) => token.length >= 4 || /[0-9]/.test(token))
        .filter((token) => !GENERIC.has(token)),
    );
  const cited = tokens(conclusion);
  const shared = [...cited].filter((token) => tokens(dx).has(token)).length;
  return { shared, share: cited.size === 0 ? 0 : shared / cited.size };
};

const isGrounded = (trace: string): boolean => {
  const { shared, share } = crossReference(trace);
  return shared >= 2 && share >= 0.3;
};

describe('writeTrace', () => {
  it.each(TRACE_KINDS)('keeps the dx / conclusion structure with both systems and one box: %s', (kind) => {
    for (const bedside of cases) {
      const trace = traceOf(bedside, kind);

      expect(trace).toMatch(STRUCTURE);
      expect(trace.match(/\\boxed\{[A-E]\}/g)?.length).toBe(1);
      expect(trace).toContain('(System 1: Intuitive)');
      expect(trace).toContain('(System 2: Analytical)');
      expect(trace).toMatch(/^[\x20-\x7e\n]*$/);
    }
  });

  it('writes careful traces that are right, faithful, complete and cross-referenced', () => {
    for (const bedside of cases) {
      const trace = traceOf(bedside, 'careful');
      const verdict = verify(bedside, trace);

      expect([verdict.accuracy.value, verdict.faithfulness.value, verdict.comprehensiveness.value]).toEqual([
        1, 1, 1,
      ]);
      expect(isGrounded(trace)).toBe(true);
    }
  });

  it.each(SCORE_NAMES)(
    'is told apart by verify in %s: careful agrees, a misquote or a skipped criterion does not',
    (score) => {
      const own = casesFrom({ seed: 6, split: 'held-out', scores: [score] }, 0, 150);
      for (const bedside of own) {
        const careful = verify(bedside, traceOf(bedside, 'careful'));
        const misquote = verify(bedside, traceOf(bedside, 'misquote'));
        const skip = verify(bedside, traceOf(bedside, 'skip'));

        expect(bedside.score).toBe(score);
        expect(careful.faithfulness.reason).not.toContain(';');
        expect(careful.faithfulness.value).toBe(1);
        expect(careful.comprehensiveness.reason).toBe(
          `${bedside.findings.length} of ${bedside.findings.length} criteria considered`,
        );
        expect(misquote.faithfulness.value).toBeLessThan(1);
        expect(skip.comprehensiveness.reason).toContain('; missing ');
      }
    },
  );

  it('carries a running total that adds up to the boxed option', () => {
    for (const bedside of cases) {
      const trace = traceOf(bedside, 'careful');
      const steps = [...trace.matchAll(/ ([+-][0-9.]+) = (-?[0-9]+(?:\.[0-9]+)?)/g)];
      // Calcium starts from the measured value, which carries no addend.
      let running = Number(/calcium [0-9.]+ = ([0-9]+\.[0-9])/.exec(trace)?.[1] ?? 0);
      for (const [, addend, total] of steps) {
        running += Number(addend);
        expect(running).toBeCloseTo(Number(total), 9);
      }

      expect(running).toBeCloseTo(bedside.total, 9);
    }
  });

  it('skips exactly one criterion, one that counts where there is one', () => {
    for (const bedside of cases) {
      const trace = traceOf(bedside, 'skip');
      const verdict = verify(bedside, trace);
      const criteria = bedside.findings.length;

      expect(verdict.comprehensiveness.value).toBeCloseTo((criteria - 1) / criteria, 12);
      expect(verdict.faithfulness.value).toBe(1);
    }
    const accuracy = cases.filter(
      (bedside) => verify(bedside, traceOf(bedside, 'skip')).accuracy.value === 1,
    );

    expect(accuracy.length / cases.length).toBeLessThan(0.4);
  });

  it('misquotes exactly one value and names it in the verdict', () => {
    for (const bedside of cases) {
      const verdict = verify(bedside, traceOf(bedside, 'misquote'));

      expect(verdict.faithfulness.value).toBeLessThan(1);
      expect(verdict.faithfulness.reason).toMatch(/cited as .*, the case has /);
      expect(verdict.comprehensiveness.value).toBe(1);
    }
  });

  it('guesses at chance, cites nothing, and half of the time shares nothing with its reasoning', () => {
    const traces = cases.map((bedside) => ({ bedside, trace: traceOf(bedside, 'guess') }));
    const right = traces.filter(({ bedside, trace }) => verify(bedside, trace).accuracy.value === 1).length;
    const grounded = traces.filter(({ trace }) => isGrounded(trace)).length;

    // Within five standard errors of 1/5 and of 1/2.
    expect(Math.abs(right / traces.length - 0.2)).toBeLessThan(5 * Math.sqrt(0.16 / traces.length));
    expect(Math.abs(grounded / traces.length - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / traces.length));
    for (const { bedside, trace } of traces) expect(verify(bedside, trace).comprehensiveness.value).toBe(0);
  });

  it('announces the habit before System 2, in words that no other kind uses', () => {
    const habits = new Map<string, TraceKind>();
    for (const bedside of cases) {
      for (const kind of TRACE_KINDS) {
        const habit = /, ([a-z ]+)\. \(System 2/.exec(traceOf(bedside, kind))?.[1] ?? '';
        expect(habits.get(habit) ?? kind).toBe(kind);
        habits.set(habit, kind);
      }
    }

    expect(habits.size).toBe(2 * TRACE_KINDS.length);
  });
});

describe('drawTrace', () => {
  const mix = { careful: 4, skip: 2, misquote: 1, guess: 3 };

  it('is a function of case, mix and key', () => {
    const bedside = caseAt({ seed: 5, split: 'train' }, 3);
    const texts = Array.from({ length: 20 }, (_, index) => drawTrace(bedside, mix, [index]).text);

    expect(drawTrace(bedside, mix, [3]).text).toBe(texts[3]);
    expect(new Set(texts).size).toBeGreaterThan(4);
  });

  it('draws the kinds in the given proportions', () => {
    const kinds = cases.map((bedside) => drawTrace(bedside, mix, [0]).kind);
    for (const kind of TRACE_KINDS) {
      const share = mix[kind] / 10;
      const found = kinds.filter((candidate) => candidate === kind).length / kinds.length;

      expect(Math.abs(found - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / kinds.length));
    }
  });

  it('never draws a kind of weight 0', () => {
    for (const bedside of cases) {
      const { kind } = drawTrace(bedside, { careful: 1, skip: 0, misquote: 0, guess: 0 }, ['only']);
      expect(kind).toBe('careful');
    }
  });

  it.each([
    ['a negative weight', { ...mix, skip: -1 }],
    ['a weight that is no number', { ...mix, guess: Number.NaN }],
    ['no weight above 0', { careful: 0, skip: 0, misquote: 0, guess: 0 }],
  ])('refuses %s', (_, wrong) => {
    expect(() => drawTrace(caseAt({ seed: 5, split: 'train' }, 0), wrong, [])).toThrow(
      expect.objectContaining({ code: 'BEDSIDE_BAD_MIX' }),
    );
  });
});
