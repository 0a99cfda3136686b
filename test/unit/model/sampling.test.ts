import type { Sample, SampleRequest } from '@residency/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { referenceFile } from '../../support/reference-data.js';
import {
  distributionAfter,
  openTinyModels,
  request,
  scoresOf,
  TINY_MODELS,
  type TinyName,
} from '../../support/sampling-models.js';

const NAMES = Object.keys(TINY_MODELS) as TinyName[]; // the keys of the table
let tiny: Awaited<ReturnType<typeof openTinyModels>>;
beforeAll(async () => {
  tiny = await openTinyModels();
});
afterAll(() => tiny.close());
const modelOf = (name: TinyName): OpenModel => tiny.modelOf(name);

const temperature = fc.oneof(fc.constantFrom(0, 0.2, 1, 2), fc.double({ min: 0.2, max: 2, noNaN: true }));
const id = fc.integer({ min: 0, max: 22 });
/** Settings of one sample. */
const setting = fc.record({ temperature, limit: fc.integer({ min: 1, max: 20 }) });
const filters = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      topK: fc.integer({ min: 0, max: 30 }),
      topP: fc.constantFrom(1, 0.95, 0.5, 0.05),
      minP: fc.constantFrom(0, 0.02, 0.3),
    },
    { requiredKeys: [] },
  ),
);
/** What all samples of a request have in common; stops often enough that they finish one by one. */
const common = fc.record({
  promptIds: fc.array(id, { minLength: 1, maxLength: 20 }),
  stopIds: fc.uniqueArray(id, { maxLength: 3 }),
  stopSequences: fc.array(fc.array(id, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  key: fc.record({ seed: fc.nat(), step: fc.nat(1000), prompt: fc.nat(1000) }),
  filters,
});
type Setting = { readonly temperature: number; readonly limit: number };

const withSettings = (
  {
    filters: own,
    ...rest
  }: { filters: Partial<SampleRequest> } & Pick<SampleRequest, 'promptIds' | 'stopIds' | 'key'>,
  settings: readonly Setting[],
  maxNewTokens = 20,
): SampleRequest => ({
  adapter: null,
  ...rest,
  ...own,
  temperatures: settings.map((s) => s.temperature),
  limits: settings.map((s) => s.limit),
  maxNewTokens,
});

describe('a sample', () => {
  it.each(NAMES)('is the same whatever the batch around it: %s', async (name) => {
    const model = modelOf(name);
    const others = fc.record({
      settings: fc.array(setting, { minLength: 1, maxLength: 8 }),
      extra: fc.nat(10),
    });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        common,
        fc.array(setting, { minLength: 8, maxLength: 8 }),
        fc.array(others, { minLength: 3, maxLength: 3 }),
        async (shared, settings, batches) => {
          const all = await sampleGroup(model, withSettings(shared, settings));

          for (const [k, batch] of batches.entries()) {
            // The last samples of the batch are those of the first request, the ones before it are others.
            const kept = k === 0 ? 0 : batch.settings.length - 1;
            const changed = batch.settings.map((s, i) => (i === kept ? (settings[i] ?? s) : s));
            const again = await sampleGroup(model, withSettings(shared, changed, 20 + batch.extra));
            expect(again[kept], `sample ${kept} of ${changed.length}`).toEqual(all[kept]);
            compared++;
          }
        },
      ),
      { numRuns: 40, seed: 11 },
    );
    expect(compared).toBe(120);
  });

  it('is a beginning of the same sample without stops and limits', async () => {
    const model = modelOf('qwen2');
    let [stopped, full] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        common,
        fc.array(setting, { minLength: 1, maxLength: 6 }),
        fc.nat(30),
        async (shared, settings, cut) => {
          const unlimited = settings.map((s) => ({ ...s, limit: 20 }));
          const whole = await sampleGroup(
            model,
            withSettings({ ...shared, stopIds: [], stopSequences: [] } as typeof shared, unlimited),
          );
          // Sequences that do occur, one within another, and one that only the prompt and the sample make together.
          const ids = whole.flatMap((s) => s.ids);
          const start = ids.length === 0 ? 0 : cut % ids.length;
          const stopSequences = [
            ...shared.stopSequences,
            ids.slice(start, start + 3),
            ids.slice(start + 1, start + 3),
            [shared.promptIds.at(-1) ?? 0, whole[0]?.ids[0] ?? 0],
          ].filter((s) => s.length > 0);

          const given = withSettings({ ...shared, stopSequences } as typeof shared, settings);
          const samples = await sampleGroup(model, given);

          const stops = [...shared.stopIds.map((stop) => [stop]), ...stopSequences];
          samples.forEach((sample, g) => {
            const source = whole[g];
            if (!source) throw new Error('no sample');
            const end = firstEnd(source.ids, stops);
            const limit = settings[g]?.limit ?? 0;
            const length = Math.min(end ?? limit, limit);
            expect(sample).toEqual({
              ids: source.ids.slice(0, length),
              logprobs: source.logprobs.slice(0, length),
              modelLogprobs: source.modelLogprobs.slice(0, length),
              stopReason: end !== null && end <= limit ? 'stop' : 'length',
            });
            if (sample.stopReason === 'stop') stopped++;
            else full++;
          });
        },
      ),
      { numRuns: 40, seed: 12 },
    );
    expect(Math.min(stopped, full)).toBeGreaterThan(20);
  });

  /** Tokens up to the end of the first stop; null where there is none. */
  function firstEnd(ids: readonly number[], stops: readonly (readonly number[])[]): number | null {
    for (let end = 1; end <= ids.length; end++) {
      if (
        stops.some((stop) => stop.length <= end && stop.join() === ids.slice(end - stop.length, end).join())
      )
        return end;
    }
    return null;
  }

  it.each(NAMES)('has the log-probabilities that the score program gives its tokens: %s', async (name) => {
    const model = modelOf(name);
    const samples = await sampleGroup(model, {
      ...request,
      temperatures: [1, 1, 1, 0, 0.3, 1.7],
      stopIds: [2],
    });

    const scores = await scoresOf(
      model,
      request.promptIds,
      samples.map((s) => s.ids),
    );

    samples.forEach((sample, g) => {
      expect(sample.ids.length).toBe(sample.modelLogprobs.length);
      sample.modelLogprobs.forEach((l, i) => {
        expect(Math.abs(l - (scores[g]?.[i] ?? Number.NaN))).toBeLessThan(1e-4);
      });
      // What was drawn at temperature 1, or taken, has the model's own log-probability.
      if (g < 4)
        sample.logprobs.forEach((l, i) => {
          expect(Math.abs(l - (sample.modelLogprobs[i] ?? Number.NaN))).toBeLessThan(1e-5);
        });
    });
  });

  it('takes the most likely token at temperature 0, with filters and without', async () => {
    const model = modelOf('llama, 4 key heads');
    const [plain, filtered] = [
      await sampleGroup(model, { ...request, temperatures: [0, 1] }),
      await sampleGroup(model, { ...request, temperatures: [0, 1], topP: 0.3, topK: 5 }),
    ];

    const ids = plain[0]?.ids ?? [];
    expect(ids).toHaveLength(12);
    for (const place of ids.keys()) {
      const logprobs = await distributionAfter(model, [...request.promptIds, ...ids.slice(0, place)]);
      expect(logprobs[ids[place] ?? -1]).toBe(Math.max(...logprobs));
    }
    expect(filtered[0]).toEqual(plain[0]);
  });
});

