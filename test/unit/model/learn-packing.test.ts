import type { LearnGroup, LearnHyperparameters, LearnRequest, TrajectoryGroup } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeAdapter, encodeAdapter } from '../../../packages/model/src/adapter.js';
import { initLoraState, learnStep } from '../../../packages/model/src/engine/learn.js';
import { layoutKey, tokenCounts } from '../../../packages/model/src/engine/learn-item.js';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { planRuns } from '../../../packages/model/src/engine/plan-runs.js';
import { randomNumbers } from '../../support/numbers.js';
import { TINY_QWEN2, writeTinyModel } from '../../support/tiny-model.js';

const JSON_CONFIG = {
  ...TINY_QWEN2,
  num_key_value_heads: 1,
  num_hidden_layers: 3,
  max_position_embeddings: 512,
};
const hyperparameters: LearnHyperparameters = {
  learningRate: 0.01,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.28,
  klCoefficient: 0.05,
  entropyCoefficient: 0.01,
  temperature: 0.9,
};
const CHANGES: Readonly<Record<string, Partial<LearnHyperparameters>>> = {
  'ppo with the entropy bonus': {},
  'gspo, importance weights of sequences': {
    estimator: 'gspo',
    importance: 'sequence',
    aggregation: 'seq-mean-token-mean',
  },
  'dual clip, without a reference': { estimator: 'ppo_dual_clip', klCoefficient: 0, entropyCoefficient: 0 },
};

const whole = (count: number, seed: number, below: number): number[] =>
  randomNumbers(count, seed).map((v) => Math.floor(((v + 1) / 2) * below));
const around = (center: number, count: number, seed: number): number[] =>
  randomNumbers(count, seed).map((v) => center + v / 2);

/** Prompts from 1 token up, beside multiples of 64, and completions beside multiples of 16. */
const GROUPS: readonly LearnGroup[] = [
  [60, [15, 16, 17]],
  [64, [17, 1, 16]],
  [63, [16, 17]],
  [65, [17, 17, 4]],
  [127, [12, 17, 0]],
  [128, [33, 32, 31, 30]],
  [20, [1, 1]],
  [1, [1]],
  [10, [40, 0]],
  [12, [41, 39]],
].map(
  ([prompt, lengths], g): LearnGroup => ({
    promptIds: whole(Number(prompt), 40 + g, 23),
    samples: (lengths as number[]).map((length, i) => ({
      // Equal first tokens, so that several completions read one value of the logits.
      ids: whole(length, 100 * g + i, 23).map((id, place) => (place === 0 ? 3 : id)),
      logprobs: around(-3, length, 100 * g + i + 50),
      advantage: [1, -0.5, 0.25, -1][i] ?? 0,
    })),
  }),
);

/** Episodes that share their beginnings. */
const TRAJECTORIES: readonly TrajectoryGroup[] = [40, 42, 70, 74, 40, 90].map((length, g) => ({
  trajectories: Array.from({ length: g < 5 ? 3 : 2 }, (_, i) => {
    const ids = [...whole(length / 2, 7, 23), ...whole(length / 2, 300 + 10 * g + i, 23)];
    const targets = ids.flatMap((_, place) => (place > 10 && place % 3 !== 0 ? [place] : []));
    return {
      ids,
      targets,
      logprobs: around(-3, targets.length, 500 + g + i),
      advantages: around(0.2, targets.length, 600 + g + i),
    };
  }),
}));

describe('the rows that a run may have', () => {
  const models: OpenModel[] = [];
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const tiny = await writeTinyModel(JSON_CONFIG);
    remove = tiny.remove;
    const open = (maxRows: number, recomputes: boolean): Promise<OpenModel> =>
      openModel({ modelDir: tiny.dir, threads: 1, maxRows, recomputes });
    models.push(await open(1, false), await open(300, false), await open(4096, false), await open(600, true));
  });
  afterAll(async () => {
    for (const model of models) await model.close();
    await remove();
  });

  function request(groups: LearnRequest['groups'], change: Partial<LearnHyperparameters>): LearnRequest {
    const [model] = models;
    if (!model) throw new Error('no model');
    const initial = initLoraState(model, { seed: 1, rank: 3, alpha: 6 });
    const adapter = decodeAdapter(initial.adapter, model.config);
    const tensors = adapter.tensors.map((t, k) => ({
      ...t,
      data: Float32Array.from(randomNumbers(t.data.length, k), (v) => v / 10),
    }));
    return {
      state: { ...initial, adapter: encodeAdapter({ ...adapter, tensors }) },
      groups,
      hyperparameters: { ...hyperparameters, ...change },
    };
  }

  it('pack some groups of each kind together, and leave others alone', () => {
    for (const items of [GROUPS, TRAJECTORIES]) {
      const planned = items.map((item) => ({
        rows: tokenCounts(item).computed + 1,
        layout: layoutKey(item),
      }));
      expect(planRuns(planned, 1)).toHaveLength(items.length);
      const runs = planRuns(planned, 4096);
      expect(runs.length).toBeLessThan(items.length);
      expect(runs.length).toBeGreaterThan(1);
    }
  });

  const ITEMS = {
    completions: GROUPS,
    trajectories: TRAJECTORIES,
    both: [...GROUPS.slice(4), ...TRAJECTORIES],
  };
  const CASES = Object.keys(ITEMS).flatMap((items) => Object.keys(CHANGES).map((change) => [items, change]));
  it.each(CASES)('do not reach the adapter or the optimizer: %s, %s', async (items, change) => {
    const given = request(ITEMS[items as keyof typeof ITEMS], CHANGES[change ?? ''] ?? {});

    const results = [];
    for (const model of models) results.push(await learnStep(model, given));

    const [first, ...others] = results;
    expect(first?.metrics.skipped).toBeNull();
    expect(first?.metrics.gradNorm).toBeGreaterThan(1e-3);
    expect(Buffer.from(first?.state.adapter ?? []).equals(given.state.adapter)).toBe(false);
    for (const [i, { state, metrics }] of others.entries()) {
      const of = `model ${i + 1}`;
      expect(Buffer.from(state.adapter).equals(first?.state.adapter ?? Buffer.alloc(0)), of).toBe(true);
      expect(Buffer.from(state.optimizer).equals(first?.state.optimizer ?? Buffer.alloc(0)), of).toBe(true);
      expect(metrics.gradNorm).toBe(first?.metrics.gradNorm);
      expect(metrics.loss).toBeCloseTo(first?.metrics.loss ?? Number.NaN, 4);
    }
  });
});
