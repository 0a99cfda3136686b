import { type Engine, openEngine, type SampleRequest } from '@residency/model';
import { estimateMemory } from '@residency/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layoutGroups } from '../../../packages/model/src/layout/group.js';
import { trainProgram } from '../../../packages/model/src/programs/train.js';
import { configOf, TINY_QWEN2, writeTinyModel } from '../../support/tiny-model.js';

const MODEL = { ...TINY_QWEN2, num_hidden_layers: 6, max_position_embeddings: 4096 };
const MB = 1e6;
/**
 * What an engine's process holds before its first run, and what it leaves to others: found, with room on both
 * sides.
 */
const BARE = 160 * MB;
const limits = { deadlineMs: 60_000 };
const hyperparameters = {
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

const ids = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 7 + seed) % 23);
/** Groups of two completions of so many tokens. */
const groupsOf = (groups: number, tokens: number) =>
  Array.from({ length: groups }, (_, g) => ({
    promptIds: ids(16, g),
    samples: [0, 1].map((s) => ({
      ids: ids(tokens, g + s),
      logprobs: new Array<number>(tokens).fill(-3),
      advantage: s === 0 ? 1 : -1,
    })),
  }));

const config = configOf(MODEL);
/** Bytes that learning from such groups takes in one run. */
function estimated(groups: number, tokens: number, recomputes: boolean): number {
  const program = trainProgram(
    config,
    { kind: 'lora', rank: 4, alpha: 8 },
    { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction: null },
    { recomputes },
  );
  const tokenGroups = groupsOf(groups, tokens).map((g) => ({
    prefix: g.promptIds,
    suffixes: g.samples.map((s) => s.ids),
  }));
  return estimateMemory(program, layoutGroups(tokenGroups, config).sizes).peakBytes;
}

describe('memory of an engine', () => {
  let dir: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ dir, remove } = await writeTinyModel(MODEL));
  });
  afterAll(() => remove());

  const within = async <T>(
    memoryLimitBytes: number | null,
    use: (engine: Engine) => Promise<T>,
  ): Promise<T> => {
    const limit = memoryLimitBytes === null ? {} : { memoryLimitBytes };
    const engine = await openEngine({ modelDir: dir, threads: 1, maxRows: 4096, ...limit });
    try {
      return await use(engine);
    } finally {
      await engine.close();
    }
  };
  const learn = async (engine: Engine, groups: number, tokens: number): Promise<Uint8Array> => {
    const state = await engine.initState({ seed: 1, rank: 4, alpha: 8 }, limits);
    return (await engine.learn({ state, groups: groupsOf(groups, tokens), hyperparameters }, limits)).state
      .adapter;
  };

  it('refuses to learn what cannot fit, and says everything about it', async () => {
    await within(BARE + 100 * MB, async (engine) => {
      const refused = learn(engine, 1, 2000);
      await expect(refused).rejects.toMatchObject({ code: 'MODEL_MEMORY' });
      const { message } = (await refused.catch((error: unknown) => error)) as Error; // it was refused
      expect(message).toMatch(
        /^learning from 1 group of 2 completions wants (\d+) MB of memory, (\d+) MB are available: /,
      );
      const [, wanted, available] = /wants (\d+) MB .* (\d+) MB are available/.exec(message) ?? [];
      expect(Number(wanted)).toBeGreaterThanOrEqual(Math.floor(estimated(1, 2000, true) / MB));
      expect(Number(wanted)).toBeLessThan(estimated(1, 2000, false) / MB);
      expect(Number(available)).toBeLessThan(260);
      expect(message).toContain('4015 rows, prompts of up to 16 tokens, completions of up to 2000, 6 layers');
      expect(message).toContain('inner values of layers computed again');
      expect(message).toMatch(
        /shorten the completions or prompts, sample smaller groups, or allow more memory$/,
      );
      // The engine goes on: a job that fits is done.
      expect((await learn(engine, 1, 4)).length).toBeGreaterThan(0);
    });
  });

  it('refuses to sample what cannot fit, and samples what does', async () => {
    const request: SampleRequest = {
      adapter: null,
      promptIds: ids(16, 0),
      temperatures: new Array<number>(64).fill(1),
      maxNewTokens: 4000,
      stopIds: [],
      key: { seed: 1, step: 0, prompt: 0 },
    };
    await within(BARE + 100 * MB, async (engine) => {
      const refused = engine.sample(request, limits);
      await expect(refused).rejects.toMatchObject({
        code: 'MODEL_MEMORY',
        message: expect.stringMatching(
          /^sampling 64 completions wants \d+ MB of memory, \d+ MB are available: a prompt of 16 tokens, up to 4000 new ones, 6 layers; .*allow fewer new tokens, sample smaller groups, or allow more memory$/,
        ),
      });
      expect(await engine.sample({ ...request, maxNewTokens: 4 }, limits)).toHaveLength(64);
    });
  });

  it('computes inner values again where only that fits, with the same result', async () => {
    const [plain, again] = [estimated(1, 800, false), estimated(1, 800, true)];
    expect(plain - again).toBeGreaterThan(100 * MB);
    const free = await within(null, (engine) => learn(engine, 1, 800));
    const tight = await within(BARE + (plain + again) / 2, (engine) => learn(engine, 1, 800));
    expect(Buffer.from(tight).equals(free)).toBe(true);
  });

  it('learns groups one by one where they do not fit together, with the same result', async () => {
    const [together, single] = [estimated(3, 450, false), estimated(1, 450, false)];
    expect(together - single).toBeGreaterThan(100 * MB);
    const free = await within(null, (engine) => learn(engine, 3, 450));
    const tight = await within(BARE + (together + single) / 2, (engine) => learn(engine, 3, 450));
    expect(Buffer.from(tight).equals(free)).toBe(true);
  });
});
