import { addDims, type Dim, mulDims, type Program, sym, trace } from '@residency/tensor';
import { bindParameters, type Trainable } from '../binding.js';
import type { DecoderConfig } from '../config.js';
import { type GroupSizes, groupLogprobs } from '../prefix-shared.js';

/** Sizes of a group as a program knows them: prefix P, suffix S, samples G. */
export const GROUP: GroupSizes = { prefix: sym('P'), suffix: sym('S'), samples: sym('G') };
export const ROWS: Dim = addDims(GROUP.prefix, mulDims(GROUP.samples, GROUP.suffix));

/** Log-probabilities of a group's suffix tokens: ids i64[P+G*S], inverseTemperature f32[] -> logprobs f32[G,S]. */
export function scoreProgram(c: DecoderConfig, trainable: Trainable): Program {
  return trace('score', (t) => {
    const ids = t.input('ids', [ROWS], 'i64');
    const inverseTemperature = t.input('inverseTemperature', []);
    const parameters = bindParameters(t, c, trainable);
    return { logprobs: groupLogprobs(c, parameters, t.trace, GROUP, ids, inverseTemperature) };
  });
}
