import { join } from 'node:path';
import { compile, createLocalRunner, type TensorData } from '@residency/tensor';
import { expect, it } from 'vitest';
import {
  allCases,
  allPrograms,
  openCaseModel,
  type ProgramCase,
  samplerCase,
  scoredTokens,
} from '../../gpu/programs.js';
import { writeRandomModel } from '../../gpu/random-model.js';
import { isLittle } from '../../gpu/standin/traffic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const SHAPE = { P: 7, S: 5, G: 3 };

it('runs every program under its own name', async () => {
  await using folder = await temporaryFolder();
  await writeRandomModel(folder.path, { D: 16, L: 2, H: 4, KV: 2, dh: 4, F: 24, V: 40 });
  const { config } = await openCaseModel(folder.path, join(folder.path, 'cache'));

  const names = allCases(config, SHAPE).map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
  expect(names.toSorted()).toEqual([...allPrograms(config).keys()].sort());
});

it.each([1, 0])('scores what a sampler drew at temperature %d as the sampler did', async (temperature) => {
  await using folder = await temporaryFolder();
  await writeRandomModel(folder.path, { D: 16, L: 2, H: 4, KV: 2, dh: 4, F: 24, V: 40 });
  const model = await openCaseModel(folder.path, join(folder.path, 'cache'));
  const runner = createLocalRunner();
  const weights = await model.weights('f32');
  const run = async ({ program, sizes, inputs }: ProgramCase): Promise<Record<string, TensorData>> =>
    (await compile(program, { runner, threads: 1, weights })).run(sizes, inputs);
  try {
    const drawing = samplerCase(model.config, 'lora', SHAPE, { temperature, isFiltered: false });
    const drawn = await run(drawing);
    const columns = (name: string): number[][] => {
      const all = Array.from(drawn[name] ?? [], Number);
      const width = drawing.sizes['G'] ?? 1;
      return [0, 1, 2].map((g) => all.filter((_, i) => i % width === g));
    };

    const scoring = drawing.scoring(columns('ids'));
    const { logprobs } = await run(scoring);

    const said = columns('modelLogprobs').flat();
    expect(said).toHaveLength(SHAPE.S * SHAPE.G);
    scoredTokens(logprobs, scoring, SHAPE.S).forEach((score, i) => {
      expect(score).toBeCloseTo(said[i] ?? Number.NaN, 5);
    });
  } finally {
    await runner.close();
  }
});

it('tells a run whose prompt, or a layer of it, crosses the bus from one that stays on the device', () => {
  const sampler = {
    ...{ program: 'generate:lora', dtype: 'f32', adapterBytes: 80_000, indexBytes: 600, upCopies: 0 },
    ...{ feedBytes: 81_000, resultBytes: 1024, cacheBytes: 262_144, downCopies: 0 },
  };
  const learner = { ...sampler, program: 'train:lora', feedBytes: 110_000, resultBytes: 80_000 };

  expect(isLittle({ ...sampler, upBytes: 110_000, downBytes: 2600 })).toBe(true);
  expect(isLittle({ ...sampler, upBytes: 81_000 + 65_536, downBytes: 2600 })).toBe(false);
  expect(isLittle({ ...sampler, upBytes: 110_000, downBytes: 262_144 })).toBe(false);
  expect(isLittle({ ...learner, upBytes: 124_000, downBytes: 80_000 })).toBe(true);
  expect(isLittle({ ...learner, upBytes: 110_000 + 32_768, downBytes: 80_000 })).toBe(false);
  expect(isLittle({ ...learner, upBytes: 124_000, downBytes: 100_000 })).toBe(false);
});
