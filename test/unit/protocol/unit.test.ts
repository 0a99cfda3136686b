import { type Unit, unitAt, unitCount, unitJobId, unitKeyStep, unitPosition } from '@residency/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('the units of a run', () => {
  it('are evaluation, the training steps, evaluation', () => {
    const spec = { steps: 2, evalSamples: 4 };

    expect(Array.from({ length: unitCount(spec) }, (_, at) => unitAt(spec, at))).toEqual([
      { phase: 'eval', step: 0 },
      { phase: 'train', step: 0 },
      { phase: 'train', step: 1 },
      { phase: 'eval', step: 2 },
    ]);
  });

  it('are the training steps alone without evaluation', () => {
    const spec = { steps: 2, evalSamples: 0 };

    expect(Array.from({ length: unitCount(spec) }, (_, at) => unitAt(spec, at))).toEqual([
      { phase: 'train', step: 0 },
      { phase: 'train', step: 1 },
    ]);
  });

  it('have evaluations without samples where rows are measured as they stand', () => {
    const spec = { steps: 1, evalSamples: 0, evaluates: 'loss' } as const;

    expect(Array.from({ length: unitCount(spec) }, (_, at) => unitAt(spec, at))).toEqual([
      { phase: 'eval', step: 0 },
      { phase: 'train', step: 0 },
      { phase: 'eval', step: 1 },
    ]);
    expect([0, 1].map((step) => unitPosition(spec, { phase: 'eval', step }))).toEqual([0, 2]);
  });

  it('have evaluations between training steps where there is an interval', () => {
    const spec = { steps: 5, evalSamples: 1, evalInterval: 2 };

    const names = Array.from({ length: unitCount(spec) }, (_, at) => unitAt(spec, at));

    expect(names.map(({ phase, step }) => `${phase} ${step}`).join(', ')).toBe(
      'eval 0, train 0, train 1, eval 2, train 2, train 3, eval 4, train 4, eval 5',
    );
  });

  it('have positions that lead back to them, names of their own, and random keys that evaluations share', () => {
    const [some, few] = [fc.integer({ min: 1, max: 61 }), fc.integer({ min: 0, max: 3 })];
    fc.assert(
      fc.property(some, few, some, (steps, evalSamples, evalInterval) => {
        const spec = { steps, evalSamples, ...(evalInterval < steps && { evalInterval }) };
        const units: Unit[] = Array.from({ length: unitCount(spec) }, (_, at) => unitAt(spec, at));

        expect(units.map((unit) => unitPosition(spec, unit))).toEqual(units.map((_, at) => at));
        expect(new Set(units.map((unit) => unitJobId('job', unit))).size).toBe(units.length);
        // One key for each step, one for the evaluation before, and one for all others.
        expect(new Set(units.map(unitKeyStep)).size).toBe(steps + (evalSamples > 0 ? 2 : 0));
        // A unit uses the version that the training steps before it made.
        for (const [at, { step }] of units.entries())
          expect(units.slice(0, at).filter(({ phase }) => phase === 'train')).toHaveLength(step);
      }),
    );
  });

  it('do not exist outside the run', () => {
    expect(() => unitAt({ steps: 2, evalSamples: 0 }, 2)).toThrow(RangeError);
    expect(() => unitAt({ steps: 2, evalSamples: 0 }, -1)).toThrow(RangeError);
  });

  it('have queue ids without the colon that the queue forbids', () => {
    expect(unitJobId('ftjob-1', { phase: 'train', step: 12 }, 3)).toBe('ftjob-1-train-12-3');
  });
});
