import { uniform } from '@residency/algorithms';
import type { SampleRequest } from '@residency/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { generateFeeds, sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { generateProgram } from '../../../packages/model/src/programs/generate.js';
import { distributionAfter, request } from '../../support/sampling-models.js';
import { writeTinyModel } from '../../support/tiny-model.js';

/** Everything that the generate program gives for a request, with uniforms of our own. */
async function raw(
  model: OpenModel,
  given: SampleRequest,
  uniforms?: (token: number, sample: number) => number,
) {
  const isFiltered = given.topP !== undefined || given.topK !== undefined || given.minP !== undefined;
  const session = await model.session(isFiltered ? 'generate:filtered' : 'generate', { kind: 'none' }, () =>
    generateProgram(model.config, { kind: 'none' }, { isFiltered }),
  );
  const { sizes, feeds } = generateFeeds(given, model.config);
  const own = uniforms
    ? {
        uniforms: Float32Array.from({ length: sizes.M * sizes.G }, (_, i) =>
          uniforms(Math.floor(i / sizes.G), i % sizes.G),
        ),
      }
    : {};
  const out = await session.run(sizes, { ...feeds, ...own });
  const rows = (name: string): number[][] => {
    const all = Array.from(out[name] ?? [], Number);
    return Array.from({ length: sizes.G }, (_, g) => all.filter((__, i) => i % sizes.G === g));
  };
  return { ids: rows('ids'), logprobs: rows('logprobs'), modelLogprobs: rows('modelLogprobs') };
}

describe('the generate program', () => {
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

  it.each([{}, { topK: 9, topP: 0.9 }])('gives zeros behind the end of a sample: %j', async (own) => {
    const given = {
      ...request,
      ...own,
      temperatures: new Array<number>(9).fill(1.3),
      stopIds: [1, 2, 3, 4, 5],
      limits: [1, 2, 3, 4, 5, 6, 7, 8, 12],
    };
    const samples = await sampleGroup(model, given);

    const out = await raw(model, given);

    expect(new Set(samples.map((s) => s.ids.length)).size).toBeGreaterThan(3);
    samples.forEach((sample, g) => {
      for (const name of ['ids', 'logprobs', 'modelLogprobs'] as const) {
        const column = out[name][g] ?? [];
        expect(column.slice(0, sample.ids.length)).toEqual(sample[name]);
        expect(column.slice(sample.ids.length).every((v) => v === 0)).toBe(true);
      }
    });
  });

  it('draws the first token that can be at a uniform of 0, and the last one just below 1', async () => {
    const below = 1 - 2 ** -24;
    const given = { ...request, temperatures: [1, 1], maxNewTokens: 4 };
    const [plain, filtered] = [
      await raw(model, given, (_, sample) => (sample === 0 ? 0 : below)),
      await raw(model, { ...given, topK: 6, topP: 0.9 }, (_, sample) => (sample === 0 ? 0 : below)),
    ];

    expect(plain.ids[0]).toEqual([0, 0, 0, 0]);
    expect(plain.ids[1]).toEqual([22, 22, 22, 22]);
    for (const place of [0, 1, 2, 3]) {
      const next = async (sample: number): Promise<number[]> =>
        distributionAfter(model, [...request.promptIds, ...(filtered.ids[sample] ?? []).slice(0, place)]);
      const [first, last] = [await next(0), await next(1)];
      expect(first[filtered.ids[0]?.[place] ?? -1]).toBe(Math.max(...first));
      // The least likely of those that hold nine tenths of the six most likely.
      const six = [...last]
        .map(Math.exp)
        .sort((a, b) => b - a)
        .slice(0, 6);
      const total = six.reduce((a, b) => a + b, 0);
      let [count, share] = [0, 0];
      while (share < 0.9 && count < 6) share += (six[count++] ?? 0) / total;
      const drawn = Math.exp(last[filtered.ids[1]?.[place] ?? -1] ?? Number.NaN);
      expect(drawn).toBeCloseTo(six[count - 1] ?? Number.NaN, 6);
    }
    expect([plain, filtered].flatMap((r) => r.logprobs.flat()).every(Number.isFinite)).toBe(true);
  });

  it('draws by uniforms that are named by seed, step, prompt, sample and token', async () => {
    const given = { ...request, temperatures: [1, 0.5, 1.5] };
    const { seed, step, prompt } = request.key;

    const own = await raw(model, given, (token, sample) => uniform([seed, step, prompt, sample, token]));

    expect(own).toEqual(await raw(model, given));
  });
});
