import type { Tracer } from '@residency/tensor';
import { ModelError } from '../errors.js';
import { type DpoLossSpec, dpo } from './dpo.js';
import type { BuiltLoss, LossDefinition, LossInputs, ScalarInput, TokenContext } from './loss.js';
import { type LossNumbers, scalarValue } from './numbers.js';
import { type PolicyLossSpec, policy } from './policy.js';
import { type SupervisedLossSpec, supervised } from './supervised.js';

/** The static choices of a loss: with the model they select one compiled program. */
export type LossSpec = PolicyLossSpec | SupervisedLossSpec | DpoLossSpec;
export type LossKind = LossSpec['kind'];

/** Every family of losses. */
export const LOSSES: { readonly [K in LossKind]: LossDefinition<Extract<LossSpec, { readonly kind: K }>> } = {
  policy,
  supervised,
  dpo,
};

/** @throws ModelError `MODEL_REQUEST` naming the option that is wrong: specs may come from outside. */
function definitionOf(spec: LossSpec): LossDefinition<LossSpec> {
  if (!Object.hasOwn(LOSSES, spec.kind)) {
    const known = Object.keys(LOSSES).join(', ');
    throw new ModelError('MODEL_REQUEST', `loss kind is ${String(spec.kind)}, want one of: ${known}`);
  }
  const definition = LOSSES[spec.kind] as LossDefinition<LossSpec>; // the row of its own kind
  definition.check(spec);
  return definition;
}

/** A stable name of the static choices, such as `policy:ppo:kl-k3`: equal keys mean equal programs. */
export const lossKey = (spec: LossSpec): string => definitionOf(spec).key(spec);

/** Whether the token context needs entropies. */
export const needsEntropy = (spec: LossSpec): boolean => definitionOf(spec).needsEntropy(spec);

/** The inputs that the loss declares, for a host that feeds them. */
export const inputsOf = (spec: LossSpec): LossInputs => definitionOf(spec).inputs(spec);

/** Whether the host has to score the tokens under the reference policy. */
export const needsReference = (spec: LossSpec): boolean =>
  inputsOf(spec).tokens.includes('referenceLogprobs');

/**
 * Builds a loss into a program that is being traced.
 * @throws ModelError `MODEL_REQUEST` naming the option
 */
export const buildLoss = (t: Tracer, tokens: TokenContext, spec: LossSpec): BuiltLoss =>
  definitionOf(spec).build(t, tokens, spec);

/**
 * The scalar feeds of a loss, f32[] each; numbers that it has no use for are not read.
 * @throws ModelError `MODEL_REQUEST` naming the option or number
 */
export function lossInputs(
  spec: LossSpec,
  numbers: Partial<LossNumbers>,
): Partial<Record<ScalarInput, Float32Array>> {
  const { scalars } = inputsOf(spec);
  return Object.fromEntries(scalars.map((name) => [name, Float32Array.of(scalarValue(name, numbers))]));
}
