/**
 * A real job on a real model and real questions: SmolLM2-135M-Instruct, MedQA, the CRPO grader, a few steps on the processor.
 * `npm run bench -- medqa [--data FILE] [--steps n] [--held-out n]` prints one JSON line: accuracy on held-out questions before and
 * after with its intervals, and what the steps did. So small a model and so few steps promise nothing; the line says what was measured.
 *
 * Training and held-out questions are parted by the hash of their case. Questions of more than 700 characters are left out, which
 * keeps a run within a quarter of an hour.
 */
import { createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createSplitter, readQuestions, type TrainingRow, trainingRow } from '@residency/data';
import type { EvaluationSummary } from '@residency/protocol';
import { smollm2Model } from './support/bench-model.js';
import { withPlatform } from './support/platform-jobs.js';
import { textOptions } from './support/text-options.js';

const { values } = textOptions({
  data: join(import.meta.dirname, '../../../shared/datasets/medqa_dev.jsonl'),
  steps: '10',
  'held-out': '40',
});
const path = values.data;
const [steps, heldOut] = [Number(values.steps), Number(values['held-out'])];
const MAX_CHARACTERS = 700;
const SHARE = 0.3;

async function readParts(): Promise<{ train: TrainingRow[]; heldOut: TrainingRow[] }> {
  const split = createSplitter({ share: SHARE, seed: 1 });
  const parts: Record<ReturnType<typeof split>, TrainingRow[]> = { train: [], eval: [] };
  const source = { name: path, open: () => createReadStream(path) };
  for await (const { row } of readQuestions(source, { format: 'medqa', prompt: 'crpo' })) {
    if (row.question.length <= MAX_CHARACTERS) parts[split(row)].push(trainingRow(row));
  }
  return { train: parts.train, heldOut: parts.eval.slice(0, heldOut) };
}

const figures = (summary: EvaluationSummary | null): Record<string, unknown> | null =>
  summary && {
    cases: summary.cases,
    accuracy: summary.accuracy,
    accuracyInterval: summary.accuracy_interval,
    greedyAccuracy: summary.greedy_accuracy,
    greedyInterval: summary.greedy_interval,
    validShare: summary.valid_share,
    meanReward: summary.mean_reward,
    components: summary.components,
  };

const dir = await smollm2Model();
if (dir === null) throw new Error('SmolLM2 is absent: set RESIDENCY_SMOLLM2_GGUF');
const parts = await readParts();
const started = performance.now();
await withPlatform({ modelsDir: dirname(dir), rolloutWorkers: 1 }, async (runner) => {
  const training = await runner.upload('train', parts.train);
  const validation = await runner.upload('held-out', parts.heldOut);
  const job = await runner.run({
    model: basename(dir),
    training_file: training,
    validation_file: validation,
    seed: 1,
    method: {
      type: 'reinforcement',
      reinforcement: { grader: { type: 'crpo', name: 'crpo', profile: 'crpo-paper', crossref: 'case' } },
    },
    x_residency: {
      steps,
      groups_per_step: 2,
      group_size: 4,
      max_new_tokens: 96,
      learning_rate: 2e-4,
      eval_samples: 2,
      lora: { rank: 16, alpha: 32 },
    },
  });
  const events = await runner.client.events(job.id, 100);
  const rewards = events
    .flatMap(({ data }) => (typeof data['train_mean_reward'] === 'number' ? [data['train_mean_reward']] : []))
    .reverse();
  const { before, after, settings } = job.x_residency;
  console.log(
    JSON.stringify({
      bench: 'medqa',
      model: basename(dir),
      trainingQuestions: parts.train.length,
      steps: rewards.length,
      seconds: Math.round((performance.now() - started) / 1_000),
      before: figures(before),
      after: figures(after),
      trainMeanReward: rewards,
      settings: { maxNewTokens: settings['max_new_tokens'], groupSize: settings['group_size'] },
    }),
  );
});
