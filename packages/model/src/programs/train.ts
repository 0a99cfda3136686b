import { grad, type Program, perBlock, trace } from '@residency/tensor';
import type { Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import { GROUPS } from '../group-attention.js';
import { buildLoss, type LossSpec, lossKey, needsEntropy } from '../losses/index.js';
import { LENGTH } from '../token-logprobs.js';
import { type Packing, packedForward } from './score.js';

export interface TrainOptions {
  /** @defaultValue `groups` */
  readonly packing?: Packing;
  /** Computes the layers' inner values again in the backward pass instead of keeping them: the same gradients. */
  readonly recomputes?: boolean;
}

/**
 * Forward and backward of a packed run. Inputs: those of packedForward; mask f32[B,L], above 0 on tokens that
 * carry loss; weights f32[B,L], the aggregation weight of each; the loss's own inputs (`inputsOf`); the trainable
 * parameters. Outputs: the loss's sums, and `grad:<name>` of every trainable parameter: of an adapter's one for each group or trie,
 * [N, ...shape], so that they can be added in the order of the groups however these were packed; else summed, [...shape].
 */
export function trainProgram(
  c: DecoderConfig,
  trainable: Trainable,
  loss: LossSpec,
  options: TrainOptions = {},
): Program {
  return trace(`train:${lossKey(loss)}`, (t) => {
    const { parameters, values, sequences } = packedForward(t, c, trainable, {
      wantsEntropy: needsEntropy(loss),
      ...(loss.kind === 'dpo' ? { samples: 2 } : {}),
      ...options,
    });
    const shape = [sequences, LENGTH] as const;
    const [mask, weights] = [t.input('mask', shape), t.input('weights', shape)];
    const { total, sums } = buildLoss(t, { ...values, mask, weights, shape }, loss);
    const gradients = grad(total, [...parameters.trainable.values()]);
    const given = trainable.kind === 'lora' ? gradients.map((g) => perBlock(g, GROUPS)) : gradients;
    const names = [...parameters.trainable.keys()];
    return { ...sums, ...Object.fromEntries(given.map((g, i) => [`grad:${names[i]}`, g])) };
  });
}
