import {
  checkpoint,
  type Dim,
  mulDims,
  type Program,
  type Tensor,
  type Tracer,
  trace,
} from '@residency/tensor';
import { type BoundParameters, bindParameters, type Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import { logitsOf } from '../decoder.js';
import { hiddenStates, type WrapLayer } from '../forward.js';
import { GROUPS, groupRows, KEPT_ROWS, SAMPLES } from '../group-attention.js';
import { type TokenValues, tokenInputs, tokenLogprobs } from '../token-logprobs.js';
import { trieRows } from '../trie-attention.js';

/** What a run packs: groups of completions of a prompt (layout/group.ts), or tries of trajectories (layout/trie.ts). */
export type Packing = 'groups' | 'tries';

export interface ForwardOptions {
  /** @defaultValue `groups` */
  readonly packing?: Packing;
  readonly wantsEntropy?: boolean;
  /** Completions of a group, where the program knows how many there are. */
  readonly samples?: Dim;
  /** Computes the layers' inner values again in the backward pass instead of keeping them. */
  readonly recomputes?: boolean;
}

export interface PackedForward {
  readonly parameters: BoundParameters;
  readonly values: TokenValues;
  /** Sequences of the run: groups times completions. */
  readonly sequences: Dim;
}

/**
 * Forward pass of packed groups, prefix-shared, or of tries: log-probabilities [B,L] of the predicted tokens under the
 * distribution at the temperature whose inverse is the input inverseTemperature f32[]. Inputs: the feeds of the layout.
 */
export function packedForward(
  t: Tracer,
  c: DecoderConfig,
  trainable: Trainable,
  options: ForwardOptions = {},
): PackedForward {
  const { samples = SAMPLES, packing = 'groups' } = options;
  const inverseTemperature: Tensor = t.input('inverseTemperature', []);
  const parameters = bindParameters(t, c, trainable);
  const rows = packing === 'groups' ? groupRows(t, c, samples) : trieRows(t, c);
  const wrap: WrapLayer | undefined = options.recomputes
    ? (layer, x, fn) => checkpoint(x, parameters.trainableOf(layer), fn)
    : undefined;
  const hidden = hiddenStates(c, parameters, rows, wrap);
  const logits = logitsOf(c, parameters, hidden, inverseTemperature);
  const sequences = mulDims(GROUPS, samples);
  const inputs = tokenInputs(t, KEPT_ROWS, sequences);
  return {
    parameters,
    values: tokenLogprobs(logits, inputs, sequences, options.wantsEntropy ?? false),
    sequences,
  };
}

/** Log-probabilities of the predicted tokens of a run: logprobs f32[B,L], 0 on padding. */
export function scoreProgram(c: DecoderConfig, trainable: Trainable, packing: Packing = 'groups'): Program {
  return trace('score', (t) => ({ logprobs: packedForward(t, c, trainable, { packing }).values.logprobs }));
}
