import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NamedTensor, writeSafetensors } from '@residency/model';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../packages/model/src/engine/model.js';
import { sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { request } from '../../support/sampling-models.js';
import { configOf, randomWeights, TINY_LLAMA, writeTinyModel } from '../../support/tiny-model.js';

describe('a model that is not sound', () => {
  const config = configOf(TINY_LLAMA);
  const sound = randomWeights(config);
  const broken = (name: string, change: (data: Float32Array) => void): NamedTensor[] =>
    sound.map((t) => {
      if (t.name !== name) return t;
      const data = Float32Array.from(t.data);
      change(data);
      return { ...t, data };
    });
  const CASES: readonly [string, NamedTensor[]][] = [
    ['NaN in a layer', broken('model.layers.0.mlp.up_proj.weight', (d) => d.fill(Number.NaN))],
    ['one NaN in a layer', broken('model.layers.1.self_attn.v_proj.weight', (d) => d.fill(Number.NaN, 5, 6))],
    ['infinity in a norm', broken('model.norm.weight', (d) => d.fill(Number.POSITIVE_INFINITY, 2, 3))],
    ['NaN in the head of one token', broken('lm_head.weight', (d) => d.fill(Number.NaN, 8 * 20, 8 * 20 + 1))],
    ['NaN in the head of the last token', broken('lm_head.weight', (d) => d.fill(Number.NaN, 8 * 22))],
    [
      'infinity in the head of one token',
      broken('lm_head.weight', (d) => d.fill(Number.NEGATIVE_INFINITY, 8 * 11, 8 * 12)),
    ],
  ];

  it.each(CASES)('says so: %s', async (_, tensors) => {
    const { dir, remove } = await writeTinyModel(TINY_LLAMA);
    await writeFile(join(dir, 'model.safetensors'), writeSafetensors(tensors));
    const model = await openModel({ modelDir: dir, threads: 1 });
    const found: unknown[] = [];
    for (const own of [{}, { temperatures: [0] }, { topK: 5 }, { topP: 0.5, temperatures: [0, 1] }]) {
      found.push(
        await sampleGroup(model, { ...request, ...own }).then(
          (s) => s,
          (error: unknown) => error,
        ),
      );
    }
    await model.close();
    await remove();

    for (const error of found) {
      expect(error).toMatchObject({ code: 'MODEL_NUMERIC', message: expect.stringContaining('not finite') });
    }
  });
});
