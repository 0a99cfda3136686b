import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, createLocalRunner } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../packages/model/src/config.js';
import { generateFeeds } from '../../../packages/model/src/engine/sample.js';
import { generateProgram } from '../../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../../packages/model/src/programs/score.js';
import { openWeights } from '../../../packages/model/src/weights.js';
import { largestDifference } from '../../support/numbers.js';
import { referenceFile } from '../../support/reference-data.js';
import { scoreGroup } from '../../support/run-model.js';

interface Expected {
  greedy: { promptIds: number[]; generatedIds: number[]; logprobs: number[] };
  sequence: { ids: number[]; logprobs: number[] };
  continuations: { promptIds: number[]; items: { ids: number[]; logprobs: number[] }[] };
}

const dir = referenceFile('models', 'stories260K');
const runner = createLocalRunner();
afterAll(() => runner.close());

describe.runIf(dir !== null)('stories260K, a real Llama', () => {
  const modelDir = dir ?? '';
  const expected = (): Expected =>
    JSON.parse(readFileSync(join(modelDir, 'expected.json'), 'utf8')) as Expected;

  async function scores(
    prefix: readonly number[],
    suffixes: readonly (readonly number[])[],
  ): Promise<number[][]> {
    const config = await readConfig(modelDir);
    const weights = await openWeights(modelDir, config);
    const session = await compile(scoreProgram(config, { kind: 'none' }), {
      runner,
      threads: 1,
      weights: weights.files,
    });
    const scored = await scoreGroup(session, config, prefix, suffixes);
    await session.close();
    return scored;
  }

  it('scores a sequence as transformers does', async () => {
    const { ids, logprobs } = expected().sequence;
    const [actual = []] = await scores(ids.slice(0, 1), [ids.slice(1)]);
    expect(largestDifference(actual, logprobs)).toBeLessThan(1e-4);
  });

  it('scores four ragged continuations of one shared prompt', async () => {
    const { promptIds, items: continuations } = expected().continuations;
    const actual = await scores(
      promptIds,
      continuations.map((c) => c.ids),
    );
    continuations.forEach((c, g) => {
      expect(largestDifference(actual[g] ?? [], c.logprobs)).toBeLessThan(1e-4);
    });
  });

  it('generates the greedy ids with their log-probabilities', async () => {
    const { promptIds, generatedIds, logprobs } = expected().greedy;
    const config = await readConfig(modelDir);
    const weights = await openWeights(modelDir, config);
    const session = await compile(generateProgram(config, { kind: 'none' }, { isFiltered: false }), {
      runner,
      threads: 1,
      weights: weights.files,
    });
    const M = generatedIds.length;
    const { sizes, feeds } = generateFeeds(
      {
        adapter: null,
        promptIds,
        temperatures: [0, 0],
        maxNewTokens: M,
        stopIds: [2],
        key: { seed: 1, step: 0, prompt: 0 },
      },
      config,
    );
    const out = await session.run(sizes, feeds);
    await session.close();
    const column = (values: ArrayLike<number | bigint>, g: number): number[] =>
      Array.from(values, Number).filter((_, i) => i % sizes.G === g);
    expect(column(out['ids'] ?? [], 0)).toEqual(generatedIds);
    expect(column(out['ids'] ?? [], 1)).toEqual(generatedIds);
    expect(largestDifference(column(out['logprobs'] ?? [], 0), logprobs)).toBeLessThan(1e-4);
  });
});
