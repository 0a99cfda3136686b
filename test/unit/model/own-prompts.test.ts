import type { SampleRequest } from '@residency/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { openTinyModels, TINY_MODELS, type TinyName } from '../../support/sampling-models.js';

const NAMES = Object.keys(TINY_MODELS) as TinyName[]; // the keys of the table
let tiny: Awaited<ReturnType<typeof openTinyModels>>;
beforeAll(async () => {
  tiny = await openTinyModels();
});
afterAll(() => tiny.close());

const id = fc.integer({ min: 0, max: 22 });
const prompt = fc.array(id, { minLength: 1, maxLength: 20 });
/** A few prompts, and which of them each of several samples has. */
const batch = fc.record({
  prompts: fc.array(prompt, { minLength: 1, maxLength: 4 }),
  owners: fc.array(fc.nat(3), { minLength: 2, maxLength: 9 }),
  stopIds: fc.uniqueArray(id, { maxLength: 4 }),
  temperature: fc.constantFrom(0, 0.7, 1),
  filters: fc.constantFrom({}, { topP: 0.9 }, { topK: 5 }),
});

describe('samples with prompts of their own', () => {
  it.each(NAMES)('are those of each prompt alone: %s', async (name) => {
    const model = tiny.modelOf(name);
    let [tokens, near] = [0, 0];
    await fc.assert(
      fc.asyncProperty(batch, async ({ prompts, owners, stopIds, temperature, filters }) => {
        const own = owners.map((owner) => prompts[owner % prompts.length] ?? []);
        const common: Omit<SampleRequest, 'promptIds' | 'temperatures'> = {
          adapter: null,
          maxNewTokens: 12,
          stopIds,
          ...filters,
          key: { seed: 5, step: 2, prompt: 1 },
        };
        const numbers = own.map((_, at) => 100 + at);
        const together = await sampleGroup(model, {
          ...common,
          promptIds: [],
          ownPrompts: own,
          temperatures: own.map(() => temperature),
          sampleNumbers: numbers,
        });
        for (const [at, promptIds] of own.entries()) {
          const [alone] = await sampleGroup(model, {
            ...common,
            promptIds,
            temperatures: [temperature],
            sampleNumbers: [100 + at],
          });
          const found = together[at];
          tokens += alone?.ids.length ?? 0;
          // Draws that lie on an edge between two tokens may fall to either side.
          if (found?.ids.join() !== alone?.ids.join()) continue;
          near += alone?.ids.length ?? 0;
          expect(found?.stopReason).toBe(alone?.stopReason);
          for (const [place, logprob] of (alone?.logprobs ?? []).entries())
            expect(Math.abs(logprob - (found?.logprobs[place] ?? 0))).toBeLessThan(2e-5);
        }
      }),
      { numRuns: 12, seed: 11 },
    );
    expect(near / tokens).toBeGreaterThan(0.98);
  });

  it('are the same bits when they are asked for again', async () => {
    const model = tiny.modelOf(NAMES[0] ?? 'qwen2');
    const request: SampleRequest = {
      adapter: null,
      promptIds: [],
      ownPrompts: [[1, 2, 3], [4], [1, 2, 3]],
      temperatures: [1, 1, 1],
      maxNewTokens: 8,
      stopIds: [],
      key: { seed: 1, step: 0, prompt: 0 },
    };

    expect(await sampleGroup(model, request)).toEqual(await sampleGroup(model, request));
  });

  it.each([
    [{ ownPrompts: [[1]] }, /ownPrompts: want one for each of 2 samples, got 1/],
    [{ ownPrompts: [[1], []] }, /ownPrompts: want at least one token in each/],
    [{ ownPrompts: [[1], [2]], promptIds: [3] }, /promptIds: want none where samples have prompts/],
    [{ ownPrompts: [[1], [99]] }, /token id 99/],
    [{ promptIds: [1], sampleNumbers: [1] }, /sampleNumbers: want one for each of 2 samples, got 1/],
    [{ promptIds: [1], sampleNumbers: [1, 1] }, /sampleNumbers: want each number once/],
    [{ promptIds: [1], sampleNumbers: [1, -1] }, /sampleNumbers has -1/],
  ])('are refused where they make no sense: %j', async (wrong, message) => {
    const request: SampleRequest = {
      adapter: null,
      promptIds: [],
      temperatures: [1, 1],
      maxNewTokens: 4,
      stopIds: [],
      key: { seed: 1, step: 0, prompt: 0 },
      ...wrong,
    };

    await expect(sampleGroup(tiny.modelOf(NAMES[0] ?? 'qwen2'), request)).rejects.toThrow(message);
  });
});
