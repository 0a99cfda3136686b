import { type SupervisedExample, SupervisedTrainer } from '@residency/model';
import { expect, it } from 'vitest';
import { configOf, randomWeights, TINY_QWEN2 } from '../../support/tiny-model.js';

const config = configOf(TINY_QWEN2);
const h = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
const example = (...ids: number[]): SupervisedExample => ({
  ids,
  weights: ids.map((_, i) => (i === 0 ? 0 : 1)),
});
const BATCH = [example(3, 1, 4, 1, 5), example(3, 1, 6, 2), example(3, 2, 6, 2, 7), example(3, 1, 4)];

async function withTrainer<T>(use: (trainer: SupervisedTrainer) => Promise<T>): Promise<T> {
  const trainer = await SupervisedTrainer.open(config, randomWeights(config), 1);
  try {
    return await use(trainer);
  } finally {
    await trainer.close();
  }
}

it('learns the same from a batch whatever the chunks it is computed in', async () => {
  const runs = await Promise.all(
    [1, 3, 4].map((chunk) =>
      withTrainer(async (trainer) => {
        const { nll, gradNorm } = await trainer.step(BATCH, h, chunk);
        return { nll, gradNorm };
      }),
    ),
  );

  for (const { nll, gradNorm } of runs) {
    expect(nll).toBeCloseTo(runs[0]?.nll ?? Number.NaN, 5);
    expect(gradNorm).toBeCloseTo(runs[0]?.gradNorm ?? Number.NaN, 4);
  }
});

it('counts every weighted token, also those that sequences share', async () => {
  await withTrainer(async (trainer) => {
    const alone = [];
    for (const e of BATCH) alone.push({ nll: await trainer.evaluate([e]), tokens: e.ids.length - 1 });
    const tokens = alone.reduce((n, a) => n + a.tokens, 0);
    const mean = alone.reduce((sum, a) => sum + a.nll * a.tokens, 0) / tokens;

    expect(await trainer.evaluate(BATCH)).toBeCloseTo(mean, 5);
  });
});

it('fits a batch that it sees often', async () => {
  await withTrainer(async (trainer) => {
    const before = await trainer.evaluate(BATCH);
    for (let i = 0; i < 60; i++) await trainer.step(BATCH, { ...h, weightDecay: 0 }, 4);

    expect(await trainer.evaluate(BATCH)).toBeLessThan(before / 3);
  });
});

it.each([
  [[], 1, 'a batch: want at least one example'],
  [[example(3, 1), example(4, 1)], 2, 'want a first token that all sequences share and that weighs 0'],
  [[{ ids: [3, 1], weights: [0] }], 1, 'example 0 has 2 ids and 1 weights'],
  [[example(3, 1)], 0, 'chunk is 0, want a whole number above 0'],
])('refuses %j in chunks of %i', async (batch, chunk, message) => {
  await withTrainer(async (trainer) => {
    await expect(trainer.step(batch, h, chunk)).rejects.toThrow(message);
  });
});
