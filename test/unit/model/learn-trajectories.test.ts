import type { LearnHyperparameters, TrajectoryGroup } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeAdapter, encodeAdapter } from '../../../packages/model/src/adapter.js';
import { initLoraState, learnStep } from '../../../packages/model/src/engine/learn.js';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { largestDifference, randomNumbers } from '../../support/numbers.js';
import { writeTinyModel } from '../../support/tiny-model.js';

const hyperparameters: LearnHyperparameters = {
  learningRate: 0.01,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.05,
  temperature: 1,
};
const promptIds = [3, 1, 4, 1, 5];
const samples = [
  { ids: [9, 2, 6], logprobs: [-3, -3.1, -2.9], advantage: 1 },
  { ids: [9, 2, 5, 3], logprobs: [-3, -3.1, -3.2, -3], advantage: -1 },
];
/** The same tokens as trajectories whose every answered token is a target. */
const trajectories: TrajectoryGroup = {
  trajectories: samples.map(({ ids, logprobs, advantage }) => ({
    ids: [...promptIds, ...ids],
    targets: ids.map((_, i) => promptIds.length + i),
    logprobs,
    advantages: ids.map(() => advantage),
  })),
};

describe('learning from trajectories', () => {
  let model: OpenModel;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const tiny = await writeTinyModel();
    remove = tiny.remove;
    model = await openModel({ modelDir: tiny.dir, threads: 1 });
  });
  afterAll(async () => {
    await model.close();
    await remove();
  });

  /** An adapter whose B is not zero, so that the step before it matters. */
  function state() {
    const initial = initLoraState(model, { seed: 1, rank: 2, alpha: 4 });
    const adapter = decodeAdapter(initial.adapter, model.config);
    const moved = adapter.tensors.map((t, k) => ({
      ...t,
      data: Float32Array.from(randomNumbers(t.data.length, k), (v) => v / 10),
    }));
    return { ...initial, adapter: encodeAdapter({ ...adapter, tensors: moved }) };
  }

  const values = (bytes: Uint8Array): number[] =>
    decodeAdapter(bytes, model.config).tensors.flatMap(({ data }) => [...data]);

  it('takes the step that it takes on the same tokens as completions, each history once', async () => {
    const ofCompletions = await learnStep(model, {
      state: state(),
      groups: [{ promptIds, samples }],
      hyperparameters,
    });
    const ofTrajectories = await learnStep(model, {
      state: state(),
      groups: [trajectories],
      hyperparameters,
    });

    expect(ofTrajectories.metrics.loss).toBeCloseTo(ofCompletions.metrics.loss, 6);
    expect(ofTrajectories.metrics.kl).toBeCloseTo(ofCompletions.metrics.kl, 6);
    expect(ofTrajectories.metrics.gradNorm / ofCompletions.metrics.gradNorm).toBeCloseTo(1, 5);
    expect(ofTrajectories.metrics.tokens).toBe(7);
    expect(ofCompletions.metrics).toMatchObject({ sequenceTokens: 15, computedTokens: 10 });
    // The two completions begin alike, which only a trie sees.
    expect(ofTrajectories.metrics).toMatchObject({ sequenceTokens: 15, computedTokens: 8 });
    // Adam moves by the learning rate whatever the gradient's size, so that the direction is what is compared.
    const moved = largestDifference(
      values(ofTrajectories.state.adapter),
      values(ofCompletions.state.adapter),
    );
    expect(moved).toBeLessThan(1e-3);
  });

  it('mixes trajectories and completions in one step, whatever runs they are packed in', async () => {
    const groups = [{ promptIds, samples }, trajectories, trajectories, { promptIds: [7], samples }];
    const small = await learnStep({ ...model, maxRows: 1 }, { state: state(), groups, hyperparameters });
    const large = await learnStep({ ...model, maxRows: 4096 }, { state: state(), groups, hyperparameters });

    expect(Buffer.from(large.state.adapter).equals(Buffer.from(small.state.adapter))).toBe(true);
    expect(large.metrics.tokens).toBe(28);
  });

  it('refuses targets that do not rise, or lie outside', async () => {
    const [first] = trajectories.trajectories;
    if (!first) throw new Error('no trajectory');
    const learn = (change: Partial<typeof first>) =>
      learnStep(model, {
        state: state(),
        groups: [{ trajectories: [{ ...first, ...change }] }],
        hyperparameters,
      });

    await expect(learn({ targets: [5, 5, 6] })).rejects.toMatchObject({
      code: 'MODEL_REQUEST',
      message: 'group 0: trajectory 0 has target 5 after 5: want rising places from 1 to 7',
    });
    await expect(learn({ targets: [0, 6, 7] })).rejects.toThrow('has target 0 after 0');
    await expect(learn({ targets: [5, 6, 8] })).rejects.toThrow('has target 8 after 6');
    await expect(learn({ targets: [5] })).rejects.toThrow('has 1 targets, 3 logprobs and 3 advantages');
    await expect(learn({ advantages: [1, Number.NaN, 1] })).rejects.toThrow('has advantage NaN');
    await expect(learn({ ids: [3, 1, 4, 1, 5, 9, 2, 99] })).rejects.toThrow('has token id 99: want 0 to 22');
  });
});
