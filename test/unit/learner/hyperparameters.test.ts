import type { LearnHeader, LearningRateSchedule, RunHyperparameters } from '@residency/protocol';
import { describe, expect, it } from 'vitest';
import { engineHyperparameters } from '../../../services/learner/src/engine-hyperparameters.js';
import { stepDigest } from '../../../services/learner/src/learn-step.js';

const run: RunHyperparameters = {
  learningRate: 1e-4,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0,
  temperature: 1,
};
const schedule: LearningRateSchedule = { shape: 'cosine', warmupSteps: 2, totalSteps: 6, minShare: 0.1 };
const rates = (change: Partial<LearningRateSchedule>, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => {
    const { learningRate } = engineHyperparameters({ ...run, schedule: { ...schedule, ...change } }, step);
    return learningRate / run.learningRate;
  });

describe('engineHyperparameters', () => {
  it('hands a run without a schedule on as it is, at every step', () => {
    const chosen = { ...run, estimator: 'gspo', oldLogprobs: 'scored' } as const;

    for (const step of [0, 7]) {
      expect(JSON.stringify(engineHyperparameters(run, step))).toBe(JSON.stringify(run));
      expect(engineHyperparameters(chosen, step)).toEqual(chosen);
    }
  });

  it.each([
    ['constant', [0.5, 1, 1, 1, 1, 1, 1]],
    ['linear', [0.5, 1, 1, 0.775, 0.55, 0.325, 0.1]],
    // 0.1 + 0.9 (1 + cos(pi p)) / 2 at p = 0, 1/4, 1/2, 3/4, 1.
    ['cosine', [0.5, 1, 1, 0.1 + 0.45 * (1 + Math.SQRT1_2), 0.55, 0.1 + 0.45 * (1 - Math.SQRT1_2), 0.1]],
  ] as const)('gives each step the rate of its schedule: %s', (shape, wanted) => {
    const found = rates({ shape }, wanted.length);

    for (const [step, share] of wanted.entries()) expect(found[step]).toBeCloseTo(share, 12);
    expect(engineHyperparameters({ ...run, schedule }, 0)).not.toHaveProperty('schedule');
  });

  it.each([
    [{ warmupSteps: 7 }, 'warmup.steps is 7, want a whole number from 0 to totalSteps = 6'],
    [{ totalSteps: 0, warmupSteps: 0 }, 'totalSteps is 0'],
    [{ minShare: 2 }, 'minShare is 2, want a number from 0 to 1'],
  ])('refuses a schedule that makes no sense: %j', (change, message) => {
    expect(() => rates(change, 1)).toThrow(
      expect.objectContaining({ code: 'MODEL_REQUEST', message: expect.stringContaining(message) }),
    );
  });
});

describe('stepDigest', () => {
  const header: LearnHeader = {
    jobId: 'ftjob-1',
    step: 0,
    model: 'tiny',
    policy: { version: 0, sha256: 'a'.repeat(64) },
    hyperparameters: run,
    groupCount: 1,
  };
  const groups = [
    {
      index: 0,
      policySha256: 'a'.repeat(64),
      promptIds: [1, 2, 3],
      samples: [{ ids: [4, 5], logprobs: [-0.5, -0.25], advantage: 0.5 }],
    },
  ];
  const digest = (hyperparameters: RunHyperparameters): string =>
    stepDigest({ header: { ...header, hyperparameters }, groups });

  it('is what it was before there was a choice, so that a kept step is found again', () => {
    expect(digest(run)).toBe('f88860d804d7e0c4549e322ea8350431e92b537bb41fc28d568ccc44adaffda8');
  });

  it('tells runs apart by what they chose', () => {
    const digests = [run, { ...run, schedule }, { ...run, aggregation: 'seq-mean-token-sum' as const }].map(
      digest,
    );

    expect(new Set(digests).size).toBe(3);
  });
});
