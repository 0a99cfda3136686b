import { type DecoderConfig, readConfig } from '@residency/model';
import { trainFlops } from './arithmetic.js';
import { type ModelShape, randomModel } from './bench-model.js';
import { type Comparison, compare, type LeftOut, ourSide, peerSide, type Side } from './compare.js';
import type { Peer } from './peers.js';
import { type GroupShape, LORA, learnGroup } from './requests.js';

/** How often everything is measured. */
export interface Repetition {
  readonly threads: number;
  readonly warmups: number;
  readonly runs: number;
  readonly rounds: number;
}

/** Forward and backward of one group of a model with random weights. */
export interface LearnerCase {
  readonly model: ModelShape;
  readonly group: GroupShape;
  readonly recomputes: boolean;
}

export interface LearnerResult {
  readonly comparison: Comparison;
  /** Completion tokens of the group. */
  readonly tokens: number;
  readonly flops: number;
}

/** The PyTorch peer, with the prompt shared or repeated. */
export function pytorchSide(
  peer: Peer,
  mode: 'shared' | 'repeat',
  { model, group }: Pick<LearnerCase, 'model' | 'group'>,
  { threads, runs }: Repetition,
): Side | LeftOut {
  const sizes = JSON.stringify({ ...model, ...group, r: LORA.rank, threads });
  return peerSide(`pytorch, ${mode}`, peer, [sizes, mode, `${runs}`]);
}

/** Measures our gradients beside another side's, which does the same work. */
export async function compareGradients(
  { model, group, recomputes }: LearnerCase,
  other: Side | LeftOut | null,
  { rounds, threads, warmups, runs }: Repetition,
): Promise<LearnerResult> {
  const modelDir = await randomModel(model);
  const config: DecoderConfig = await readConfig(modelDir);
  const ours = ourSide('residency', {
    task: 'time',
    kind: 'gradients',
    work: {
      ...{ modelDir, threads, warmups, runs, ...group, recomputes },
      isRepeated: false,
      measuresRate: true,
    },
  });
  return {
    comparison: await compare(ours, other, rounds),
    tokens: group.S * group.G,
    flops: trainFlops(config, [learnGroup(group, config.vocab)], recomputes),
  };
}
