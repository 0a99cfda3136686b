import {
  type Engine,
  type LearnHyperparameters,
  type LearnMetrics,
  openEngine,
  type PolicyState,
  type Sample,
  type SampleRequest,
} from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyModel } from '../../support/tiny-model.js';

const limits = { deadlineMs: 60_000 };
const promptIds = [3, 1, 4, 1, 5];
const request: SampleRequest = {
  adapter: null,
  promptIds,
  temperatures: [1, 1, 1, 1],
  maxNewTokens: 12,
  stopIds: [2],
  topP: 0.6,
  key: { seed: 7, step: 3, prompt: 5 },
};
const base: LearnHyperparameters = {
  learningRate: 0.01,
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
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('learning from samples of a filtered distribution', () => {
  let engine: Engine;
  let remove: () => Promise<void>;
  let state: PolicyState;
  beforeAll(async () => {
    const model = await writeTinyModel();
    remove = model.remove;
    engine = await openEngine({ modelDir: model.dir, threads: 1 });
    state = await engine.initState({ seed: 1, rank: 4, alpha: 8 }, limits);
  });
  afterAll(async () => {
    await engine.close();
    await remove();
  });

  const sample = (change: Partial<SampleRequest> = {}): Promise<readonly Sample[]> =>
    engine.sample({ ...request, ...change }, limits);
  const learn = async (
    samples: readonly Sample[],
    change: Partial<LearnHyperparameters>,
  ): Promise<LearnMetrics> => {
    const weighed = samples.map((s, i) => ({ ...s, advantage: i % 2 === 0 ? 1 : -1 }));
    const hyperparameters = { ...base, ...change };
    const groups = [{ promptIds, samples: weighed }];
    return (await engine.learn({ state, groups, hyperparameters }, limits)).metrics;
  };
  /** Share of the probability that the filter kept, of every token, from what the sampler gave at temperature 1. */
  const keptShares = (samples: readonly Sample[]): number[] =>
    samples.flatMap((s) => s.modelLogprobs.map((model, i) => Math.exp(model - (s.logprobs[i] ?? 0))));

  it('starts at a ratio of 1 where the old policy is scored, at any temperature', async () => {
    const [warm, cool] = [await sample(), await sample({ temperatures: [0.7, 0.7, 0.7, 0.7] })];

    const metrics = [
      await learn(warm, { oldLogprobs: 'scored' }),
      await learn(cool, { oldLogprobs: 'scored', temperature: 0.7 }),
    ];

    for (const { ratio, oldKl, clipFraction, importanceMean } of metrics) {
      expect(ratio).toBeCloseTo(1, 5);
      expect(oldKl).toBeCloseTo(0, 5);
      expect([clipFraction, importanceMean]).toEqual([0, 1]);
    }
  });

  it('would start at the share that the filter kept, with ratios to what the sampler recorded', async () => {
    const samples = await sample();
    const shares = keptShares(samples);

    const metrics = await learn(samples, { oldLogprobs: 'recorded' });

    expect(Math.min(...shares)).toBeGreaterThan(0.59);
    expect(mean(shares)).toBeLessThan(0.95);
    expect(metrics.ratio).toBeCloseTo(mean(shares), 5);
    // Where the advantage is negative, the lower bound cuts tokens that no update has moved yet.
    expect(metrics.clipFractionLow).toBeGreaterThan(0);
  });

  it('weighs by the share that the filter kept where importance weights are wanted', async () => {
    const samples = await sample();

    const metrics = await learn(samples, { oldLogprobs: 'scored', importance: 'token' });

    expect(metrics.ratio).toBeCloseTo(1, 5);
    expect(metrics.importanceMean).toBeCloseTo(mean(keptShares(samples)), 5);
    expect(metrics.importanceTruncated).toBe(0);
  });

  it('is the same either way where nothing was left out', async () => {
    const samples = await sample({ topP: 1 });

    const [recorded, scored] = [
      await learn(samples, { oldLogprobs: 'recorded' }),
      await learn(samples, { oldLogprobs: 'scored' }),
    ];

    expect(scored.gradNorm).toBeCloseTo(recorded.gradNorm, 5);
    expect(scored.loss).toBeCloseTo(recorded.loss, 5);
  });

  it('says how far the step went', async () => {
    const metrics = await learn(await sample(), { maxGradNorm: 1e-3, oldLogprobs: 'scored' });

    expect(metrics.learningRate).toBe(0.01);
    expect(metrics.clipScale).toBeCloseTo(1e-3 / metrics.gradNorm, 12);
    // The first step of Adam moves every parameter that has a gradient by the learning rate, whatever its size.
    expect(metrics.updateNorm).toBeGreaterThan(0.01);
    expect(metrics.parameterNorm).toBeGreaterThan(metrics.updateNorm);
  });

  it.each([
    [{ oldLogprobs: 'guessed' }, 'oldLogprobs is guessed, want one of: recorded, scored'],
    [{ aggregation: 'median' }, 'aggregation is median, want one of: token-mean, seq-mean-token-sum'],
    [{ aggregation: 'fixed-length' }, 'fixedLength is undefined, want a number of tokens above 0'],
  ])('refuses %j by name', async (change, message) => {
    const hyperparameters = { ...base, ...change } as LearnHyperparameters; // wrong on purpose

    await expect(engine.learn({ state, groups: [], hyperparameters }, limits)).rejects.toMatchObject({
      code: 'MODEL_REQUEST',
      message: expect.stringContaining(message),
    });
  });
});
