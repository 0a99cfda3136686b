import { type Program, type Tensor, type Tracer, trace } from '@residency/tensor';
import { type BoundParameters, bindParameters, type Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import { logitsOf } from '../decoder.js';
import { hiddenStates } from '../forward.js';
import { groupRows, KEPT_ROWS } from '../group-attention.js';
import { SEQUENCES, type TokenValues, tokenInputs, tokenLogprobs } from '../token-logprobs.js';

export interface GroupForward {
  readonly parameters: BoundParameters;
  readonly values: TokenValues;
}

/**
 * Forward pass of packed groups, prefix-shared: log-probabilities [B,L] of the completions' tokens under the distribution at
 * the temperature whose inverse is the input inverseTemperature f32[]. Inputs: those of layout/group.ts.
 */
export function groupForward(
  t: Tracer,
  c: DecoderConfig,
  trainable: Trainable,
  options: { readonly wantsEntropy: boolean },
): GroupForward {
  const inverseTemperature: Tensor = t.input('inverseTemperature', []);
  const parameters = bindParameters(t, c, trainable);
  const hidden = hiddenStates(c, parameters, groupRows(t, c));
  const logits = logitsOf(c, parameters, hidden, inverseTemperature);
  const inputs = tokenInputs(t, KEPT_ROWS, SEQUENCES);
  return { parameters, values: tokenLogprobs(logits, inputs, SEQUENCES, options.wantsEntropy) };
}

/** Log-probabilities of the tokens of packed groups: logprobs f32[B,L], 0 on padding. */
export function scoreProgram(c: DecoderConfig, trainable: Trainable): Program {
  return trace('score', (t) => {
    const { values } = groupForward(t, c, trainable, { wantsEntropy: false });
    return { logprobs: values.logprobs };
  });
}
