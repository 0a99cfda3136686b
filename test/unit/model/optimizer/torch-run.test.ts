import { readFileSync } from 'node:fs';
import {
  applyUpdate,
  GradientSum,
  initAdam,
  type NamedTensor,
  type ScheduleSpec,
  scheduleAt,
  warmupSteps,
} from '@residency/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestDifference, randomNumbers } from '../../../support/numbers.js';
import { findPython, runPython } from '../../../support/python.js';

const STEPS = 30;
const adam = { beta1: 0.9, beta2: 0.97, epsilon: 1e-6, weightDecay: 0.2 };
const maxGradNorm = 1.5;
const cosine: ScheduleSpec = {
  shape: 'cosine',
  learningRate: 0.05,
  warmup: { steps: 5 },
  totalSteps: STEPS,
  minShare: 0.1,
};
const linear: ScheduleSpec = { ...cosine, shape: 'linear', warmup: { steps: 7 }, minShare: 0 };
const schedules = [cosine, linear];
const SHAPES: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ['matrix', [6, 5]],
  ['bias', [9]],
];
const parameters = SHAPES.map(([name, shape], k): NamedTensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  return { name, shape, data: Float32Array.from(randomNumbers(count, k + 1)) };
});
/** Some of the gradients are longer than the limit. */
const gradients = Array.from({ length: STEPS }, (_, step) =>
  parameters.map(({ data }, k) =>
    Float32Array.from(randomNumbers(data.length, 40 + 2 * step + k), (v) => (v * (1 + (step % 4))) / 6),
  ),
);

interface Answer {
  readonly run: { readonly parameters: readonly number[][]; readonly norms: readonly number[] };
  readonly rates: readonly number[][];
}

const python = findPython(['torch', 'transformers']);

describe.runIf(python !== null)('the optimizer beside torch (where Python has it; else left out)', () => {
  let answer: Answer;
  beforeAll(async () => {
    const script = readFileSync(new URL('../../../support/python/optimizer-run.py', import.meta.url), 'utf8');
    answer = (await runPython(script, {
      parameters: parameters.map(({ shape, data }) => ({ shape, data: [...data] })),
      gradients: gradients.map((step) => step.map((g) => [...g])),
      rates: gradients.map((_, step) => scheduleAt(cosine, step)),
      schedules,
      ...adam,
      maxGradNorm,
    })) as Answer; // what the script prints
  });

  it('ends where AdamW with clipped gradients ends, to single precision', () => {
    let state = { parameters: parameters as readonly NamedTensor[], moments: initAdam(parameters) };
    const norms: number[] = [];
    const scales: number[] = [];
    gradients.forEach((step, index) => {
      const sum = new GradientSum(parameters);
      sum.addOutputs(Object.fromEntries(step.map((g, k) => [`grad:${parameters[k]?.name}`, g])));
      const next = applyUpdate({
        ...state,
        gradients: sum,
        tokens: 1,
        schedule: cosine,
        step: index,
        adam,
        maxGradNorm,
      });
      norms.push(next.metrics.gradNorm);
      scales.push(next.metrics.clipScale);
      state = next;
    });

    expect(largestDifference(norms, answer.run.norms)).toBeLessThan(1e-12);
    expect(new Set(scales.map((scale) => scale < 1))).toEqual(new Set([true, false]));
    state.parameters.forEach(({ data }, k) => {
      expect(largestDifference(data, answer.run.parameters[k] ?? [])).toBeLessThan(3e-6);
      expect(largestDifference(data, parameters[k]?.data ?? [])).toBeGreaterThan(0.1);
    });
  });

  it('has the learning rates of transformers, a step earlier in the warm-up, which begins at 0 there', () => {
    schedules.forEach((schedule, k) => {
      const theirs = answer.rates[k] ?? [];
      const warmup = warmupSteps(schedule);
      for (let step = 0; step < STEPS; step++) {
        const rate = theirs[step < warmup ? step + 1 : step];
        expect(scheduleAt(schedule, step)).toBeCloseTo(rate ?? Number.NaN, 15);
      }
    });
  });
});
