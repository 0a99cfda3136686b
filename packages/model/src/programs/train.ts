import {
  grad,
  ops,
  type Program,
  perBlock,
  sumAll,
  type Tensor,
  type Tracer,
  trace,
} from '@residency/tensor';
import type { Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import { GROUPS } from '../group-attention.js';
import { LENGTH, SEQUENCES } from '../token-logprobs.js';
import { groupForward } from './score.js';

/** Per-token values of a group; `mask` is 1 on tokens that carry loss and 0 on padding. */
export interface TokenContext {
  readonly logprobs: Tensor;
  readonly mask: Tensor;
}

/** A loss: what it adds to the program's inputs, the sum over tokens to differentiate, and sums to report. */
export interface LossDefinition {
  build(
    t: Tracer,
    tokens: TokenContext,
  ): { readonly total: Tensor; readonly sums: Readonly<Record<string, Tensor>> };
}

const tokenInput = (t: Tracer, name: string): Tensor => t.input(name, [SEQUENCES, LENGTH]);
const masked = (x: Tensor, mask: Tensor): Tensor => sumAll(ops.mul(x, mask));

/** Within ±20: beyond it exp overflows, and the gradient of one token would spoil the step's. */
const bounded = (x: Tensor): Tensor => ops.max(ops.min(x, 20), -20);

/**
 * Clipped policy gradient with a k3 KL penalty (CRPO specification 2.5): the sum over tokens of
 * max(-A r, -A clip(r, 1-low, 1+high)) + β k3, with r = exp(logprob - old) and k3 = exp(d) - d - 1 for d = ref - logprob,
 * clamped to [-10, 10].
 */
const policy: LossDefinition = {
  build: (t, { logprobs, mask }) => {
    const [old, reference, advantages] = ['oldLogprobs', 'referenceLogprobs', 'advantages'].map((n) =>
      tokenInput(t, n),
    );
    if (!old || !reference || !advantages) throw new TypeError('internal: three token inputs');
    const scalar = (name: string): Tensor => t.input(name, []);
    // Padding holds whatever ids it was filled with: its ratio must not overflow before the mask removes it.
    const ratio = ops.exp(bounded(ops.mul(ops.sub(logprobs, old), mask)));
    const clipped = ops.min(ops.max(ratio, scalar('ratioMin')), scalar('ratioMax'));
    const loss = ops.max(ops.neg(ops.mul(advantages, ratio)), ops.neg(ops.mul(advantages, clipped)));
    const d = bounded(ops.mul(ops.sub(reference, logprobs), mask));
    const k3 = ops.max(ops.min(ops.sub(ops.sub(ops.exp(d), d), 1), 10), -10);
    const [policyLoss, kl] = [masked(loss, mask), masked(k3, mask)];
    const isClipped = ops.cast(ops.less(ops.mul(advantages, clipped), ops.mul(advantages, ratio)), 'f32');
    return {
      total: ops.add(policyLoss, ops.mul(kl, scalar('klCoefficient'))),
      sums: { policyLoss, kl, clipped: masked(isClipped, mask), logprob: masked(logprobs, mask) },
    };
  },
};

/** Negative log-likelihood of the suffix tokens, each weighted by the mask. */
const supervised: LossDefinition = {
  build: (_, { logprobs, mask }) => {
    const total = ops.neg(masked(logprobs, mask));
    return { total, sums: { nll: total } };
  },
};

export type LossName = 'policy' | 'supervised';
export const LOSSES: Readonly<Record<LossName, LossDefinition>> = { policy, supervised };

/**
 * Prefix-shared forward and backward of packed groups. Inputs: those of groupForward, mask f32[B,L], lossScale f32[] that
 * multiplies the summed loss, the loss's own inputs, and the trainable parameters. Outputs: the loss's sums, and
 * `grad:<name>` of every trainable parameter: of an adapter's one for each group, [N, ...shape], else summed, [...shape].
 */
export function trainProgram(c: DecoderConfig, trainable: Trainable, loss: LossName): Program {
  return trace(`train:${loss}`, (t) => {
    const mask = tokenInput(t, 'mask');
    const lossScale = t.input('lossScale', []);
    const { parameters, values } = groupForward(t, c, trainable, { wantsEntropy: false });
    const { total, sums } = LOSSES[loss].build(t, { logprobs: values.logprobs, mask });
    const names = [...parameters.trainable.keys()];
    const gradients = grad(ops.mul(total, lossScale), [...parameters.trainable.values()]);
    const given = trainable.kind === 'lora' ? gradients.map((g) => perBlock(g, GROUPS)) : gradients;
    return { ...sums, ...Object.fromEntries(given.map((g, i) => [`grad:${names[i]}`, g])) };
  });
}
