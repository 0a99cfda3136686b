import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, createLocalRunner } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../packages/model/src/config.js';
import { generateProgram } from '../../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../../packages/model/src/programs/score.js';
import { openWeights } from '../../../packages/model/src/weights.js';
import { largestDifference } from '../../support/numbers.js';
import { referenceFile } from '../../support/reference-data.js';

interface Expected {
  greedy: { promptIds: number[]; generatedIds: number[]; logprobs: number[] };
  sequence: { ids: number[]; logprobs: number[] };
  continuations: { promptIds: number[]; items: { ids: number[]; logprobs: number[] }[] };
}

const dir = referenceFile('models', 'stories260K');
const runner = createLocalRunner();
afterAll(() => runner.close());
const big = (ids: readonly number[]): BigInt64Array => BigInt64Array.from(ids, BigInt);

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
    const S = Math.max(...suffixes.map((s) => s.length));
    const padded = suffixes.flatMap((s) => [...s, ...new Array<number>(S - s.length).fill(0)]);
    const out = await session.run(
      { P: prefix.length, S, G: suffixes.length },
      { ids: big([...prefix, ...padded]), inverseTemperature: Float32Array.of(1) },
    );
    await session.close();
    const all = Array.from(out['logprobs'] ?? [], Number);
    return suffixes.map((s, g) => all.slice(g * S, g * S + s.length));
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
    const session = await compile(generateProgram(config, { kind: 'none' }), {
      runner,
      threads: 1,
      weights: weights.files,
    });
    const M = generatedIds.length;
    const out = await session.run(
      { P: promptIds.length, G: 2, M, K: 1 },
      {
        promptIds: big(promptIds),
        uniforms: new Float32Array(2 * M).fill(0.5),
        inverseTemperatures: Float32Array.of(1, 1),
        isGreedy: Float32Array.of(1, 1),
        stopIds: big([2]),
        maxNewTokens: big([M]),
      },
    );
    await session.close();
    const column = (values: ArrayLike<number | bigint>, g: number): number[] =>
      Array.from(values, Number).filter((_, i) => i % 2 === g);
    expect(column(out['ids'] ?? [], 0)).toEqual(generatedIds);
    expect(column(out['ids'] ?? [], 1)).toEqual(generatedIds);
    expect(largestDifference(column(out['logprobs'] ?? [], 0), logprobs)).toBeLessThan(1e-4);
  });
});
