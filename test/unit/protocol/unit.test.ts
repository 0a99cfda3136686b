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

  it('have positions that lead back to them, and names and random keys of their own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 3 }), (steps, evalSamples) => {
        const spec = { steps, evalSamples };
        const units: Unit[] = Array.from({ length: unitCount(spec) }, (_, at) => unitAt(spec, at));

        expect(units.map((unit) => unitPosition(spec, unit))).toEqual(units.map((_, at) => at));
        expect(new Set(units.map((unit) => unitJobId('job', unit))).size).toBe(units.length);
        expect(new Set(units.map(unitKeyStep)).size).toBe(units.length);
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
