import {
  checkSchedule,
  constantSchedule,
  type ScheduleSpec,
  scheduleAt,
  warmupSteps,
} from '@residency/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const cosine: ScheduleSpec = {
  shape: 'cosine',
  learningRate: 0.4,
  warmup: { steps: 4 },
  totalSteps: 24,
  minShare: 0.25,
};
const rates = (spec: ScheduleSpec, steps: readonly number[]): number[] =>
  steps.map((step) => scheduleAt(spec, step));

const specs: fc.Arbitrary<ScheduleSpec> = fc
  .record({
    shape: fc.constantFrom('constant', 'linear', 'cosine'),
    learningRate: fc.double({ min: 1e-9, max: 10, noNaN: true }),
    totalSteps: fc.integer({ min: 1, max: 300 }),
    minShare: fc.double({ min: 0, max: 1, noNaN: true }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    isShare: fc.boolean(),
  })
  .map(({ part, isShare, ...spec }) => ({
    ...spec,
    warmup: isShare ? { share: part } : { steps: Math.floor(part * spec.totalSteps) },
  }));

describe('scheduleAt', () => {
  it('takes the values of the closed forms at the quarters', () => {
    const quarters = [4, 9, 14, 19, 24, 1000];
    const root = Math.SQRT1_2;
    const cosines = [1, 0.25 + (0.75 * (1 + root)) / 2, 0.625, 0.25 + (0.75 * (1 - root)) / 2, 0.25, 0.25];

    rates(cosine, quarters).forEach((rate, i) => {
      expect(rate).toBeCloseTo(0.4 * (cosines[i] ?? Number.NaN), 15);
    });
    rates({ ...cosine, shape: 'linear' }, quarters).forEach((rate, i) => {
      expect(rate).toBeCloseTo(0.4 * Math.max(0.25, 1 - (0.75 * i) / 4), 15);
    });
    expect(rates({ ...cosine, shape: 'constant' }, quarters)).toEqual(new Array(6).fill(0.4));
    expect(rates(constantSchedule(0.3), [0, 1, 7])).toEqual([0.3, 0.3, 0.3]);
  });

  it('warms up in equal parts, by steps or by share', () => {
    for (const warmup of [{ steps: 4 }, { share: 4 / 24 }, { share: 0.13 }]) {
      const actual = rates({ ...cosine, warmup }, [0, 1, 2, 3, 4]);
      [0.1, 0.2, 0.3, 0.4, 0.4].forEach((rate, i) => {
        expect(actual[i]).toBeCloseTo(rate, 15);
      });
    }
  });

  it('rises to its peak, falls to its minimum and stays within them', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const all = rates(
          checkSchedule(JSON.parse(JSON.stringify(spec))),
          Array.from({ length: spec.totalSteps + 3 }, (_, step) => step),
        );
        const shares = all.map((rate) => rate / spec.learningRate);
        const warmup = warmupSteps(spec);
        // Up to the rounding of one product and one quotient.
        const slack = 1e-12;

        shares.forEach((share, step) => {
          expect(share).toBeGreaterThan(-slack);
          expect(share).toBeLessThan(1 + slack);
          const change = share - (shares[step - 1] ?? 0);
          if (step < warmup) expect(change).toBeCloseTo(1 / warmup, 12);
          else if (step > 0) expect(change).toBeLessThan(slack);
        });
        expect(Math.max(...shares)).toBeCloseTo(1, 12);
        const end = spec.shape === 'constant' ? 1 : spec.minShare;
        expect(shares.at(-1)).toBeCloseTo(end, 12);
      }),
    );
  });

  it.each([-1, 0.5, Number.NaN])('refuses step %d', (step) => {
    expect(() => scheduleAt(cosine, step)).toThrow(
      expect.objectContaining({
        code: 'MODEL_REQUEST',
        message: `schedule: step is ${step}, want a whole number of at least 0`,
      }),
    );
  });
});

describe('checkSchedule', () => {
  it('reads what it wrote and leaves out what it does not know', () => {
    expect(checkSchedule({ ...JSON.parse(JSON.stringify(cosine)), colour: 'red' })).toEqual(cosine);
  });

  it.each([
    [null, 'schedule is null, want an object'],
    [{ ...cosine, shape: 'square' }, 'schedule: shape is "square", want constant, linear, cosine'],
    [{ ...cosine, shape: 'toString' }, 'schedule: shape is "toString"'],
    [{ ...cosine, learningRate: Number.NaN }, 'schedule: learningRate is NaN, want a number of at least 0'],
    [{ ...cosine, learningRate: -1 }, 'schedule: learningRate is -1'],
    [{ ...cosine, learningRate: Number.POSITIVE_INFINITY }, 'schedule: learningRate is Infinity'],
    [{ ...cosine, totalSteps: 0 }, 'schedule: totalSteps is 0, want a whole number above 0'],
    [{ ...cosine, totalSteps: 1.5 }, 'schedule: totalSteps is 1.5'],
    [{ ...cosine, minShare: 1.1 }, 'schedule: minShare is 1.1, want a number from 0 to 1'],
    [{ ...cosine, minShare: undefined }, 'schedule: minShare is missing'],
    [{ ...cosine, warmup: 3 }, 'schedule: warmup is 3, want an object'],
    [{ ...cosine, warmup: {} }, 'schedule: warmup.share is missing, want a number from 0 to 1'],
    [{ ...cosine, warmup: { share: 2 } }, 'schedule: warmup.share is 2'],
    [
      { ...cosine, warmup: { steps: 25 } },
      'warmup.steps is 25, want a whole number from 0 to totalSteps = 24',
    ],
    [{ ...cosine, warmup: { steps: 1, share: 0.1 } }, 'want steps or share, not both'],
  ])('refuses %j', (spec, message) => {
    expect(() => checkSchedule(spec)).toThrow(
      expect.objectContaining({ code: 'MODEL_REQUEST', message: expect.stringContaining(message) }),
    );
  });
});