const stories = referenceFile('models', 'stories260K');
describe.runIf(stories !== null)('stories260K', () => {
  let model: OpenModel;
  beforeAll(async () => {
    model = await openModel({ modelDir: stories ?? '', threads: 1 });
  });
  afterAll(() => model.close());
  const given: SampleRequest = {
    ...request,
    promptIds: [1, 403, 407, 261, 378],
    temperatures: [1, 0, 0.7, 1.2, 0.2, 2, 1, 0.9],
    maxNewTokens: 40,
    limits: [40, 40, 35, 40, 9, 40, 1, 40],
    // Full stops and spaces: samples end here and there.
    stopIds: [2, 431, 13],
  };

  it.each([{}, { topK: 40, topP: 0.95 }, { minP: 0.05 }])('samples alike in any batch: %j', async (own) => {
    const all = await sampleGroup(model, { ...given, ...own });

    expect(new Set(all.map((s) => s.ids.length)).size).toBeGreaterThan(3);
    for (const count of [1, 2, 3, 5, 6, 7]) {
      const change = (values: readonly number[], other: number): number[] =>
        values.slice(0, count).map((v, i) => (i === count - 1 ? v : other));
      const again: readonly Sample[] = await sampleGroup(model, {
        ...given,
        ...own,
        temperatures: change(given.temperatures, 1.5),
        limits: change(given.limits ?? [], 4 + count),
      });
      expect(again[count - 1]).toEqual(all[count - 1]);
    }
  });

  it('has the log-probabilities that the score program gives', async () => {
    const samples = await sampleGroup(model, given);
    const scores = await scoresOf(
      model,
      given.promptIds,
      samples.map((s) => s.ids),
    );
    samples.forEach((sample, g) => {
      sample.modelLogprobs.forEach((l, i) => {
        expect(Math.abs(l - (scores[g]?.[i] ?? Number.NaN))).toBeLessThan(1e-4);
      });
    });
  });
});
