import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Adapter,
  encodeAdapter,
  exportMerged,
  exportPeft,
  initAdapter,
  parseLoraAdapter,
  readConfig,
  type WeightDType,
} from '@residency/model';
import { compile, createLocalRunner } from '@residency/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterInputs, trainableOf } from '../../../../packages/model/src/adapter.js';
import { scoreProgram } from '../../../../packages/model/src/programs/score.js';
import { openWeights } from '../../../../packages/model/src/weights.js';
import { largestDifference, randomNumbers } from '../../../support/numbers.js';
import { findPython, runPython } from '../../../support/python.js';
import { scoreGroup } from '../../../support/run-model.js';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.js';
import { configOf, TINY_LLAMA, TINY_QWEN2, writeTinyModel } from '../../../support/tiny-model.js';

const SEQUENCES = [
  [3, 1, 4, 1, 5, 9, 2, 6],
  [3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4],
  [3, 7],
];
const CASES = [
  { title: 'qwen2', json: { ...TINY_QWEN2, use_sliding_window: false }, rank: 3, alpha: 6 },
  { title: 'llama', json: TINY_LLAMA, rank: 2, alpha: 3 },
] as const;
const DTYPES: readonly WeightDType[] = ['F32', 'F16', 'BF16'];

interface Answer {
  readonly base: readonly number[][];
  readonly peft: readonly number[][];
  readonly merged: readonly number[][];
  readonly mergedBf16: readonly number[][];
  readonly isTied: boolean;
  readonly isRoundedF16: boolean;
  readonly isRoundedBf16: boolean;
  readonly largestWeightDifference: number;
}

/** An adapter that is trained, so to speak: A and B are random, and change every projection. */
function randomAdapter(json: Readonly<Record<string, unknown>>, rank: number, alpha: number): Adapter {
  const { tensors, ...scale } = initAdapter(configOf(json), { seed: 1, rank, alpha });
  return {
    ...scale,
    tensors: tensors.map(({ name, shape, data }, k) => ({
      name,
      shape,
      data: Float32Array.from(randomNumbers(data.length, 50 + k), (v) => v / 2),
    })),
  };
}

/** Log-probabilities of sequences after their first token, by our own score program. */
async function scores(dir: string, adapter: Adapter | null): Promise<number[][]> {
  const config = await readConfig(dir);
  const runner = createLocalRunner();
  try {
    const { files: weights } = await openWeights(dir, config);
    const program = scoreProgram(config, trainableOf(adapter));
    const session = await compile(program, { runner, threads: 1, weights });
    const rows = SEQUENCES.map((ids) => ids.slice(1));
    return await scoreGroup(session, config, [SEQUENCES[0]?.[0] ?? 0], rows, adapterInputs(adapter));
  } finally {
    await runner.close();
  }
}

const python = findPython(['torch', 'transformers', 'peft']);

describe.runIf(python !== null)('exported models (with torch, transformers and peft; else left out)', () => {
  let folder: TemporaryFolder;
  const cleanUps: (() => Promise<void>)[] = [];
  const models: { readonly dir: string; readonly adapter: Adapter; readonly merged: string }[] = [];
  let answers: readonly Answer[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    const requests = [];
    for (const { title, json, rank, alpha } of CASES) {
      const { dir: base, remove } = await writeTinyModel(json);
      cleanUps.push(remove);
      const out = join(folder.path, title);
      await mkdir(out);
      const adapter = randomAdapter(json, rank, alpha);
      const lora = parseLoraAdapter(encodeAdapter(adapter), 'adapter');
      await exportPeft({ adapter: lora, baseModel: base, outDir: join(out, 'adapter') });
      for (const dtype of DTYPES) {
        const maxShardBytes = dtype === 'F16' ? 2_000 : 5e9;
        await exportMerged({ baseDir: base, adapter: lora, outDir: join(out, dtype), dtype, maxShardBytes });
      }
      models.push({ dir: base, adapter, merged: join(out, 'F32') });
      const merged = Object.fromEntries(DTYPES.map((dtype) => [dtype, join(out, dtype)]));
      requests.push({ base, adapter: join(out, 'adapter'), merged, sequences: SEQUENCES });
    }
    const script = readFileSync(
      new URL('../../../support/python/exported-logprobs.py', import.meta.url),
      'utf8',
    );
    answers = (await runPython(script, requests)) as readonly Answer[]; // what the script prints
  });
  afterAll(async () => {
    for (const remove of cleanUps) await remove();
    await folder[Symbol.asyncDispose]();
  });

  describe.each(CASES.map(({ title }, index) => ({ title, index })))('$title', ({ title, index }) => {
    const of = (): { answer: Answer; model: (typeof models)[number] } => {
      const [answer, model] = [answers[index], models[index]];
      if (!answer || !model) throw new Error('no answer');
      return { answer, model };
    };

    it('scores with the adapter as peft does, and merged as transformers does', async () => {
      const { answer, model } = of();
      const ours = (await scores(model.dir, model.adapter)).flat();
      const oursMerged = (await scores(model.merged, null)).flat();
      const differences = {
        peft: largestDifference(answer.peft.flat(), ours),
        merged: largestDifference(answer.merged.flat(), ours),
        ownMerged: largestDifference(oursMerged, ours),
        base: largestDifference(answer.base.flat(), (await scores(model.dir, null)).flat()),
        bf16: largestDifference(answer.mergedBf16.flat(), ours),
        weights: answer.largestWeightDifference,
      };
      process.stderr.write(`${title}: ${JSON.stringify(differences)}\n`);

      expect(ours).toHaveLength(18);
      expect(differences.peft).toBeLessThan(1e-4);
      expect(differences.merged).toBeLessThan(1e-4);
      expect(differences.ownMerged).toBeLessThan(1e-4);
      expect(differences.base).toBeLessThan(1e-4);
      expect(differences.weights).toBeLessThan(1e-6);
      expect(differences.bf16).toBeLessThan(0.1);
      // The adapter changes what the model says.
      expect(largestDifference(answer.base.flat(), ours)).toBeGreaterThan(0.1);
    });

    it('rounds 16-bit weights as torch does, ties embeddings and loads from shards', async () => {
      const { answer, model } = of();
      const sharded = join(folder.path, title, 'F16');
      const shardIndex = await readFile(join(sharded, 'model.safetensors.index.json'), 'utf8');
      const ours = (await scores(model.dir, model.adapter)).flat();

      expect(answer).toMatchObject({ isRoundedF16: true, isRoundedBf16: true });
      expect(answer.isTied).toBe(configOf(CASES[index]?.json ?? {}).isTied);
      expect(new Set(Object.values(JSON.parse(shardIndex).weight_map)).size).toBeGreaterThan(1);
      expect(largestDifference((await scores(sharded, null)).flat(), ours)).toBeLessThan(0.01);
    });
  });
});
