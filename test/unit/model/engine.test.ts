import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dpoTerms } from '@residency/algorithms';
import { type Engine, type LearnRequest, openEngine, type SampleRequest } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../../support/numbers.js';
import { TINY_QWEN2, writeTinyModel } from '../../support/tiny-model.js';

const limits = { deadlineMs: 60_000 };
const request: SampleRequest = {
  adapter: null,
  promptIds: [3, 1, 4, 1, 5],
  temperatures: [1, 1, 0.7, 0],
  maxNewTokens: 12,
  stopIds: [2],
  key: { seed: 7, step: 3, prompt: 5 },
};
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hyperparameters = {
  learningRate: 0.01,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.001,
  temperature: 1,
};

describe('engine', () => {
  let engine: Engine;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const model = await writeTinyModel();
    remove = model.remove;
    engine = await openEngine({ modelDir: model.dir, threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    await remove();
  });

  it('samples the same ids for the same key, and others for another', async () => {
    const first = await engine.sample(request, limits);
    expect(await engine.sample(request, limits)).toEqual(first);
    const other = await engine.sample({ ...request, key: { ...request.key, step: 4 } }, limits);
    expect(other.slice(0, 3)).not.toEqual(first.slice(0, 3));
    expect(other[3]).toEqual(first[3]);
    for (const s of first) {
      expect(s.ids.length).toBe(s.logprobs.length);
      expect(s.ids.slice(0, -1)).not.toContain(2);
      expect(s.stopReason === 'stop').toBe(s.ids.at(-1) === 2);
      expect(s.stopReason === 'length' ? s.ids.length : 12).toBe(12);
    }
  });

  /** Sums of the log-probabilities of the samples of each group under a policy. */
  const sumsOf = async (adapter: Uint8Array, groups: LearnRequest['groups']): Promise<number[][]> => {
    const state = { adapter, optimizer: (await engine.initState(lora, limits)).optimizer };
    const sums: number[][] = [];
    for (const group of groups) {
      if (!('samples' in group)) throw new Error('groups of samples');
      const own: number[] = [];
      for (const sample of group.samples) {
        const alone = {
          state,
          groups: [{ ...group, samples: [sample] }],
          hyperparameters: { ...hyperparameters, objective: 'supervised' },
        } as const;
        own.push(-(await engine.learn(alone, limits)).metrics.loss * sample.ids.length);
      }
      sums.push(own);
    }
    return sums;
  };
  const lora = { seed: 1, rank: 2, alpha: 4 };
  const given = (promptIds: number[], ...targets: number[][]) => ({
    promptIds,
    samples: targets.map((ids) => ({ ids, logprobs: ids.map(() => 0), advantage: 1 })),
  });

  it('learns demonstrations by the mean surprise of their tokens', async () => {
    const groups = [given([3, 1, 4], [1, 5, 9, 2]), given([2, 6], [5, 3])];
    const state = await engine.initState(lora, limits);
    const sums = (await sumsOf(state.adapter, groups)).flat();
    const { metrics } = await engine.learn(
      { state, groups, hyperparameters: { ...hyperparameters, objective: 'supervised' } },
      limits,
    );
    expect(metrics.loss).toBeCloseTo(-sums.reduce((a, b) => a + b, 0) / 6, 5);
    expect(metrics.preference).toBeNull();
  });

  it('learns preferences by the published loss, from the reference that it is given', async () => {
    const groups = [given([3, 1, 4], [1, 5, 9, 2], [6, 5]), given([2, 6], [5, 3], [5, 8, 9])];
    const first = await engine.initState(lora, limits);
    const supervised = { ...hyperparameters, learningRate: 0.05, objective: 'supervised' } as const;
    const moved = (
      await engine.learn(
        { state: first, groups: [given([3, 1, 4], [1, 5, 9, 2])], hyperparameters: supervised },
        limits,
      )
    ).state;
    const dpo = { ...hyperparameters, objective: 'dpo', dpoBeta: 0.7, labelSmoothing: 0.1 } as const;
    const [policy, base] = [await sumsOf(moved.adapter, groups), await sumsOf(first.adapter, groups)];
    const terms = policy.map(([chosen = 0, rejected = 0], pair) => {
      const [chosenBase = 0, rejectedBase = 0] = base[pair] ?? [];
      return dpoTerms(
        {
          chosen: { logprob: chosen, referenceLogprob: chosenBase },
          rejected: { logprob: rejected, referenceLogprob: rejectedBase },
        },
        { beta: 0.7, labelSmoothing: 0.1 },
      );
    });
    const { metrics } = await engine.learn({ state: moved, groups, hyperparameters: dpo }, limits);
    expect(metrics.loss).toBeCloseTo(terms.reduce((sum, t) => sum + t.loss, 0) / 2, 5);
    expect(metrics.preference?.margin).toBeCloseTo(terms.reduce((sum, t) => sum + t.margin, 0) / 2, 5);
    expect(metrics.preference?.accuracy).toBe(terms.filter((t) => t.margin > 0).length / 2);
    const own = await engine.learn(
      { state: moved, groups, hyperparameters: dpo, reference: moved.adapter },
      limits,
    );
    expect(own.metrics.loss).toBeCloseTo(Math.LN2, 5);
    const bad = { state: moved, groups: [given([1], [2])], hyperparameters: dpo };
    await expect(engine.learn(bad, limits)).rejects.toThrow('group 0: want two samples with tokens');
  });

  it('trains all weights, from which it samples, and which a group of its own gives the same bits', async () => {
    const all = { ...lora, trains: 'full' } as const;
    const state = await engine.initState(all, limits);
    const groups = [given([3, 1, 4], [1, 5, 9, 2]), given([2, 6], [5, 3])];
    const supervised = { ...hyperparameters, objective: 'supervised' } as const;
    const base = await engine.sample({ ...request, temperatures: [0] }, limits);
    const adapterOf = (bytes: Uint8Array) => ({ sha256: sha256(bytes), bytes });
    const [same] = await engine.sample(
      { ...request, temperatures: [0], adapter: adapterOf(state.adapter) },
      limits,
    );
    expect(same?.ids).toEqual(base[0]?.ids);
    // The loss is the base model's, and its gradient's norm larger than that of an adapter whose B is zero.
    const full = await engine.learn({ state, groups, hyperparameters: supervised }, limits);
    const beside = await engine.learn(
      { state: await engine.initState(lora, limits), groups, hyperparameters: supervised },
      limits,
    );
    expect(full.metrics.loss).toBeCloseTo(beside.metrics.loss, 5);
    expect(full.metrics.gradNorm).toBeGreaterThan(beside.metrics.gradNorm);
    let next = full.state;
    for (let step = 0; step < 40; step++)
      next = (await engine.learn({ state: next, groups, hyperparameters: supervised }, limits)).state;
    const [learned] = await engine.sample(
      {
        ...request,
        promptIds: [3, 1, 4],
        temperatures: [0],
        maxNewTokens: 4,
        stopIds: [],
        adapter: adapterOf(next.adapter),
      },
      limits,
    );
    expect(learned?.ids).toEqual([1, 5, 9, 2]);
    // What another run goes on from is of its kind.
    expect(sha256((await engine.initState({ ...all, from: next.adapter }, limits)).adapter)).toBe(
      sha256(next.adapter),
    );
    await expect(engine.initState({ ...lora, from: next.adapter }, limits)).rejects.toThrow(
      'what the run begins with is all weights, want an adapter of rank 2 and alpha 4',
    );
  });

  it('begins with an adapter of its shape, and refuses another', async () => {
    const first = await engine.initState(lora, limits);
    const groups = [given([3, 1, 4], [1, 5, 9, 2])];
    const { state } = await engine.learn({ state: first, groups, hyperparameters }, limits);
    const next = await engine.initState({ ...lora, seed: 99, from: state.adapter }, limits);
    expect(sha256(next.adapter)).toBe(sha256(state.adapter));
    expect(sha256(next.optimizer)).toBe(sha256(first.optimizer));
    await expect(engine.initState({ ...lora, rank: 3, from: state.adapter }, limits)).rejects.toThrow(
      'what the run begins with is an adapter of rank 2 and alpha 4, want an adapter of rank 3 and alpha 4',
    );
  });

  it('samples tokens as often as their probability says', async () => {
    const temperatures = new Array<number>(2000).fill(1);
    const samples = await engine.sample({ ...request, temperatures, maxNewTokens: 1, stopIds: [] }, limits);
    const counts = new Map<number, { count: number; probability: number }>();
    for (const s of samples) {
      const id = s.ids[0] ?? -1;
      const known = counts.get(id) ?? { count: 0, probability: Math.exp(s.logprobs[0] ?? Number.NaN) };
      counts.set(id, { ...known, count: known.count + 1 });
    }
    // Pearson's statistic over the tokens seen; 60 is far beyond the 0.9999 quantile for 22 degrees of freedom.
    const chiSquare = [...counts.values()].reduce(
      (sum, { count, probability }) => sum + (count - 2000 * probability) ** 2 / (2000 * probability),
      0,
    );
    expect(counts.size).toBeGreaterThan(5);
    expect(chiSquare).toBeLessThan(60);
  });

  it('starts as the base model, learns, and gives the same bytes twice', async () => {
    const state = await engine.initState({ seed: 1, rank: 4, alpha: 8 }, limits);
    const adapter = { bytes: state.adapter, sha256: sha256(state.adapter) };
    const samples = await engine.sample({ ...request, adapter }, limits);
    expect(samples.map((s) => s.ids)).toEqual((await engine.sample(request, limits)).map((s) => s.ids));

    const groups = [
      {
        promptIds: request.promptIds,
        samples: samples.slice(0, 2).map((s, i) => ({ ...s, advantage: i === 0 ? 1 : -1 })),
      },
    ];
    const learned = await engine.learn({ state, groups, hyperparameters }, limits);
    expect(learned.metrics.skipped).toBeNull();
    expect(learned.metrics.tokens).toBe(groups[0]?.samples.reduce((n, s) => n + s.ids.length, 0));
    // On policy every ratio is 1: nothing is clipped, and the learner sees the sampler's own log-probabilities.
    expect(learned.metrics.clipFraction).toBe(0);
    const all = groups.flatMap((g) => g.samples.flatMap((s) => s.logprobs));
    expect(learned.metrics.entropy).toBeCloseTo(-all.reduce((a, b) => a + b, 0) / all.length, 4);
    expect(learned.metrics.kl).toBeCloseTo(0, 6);

    const again = await engine.learn({ state, groups, hyperparameters }, limits);
    expect(sha256(again.state.adapter)).toBe(sha256(learned.state.adapter));
    expect(sha256(again.state.optimizer)).toBe(sha256(learned.state.optimizer));
    expect(sha256(learned.state.adapter)).not.toBe(sha256(state.adapter));
  });

  it('samples from a trained adapter as the learner sees it', async () => {
    let state = await engine.initState({ seed: 1, rank: 4, alpha: 8 }, limits);
    const [first, second] = await engine.sample(request, limits);
    if (!first || !second) throw new Error('no samples');
    for (let i = 0; i < 3; i++) {
      const groups = [
        {
          promptIds: request.promptIds,
          samples: [
            { ...first, advantage: 1 },
            { ...second, advantage: -1 },
          ],
        },
      ];
      state = (await engine.learn({ state, groups, hyperparameters }, limits)).state;
    }
    // The sampler merges the adapter into the weights, the learner keeps it apart: one distribution all the same.
    const adapter = { bytes: state.adapter, sha256: sha256(state.adapter) };
    const samples = (await engine.sample({ ...request, adapter, temperatures: [1, 1] }, limits)).map((s) => ({
      ...s,
      advantage: 1,
    }));
    const { metrics } = await engine.learn(
      { state, groups: [{ promptIds: request.promptIds, samples }], hyperparameters },
      limits,
    );
    const all = samples.flatMap((s) => s.logprobs);
    expect(metrics.entropy).toBeCloseTo(-all.reduce((a, b) => a + b, 0) / all.length, 4);
    expect(metrics.clipFraction).toBe(0);
    expect(metrics.kl).toBeGreaterThan(1e-4);
  });

  it('stays finite where a recorded probability is far from the policy, and says so where the weights are not', async () => {
    const state = await engine.initState({ seed: 1, rank: 4, alpha: 8 }, limits);
    const far = { ids: [1, 3], logprobs: [-200, -300], advantage: -1 };
    const { metrics } = await engine.learn(
      { state, groups: [{ promptIds: [3], samples: [far] }], hyperparameters },
      limits,
    );
    expect(metrics.skipped).toBeNull();
    expect(Number.isFinite(metrics.gradNorm)).toBe(true);

    const broken = new Uint8Array(state.adapter);
    new Float32Array(broken.buffer, broken.length - 64, 16).fill(Number.NaN);
    const adapter = { bytes: broken, sha256: sha256(broken) };
    await expect(engine.sample({ ...request, adapter }, limits)).rejects.toMatchObject({
      code: 'MODEL_NUMERIC',
    });
    const hot = { ...hyperparameters, temperature: 0 };
    await expect(engine.learn({ state, groups: [], hyperparameters: hot }, limits)).rejects.toThrow(
      'temperature is 0, want a number above 0',
    );
  });

  it('raises the probability of what was rewarded', async () => {
    let state = await engine.initState({ seed: 1, rank: 4, alpha: 8 }, limits);
    const [good, bad] = await engine.sample(request, limits);
    if (!good || !bad) throw new Error('no samples');
    const logprobOf = async (): Promise<number> => {
      const probe = { promptIds: request.promptIds, samples: [{ ...good, advantage: 0 }] };
      const { metrics } = await engine.learn(
        { state, groups: [probe], hyperparameters: { ...hyperparameters, learningRate: 0 } },
        limits,
      );
      return -metrics.entropy;
    };
    const before = await logprobOf();
    for (let i = 0; i < 5; i++) {
      const groups = [
        {
          promptIds: request.promptIds,
          samples: [
            { ...good, advantage: 1 },
            { ...bad, advantage: -1 },
          ],
        },
      ];
      state = (await engine.learn({ state, groups, hyperparameters }, limits)).state;
    }
    expect(await logprobOf()).toBeGreaterThan(before + 0.05);
  });

  it('refuses what does not fit, by name', async () => {
    await expect(engine.sample({ ...request, maxNewTokens: 200 }, limits)).rejects.toMatchObject({
      code: 'MODEL_REQUEST',
      message: '5 prompt tokens and 200 new ones are 205: the model has 128 positions',
    });
    await expect(engine.sample({ ...request, promptIds: [99] }, limits)).rejects.toThrow(
      'token id 99: want 0 to 22',
    );
    const adapter = { sha256: 'x', bytes: new Uint8Array(4) };
    await expect(engine.sample({ ...request, adapter }, limits)).rejects.toMatchObject({
      code: 'MODEL_FILE',
    });
  });

  it('reads 16-bit weights as the values they hold', async () => {
    const half = await writeTinyModel(TINY_QWEN2, 'F16');
    const other = await openEngine({ modelDir: half.dir, threads: 1 });
    try {
      const [a, b] = [await engine.sample(request, limits), await other.sample(request, limits)];
      const short = Math.min(a[3]?.ids.length ?? 0, b[3]?.ids.length ?? 0, 3);
      expect(short).toBeGreaterThan(0);
      expect(
        largestDifference(b[3]?.logprobs.slice(0, short) ?? [], a[3]?.logprobs.slice(0, short) ?? []),
      ).toBeLessThan(0.02);
    } finally {
      await other.close();
      await half.remove();
    }
  });

  it('says what is wrong with a folder that is no model', async () => {
    await expect(openEngine({ modelDir: '/nonexistent/model', threads: 1 })).rejects.toMatchObject({
      code: 'MODEL_FILE',
    });
    const { dir, remove: removeOdd } = await writeTinyModel();
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...TINY_QWEN2, num_hidden_layers: 3 }));
    await expect(openEngine({ modelDir: dir, threads: 1 })).rejects.toMatchObject({
      code: 'MODEL_WEIGHT',
      message: `${dir}: tensor model.layers.2.input_layernorm.weight is missing, want [8]`,
    });
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...TINY_QWEN2, model_type: 'gpt2' }));
    await expect(openEngine({ modelDir: dir, threads: 1 })).rejects.toMatchObject({
      code: 'MODEL_CONFIG',
      message: `${join(dir, 'config.json')}: model_type is "gpt2", want "llama", "mistral", "qwen2" or "qwen3"`,
    });
    await removeOdd();
  });
});
