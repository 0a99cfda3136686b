import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evaluateModel } from '../../packages/cli/src/pretrain/evaluate.js';

const modelDir = join(import.meta.dirname, '../../models/intern');

it('the shipped policy is the one its README names', async () => {
  const sha256 = createHash('sha256')
    .update(await readFile(join(modelDir, 'model.safetensors')))
    .digest('hex');

  expect(await readFile(join(modelDir, 'README.md'), 'utf8')).toContain(sha256);
});

it('the shipped policy has the skill but not the habit: sampled, it is right on 30 % to 60 % of held-out cases', async () => {
  const evaluation = await evaluateModel({ modelDir, seed: 11, cases: 60, samples: 8, threads: 1 });

  expect(evaluation.sampledAccuracy).toBeGreaterThan(0.3);
  expect(evaluation.sampledAccuracy).toBeLessThan(0.6);
  expect(Object.keys(evaluation.greedyByScore)).toHaveLength(6);
});
