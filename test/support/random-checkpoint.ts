import { type Checkpoint, type CheckpointOwner, initAdapter, type NamedTensor } from '@residency/model';
import { randomNumbers } from './numbers.js';
import { configOf, TINY_QWEN2 } from './tiny-model.js';

export const OWNER: CheckpointOwner = {
  config: configOf(TINY_QWEN2),
  baseSha256: '0123456789abcdef'.repeat(4),
  rank: 4,
  alpha: 8,
};

/** A checkpoint in the middle of a run, all of its numbers decided by the seed. */
export function randomCheckpoint(seed: number, owner: CheckpointOwner = OWNER): Checkpoint {
  const { rank, alpha } = owner;
  const random = (scale: number, tensors: readonly NamedTensor[], shift: number): Float32Array[] =>
    tensors.map(({ data }, k) =>
      Float32Array.from(randomNumbers(data.length, seed * 31 + k + shift), (v) => v * scale),
    );
  const { tensors } = initAdapter(owner.config, { seed, rank, alpha });
  const [values, m, v] = [random(0.5, tensors, 0), random(0.1, tensors, 500), random(0.01, tensors, 900)];
  return {
    baseSha256: owner.baseSha256,
    adapter: {
      kind: 'lora',
      rank,
      alpha,
      tensors: tensors.map((t, k) => ({ ...t, data: values[k] ?? new Float32Array(0) })),
    },
    moments: { step: 3 + seed, m, v: v.map((x) => x.map(Math.abs)) },
    random: { seed, step: 4 + seed },
    position: 96,
    schedule: {
      shape: 'cosine',
      learningRate: 1e-3,
      warmup: { share: 0.1 },
      totalSteps: 200,
      minShare: 0.1,
    },
  };
}
