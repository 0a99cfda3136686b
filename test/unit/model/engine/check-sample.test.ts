import type { SampleRequest } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenModel, openModel } from '../../../../packages/model/src/engine/model.js';
import { sampleGroup } from '../../../../packages/model/src/engine/sample.js';
import { request } from '../../../support/sampling-models.js';
import { writeTinyModel } from '../../../support/tiny-model.js';

/** What is wrong with a request, and what its refusal says. */
const CASES: readonly (readonly [Partial<SampleRequest>, string])[] = [
  [{ promptIds: [] }, 'promptIds: want at least one token'],
  [{ promptIds: [1, 23] }, 'token id 23: want 0 to 22'],
  [{ promptIds: [1, -1] }, 'token id -1: want 0 to 22'],
  [{ promptIds: [1.5] }, 'token id 1.5: want 0 to 22'],
  [{ promptIds: [Number.NaN] }, 'token id NaN: want 0 to 22'],
  [{ stopIds: [99] }, 'token id 99: want 0 to 22'],
  [{ stopSequences: [[1, 2], [77]] }, 'token id 77: want 0 to 22'],
  [{ stopSequences: [[1], []] }, 'stopSequences: want at least one token in each'],
  [{ temperatures: [] }, 'temperatures: want one per sample'],
  [{ temperatures: [1, -0.1] }, 'temperature -0.1: want 0'],
  [{ temperatures: [101] }, 'temperature 101: want 0'],
  [{ temperatures: [Number.NaN] }, 'temperature NaN: want 0'],
  // Its inverse is no number of f32: nothing could be drawn.
  [{ temperatures: [1, 1e-40] }, 'temperature 1e-40: want 0'],
  [{ topK: -1 }, 'topK -1: want a whole number of at least 0'],
  [{ topK: 2.5 }, 'topK 2.5: want a whole number of at least 0'],
  [{ topP: 0 }, 'topP 0: want a number above 0 and at most 1'],
  [{ topP: 1.1 }, 'topP 1.1: want a number above 0 and at most 1'],
  [{ topP: Number.NaN }, 'topP NaN: want a number above 0 and at most 1'],
  [{ minP: -0.5 }, 'minP -0.5: want a number from 0 to 1'],
  [{ minP: 2 }, 'minP 2: want a number from 0 to 1'],
  [{ maxNewTokens: 0 }, 'maxNewTokens 0: want a whole number above 0'],
  [{ maxNewTokens: 1.5 }, 'maxNewTokens 1.5: want a whole number above 0'],
  [{ maxNewTokens: 124 }, '5 prompt tokens and 124 new ones are 129: the model has 128 positions'],
  [{ limits: [1, 2] }, 'limits: want one for each of 4 samples, got 2'],
  [{ limits: [1, 2, 3, 0] }, 'limit 0: want a whole number from 1 to maxNewTokens = 12'],
  [{ limits: [1, 2, 3, 13] }, 'limit 13: want a whole number from 1 to maxNewTokens = 12'],
  [{ limits: [1, 2, 3, 1.5] }, 'limit 1.5: want a whole number from 1 to maxNewTokens = 12'],
  [{ key: { seed: -1, step: 0, prompt: 0 } }, 'key.seed is -1: want a whole number from 0 to 4294967295'],
  [{ key: { seed: 0, step: 0.5, prompt: 0 } }, 'key.step is 0.5: want a whole number from 0 to 4294967295'],
  [{ key: { seed: 0, step: 0, prompt: 2 ** 32 } }, 'key.prompt is 4294967296: want a whole number from 0'],
];

describe('a request to sample', () => {
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

  it.each(CASES)('is refused by what is wrong with it: %j', async (change, message) => {
    await expect(sampleGroup(model, { ...request, ...change })).rejects.toMatchObject({
      code: 'MODEL_REQUEST',
      message: expect.stringContaining(message),
    });
  });

  it.each<Partial<SampleRequest>>([
    { promptIds: [22], maxNewTokens: 127, limits: [1, 1, 1, 127] },
    { temperatures: [1e-6, 100, 0, 1] },
    { topK: 1000, topP: 1, minP: 1 },
    { topK: 1, topP: 1e-30 },
    { maxNewTokens: 1 },
    { stopIds: Array.from({ length: 23 }, (_, id) => id) },
    { stopSequences: [new Array<number>(40).fill(1)] },
    { key: { seed: 2 ** 32 - 1, step: 2 ** 32 - 1, prompt: 2 ** 32 - 1 } },
  ])('is answered at the bounds of what is right: %j', async (change) => {
    const given = { ...request, ...change };

    const samples = await sampleGroup(model, given);

    expect(samples).toHaveLength(given.temperatures.length);
    for (const { ids, logprobs, modelLogprobs } of samples) {
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.length).toBeLessThanOrEqual(given.maxNewTokens);
      expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 23)).toBe(true);
      expect([logprobs.length, modelLogprobs.length]).toEqual([ids.length, ids.length]);
      expect([...logprobs, ...modelLogprobs].every((l) => Number.isFinite(l) && l <= 0)).toBe(true);
    }
  });
});
