import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlayedStep } from '../../packages/cli/src/play/play-lines.js';
import { evaluateAgent } from '../../packages/cli/src/pretrain/evaluate-agent.js';
import { runCommand } from '../support/run-command.js';

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

describe('residency play --model', () => {
  const brief = ['--prompt-style', 'brief', '--history', '4'];

  it('lets the policy play an episode to its end, one line of JSON for each step', async () => {
    const { code, lines } = await runCommand('play', [
      ...['ward', '--level', 'bay', '--seed', '5', '--model', modelDir, ...brief, '--json'],
    ]);
    const steps = lines.map((line) => JSON.parse(line) as PlayedStep);

    expect(code).toBe(0);
    expect(steps[0]).toMatchObject({ step: 0, command: null, reward: 0, done: false });
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, at) => at));
    for (const [at, { command }] of steps.entries())
      if (at > 0) expect(steps[at - 1]?.admissible).toContain(command);
    expect(steps.at(-1)).toMatchObject({ done: true, won: true });
  });

  it('says where a folder holds no model, and that one player is enough', async () => {
    await expect(runCommand('play', ['triage', '--model', '/nowhere'])).rejects.toMatchObject({
      code: 'CLI_PLAY',
      message: expect.stringMatching(/^--model \/nowhere: .*tokenizer\.json is absent/),
    });
    await expect(
      runCommand('play', ['ward', '--policy', 'optimal', '--model', modelDir]),
    ).rejects.toMatchObject({
      code: 'CLI_USAGE',
      message: '--policy is given with --model, want one of them',
    });
  });
});
