import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evaluateAgent } from '../../packages/cli/src/pretrain/evaluate-agent.js';

const modelDir = join(import.meta.dirname, '../../models/resident');

it('the shipped agent is the one its README names', async () => {
  const sha256 = createHash('sha256')
    .update(await readFile(join(modelDir, 'model.safetensors')))
    .digest('hex');

  expect(await readFile(join(modelDir, 'README.md'), 'utf8')).toContain(sha256);
});

it('the shipped agent has the skill but not the habit: greedy it wins most episodes, sampled a part of them', async () => {
  const evaluations = await evaluateAgent({ modelDir, seed: 21, cases: 40, threads: 1 });

  expect(evaluations).toHaveLength(3);
  for (const { greedyWon, sampledWon, valid } of evaluations) {
    expect(greedyWon).toBeGreaterThan(0.35);
    expect(sampledWon).toBeGreaterThan(0.08);
    expect(sampledWon).toBeLessThan(0.7);
    expect(valid).toBeGreaterThan(0.97);
  }
  const [ward] = evaluations;
  expect(ward?.greedyWon).toBeGreaterThan(0.7);
});
