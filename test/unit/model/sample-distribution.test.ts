import { uniform } from '@residency/algorithms';
import type { Sample, SampleRequest } from '@residency/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { referenceFile } from '../../support/reference-data.js';
import { type Distribution, type DrawRule, filteredDistribution } from '../../support/reference-draw.js';
import {
  distributionAfter,
  openTinyModels,
  request,
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

const hasFilters = ({ topK = 0, topP = 1, minP = 0 }: DrawRule): boolean => topK > 0 || topP < 1 || minP > 0;

/** The id that inverse CDF draws at u, and how far u is from drawing another one. */
function drawn({ p }: Distribution, rule: DrawRule, u: number): { id: number; margin: number } {
  const ids = [...p.keys()];
  // Filtered candidates stand in falling order of probability, others in the order of their ids.
  if (hasFilters(rule)) ids.sort((a, b) => (p[b] ?? 0) - (p[a] ?? 0) || a - b);
  let sum = 0;
  for (const id of ids) {
    const before = sum;
    sum += p[id] ?? 0;
    if (sum > u) return { id, margin: Math.min(u - before, sum - u) };
  }
  return { id: ids.at(-1) ?? -1, margin: 0 };
}

interface Checked {
  tokens: number;
  /** Tokens whose recorded log-probability was compared, and tokens that had to be a certain one. */
  compared: number;
  decided: number;
  worst: number;
}

/** Holds every token of some samples against the distribution that the scores give. */
async function check(
  model: OpenModel,
  given: SampleRequest,
  samples: readonly Sample[],
  checked: Checked,
): Promise<void> {
  const { seed, step, prompt } = given.key;
  for (const [g, sample] of samples.entries()) {
    const temperature = given.temperatures[g] ?? 0;
    const rule = { ...given, temperature };
    for (const [place, id] of sample.ids.entries()) {
      const logprobs = await distributionAfter(model, [...given.promptIds, ...sample.ids.slice(0, place)]);
      const distribution = filteredDistribution(logprobs, rule);
      const { p, doubtful } = distribution;
      checked.tokens++;
      const isAllowed = (p[id] ?? 0) > 0 || doubtful.has(id);
      expect(isAllowed, `token ${place} of sample ${g}: ${id} of ${JSON.stringify(rule)}`).toBe(true);
      expect(Math.abs((sample.modelLogprobs[place] ?? Number.NaN) - (logprobs[id] ?? 0))).toBeLessThan(1e-5);
      if (doubtful.size > 0) continue;
      const error = Math.abs((sample.logprobs[place] ?? Number.NaN) - Math.log(p[id] ?? Number.NaN));
      checked.compared++;
      checked.worst = Math.max(checked.worst, error);
      // Errors of logits are divided by the temperature.
      expect(error).toBeLessThan(1e-5 * Math.max(1, 1 / temperature));
      const { id: wanted, margin } = drawn(distribution, rule, uniform([seed, step, prompt, g, place]));
      if (margin < 1e-5) continue;
      checked.decided++;
      expect(id, `token ${place} of sample ${g} of ${JSON.stringify(rule)}`).toBe(wanted);
    }
  }
}

const rules = fc.record(
  {
    topK: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(1, 22, 23, 24)),
    topP: fc.oneof(fc.constantFrom(1, 0.9, 0.5, 1e-6), fc.double({ min: 0.01, max: 1, noNaN: true })),
    minP: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 0.5, noNaN: true })),
  },
  { requiredKeys: [] },
);

