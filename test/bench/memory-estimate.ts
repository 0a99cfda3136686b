/**
 * Compares the estimated memory of runs with what a process of its own makes resident for each, and prints
 * one JSON line a run: measured and estimated megabytes, weights and inputs left out of both. Linux only: it
 * reads /proc. `npm run bench -- memory-estimate`
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TINY_LLAMA, writeTinyModel } from '../support/tiny-model.js';
import type { MeasuredJob } from './support/measured-run.js';

const train = { kind: 'train', N: 1, G: 8, layers: 4, vocab: 4096, recomputes: false, early: 0 } as const;
const generate = { ...train, kind: 'generate' } as const;
const jobs: readonly MeasuredJob[] = [
  { ...train, P: 128, S: 64, G: 4 },
  { ...train, P: 512, S: 64 },
  { ...train, P: 512, S: 64, N: 2 },
  { ...train, P: 1024, S: 128 },
  { ...train, P: 128, S: 256 },
  { ...train, P: 512, S: 64, layers: 12 },
  { ...train, P: 512, S: 64, vocab: 32000 },
  { ...train, P: 512, S: 64, layers: 12, recomputes: true },
  { ...train, P: 1024, S: 128, recomputes: true },
  { ...train, kind: 'score', P: 1024, S: 128 },
  { ...train, kind: 'score', P: 128, S: 512, G: 16 },
  { ...generate, P: 64, S: 256 },
  { ...generate, P: 512, S: 128, G: 16 },
  { ...generate, P: 1024, S: 32, G: 4 },
  { ...generate, P: 64, S: 256, G: 16, early: 0.25 },
];

const modelOf = ({ layers, vocab }: MeasuredJob) => ({
  ...TINY_LLAMA,
  hidden_size: 256,
  intermediate_size: 704,
  num_hidden_layers: layers,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 64,
  vocab_size: vocab,
  max_position_embeddings: 8192,
});

const child = fileURLToPath(new URL('./support/measured-run.ts', import.meta.url));
for (const job of jobs) {
  const { dir, remove } = await writeTinyModel(modelOf(job));
  const args = [...process.execArgv, '--expose-gc', child, JSON.stringify(job), dir];
  process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  await remove();
}