describe('the distribution that tokens are drawn from', () => {
  it.each(NAMES)('is what temperature, top-k, top-p and min-p define: %s', async (name) => {
    const model = modelOf(name);
    const checked: Checked = { tokens: 0, compared: 0, decided: 0, worst: 0 };
    await fc.assert(
      fc.asyncProperty(
        rules,
        fc.array(fc.double({ min: 0.2, max: 2, noNaN: true }), { minLength: 1, maxLength: 3 }),
        fc.nat(),
        async (rule, temperatures, seed) => {
          const given = { ...request, ...rule, temperatures, maxNewTokens: 4, key: { ...request.key, seed } };
          await check(model, given, await sampleGroup(model, given), checked);
        },
      ),
      { numRuns: 40, seed: 21 },
    );
    expect(checked.decided).toBeGreaterThan(0.95 * checked.tokens);
    process.stderr.write(
      `sampling, ${name}: ${checked.tokens} tokens, largest error of a log-probability ${checked.worst.toExponential(1)}\n`,
    );
  });

  const RULES: readonly DrawRule[] = [
    { temperature: 1 },
    { temperature: 0.5 },
    { temperature: 2, topP: 0.8 },
    { temperature: 1.3, topK: 7 },
    { temperature: 1, minP: 0.05 },
    { temperature: 1.5, topK: 15, topP: 0.9, minP: 0.02 },
  ];
  it.each(RULES)('is met by the counts of many samples: %j', async ({ temperature, ...rule }) => {
    const model = modelOf('qwen2');
    const samples: Sample[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const temperatures = new Array<number>(500).fill(temperature);
      const key = { seed, step: 0, prompt: 9 };
      samples.push(
        ...(await sampleGroup(model, { ...request, ...rule, temperatures, key, maxNewTokens: 2 })),
      );
    }
    const first = filteredDistribution(await distributionAfter(model, request.promptIds), {
      temperature,
      ...rule,
    });
    expectCounts(
      samples.map((s) => s.ids[0] ?? -1),
      first.p,
    );
    // The second token of those that began with the most likely one.
    const top = first.p.indexOf(Math.max(...first.p));
    const second = filteredDistribution(await distributionAfter(model, [...request.promptIds, top]), {
      temperature,
      ...rule,
    });
    expectCounts(
      samples.filter((s) => s.ids[0] === top).map((s) => s.ids[1] ?? -1),
      second.p,
    );
  });

  /** Pearson's chi-square against the 0.999 quantile; ids that are expected less than five times count as one. */
  function expectCounts(ids: readonly number[], p: readonly number[]): void {
    expect(ids.length).toBeGreaterThan(200);
    const counts = p.map((_, id) => ids.filter((v) => v === id).length);
    const cells: { observed: number; expected: number }[] = [];
    const rare = { observed: 0, expected: 0 };
    p.forEach((probability, id) => {
      const [observed, expected] = [counts[id] ?? 0, probability * ids.length];
      if (probability === 0) expect(observed, `id ${id} is left out`).toBe(0);
      if (expected >= 5) cells.push({ observed, expected });
      else {
        rare.observed += observed;
        rare.expected += expected;
      }
    });
    if (rare.expected >= 5) cells.push(rare);
    const statistic = cells.reduce((sum, c) => sum + (c.observed - c.expected) ** 2 / c.expected, 0);
    const degrees = cells.length - 1;
    expect(degrees).toBeGreaterThan(1);
    expect(statistic).toBeLessThan(chiSquareQuantile(degrees));
    // Counts that fit too well would be no samples either.
    expect(statistic).toBeGreaterThan(0);
  }

  /** The 0.999 quantile by the approximation of Wilson and Hilferty (1931). */
  const chiSquareQuantile = (degrees: number): number =>
    degrees * (1 - 2 / (9 * degrees) + 3.09 * Math.sqrt(2 / (9 * degrees))) ** 3;
});

const stories = referenceFile('models', 'stories260K');
describe.runIf(stories !== null)('the distribution of stories260K', () => {
  let model: OpenModel;
  beforeAll(async () => {
    model = await openModel({ modelDir: stories ?? '', threads: 1 });
  });
  afterAll(() => model.close());

  it.each<Partial<SampleRequest>>([{}, { topP: 0.9 }, { topK: 100, topP: 0.95, minP: 0.01 }])(
    'is what temperature and filters define: %j',
    async (rule) => {
      const checked: Checked = { tokens: 0, compared: 0, decided: 0, worst: 0 };
      const given = {
        ...request,
        ...rule,
        promptIds: [1, 403, 407, 261, 378],
        temperatures: [1, 1.4],
        maxNewTokens: 8,
      };

      await check(model, given, await sampleGroup(model, given), checked);

      expect(checked.tokens).toBe(16);
      expect(checked.decided).toBeGreaterThan(13);
    },
  );
});
