import type { ImportanceLevel, KlEstimator, PolicyEstimator } from '@residency/algorithms';
import { IMPORTANCE_LEVELS, KL_ESTIMATORS, POLICY_ESTIMATORS } from '@residency/algorithms';
import { ops, type Tensor, type Tracer } from '@residency/tensor';
import { ModelError } from '../errors.js';
import { importanceTerms } from './importance.js';
import { KL_PROGRAMS, unclampedK3 } from './kl.js';
import type { BuiltLoss, LossDefinition, LossInputs, TokenContext } from './loss.js';
import { ESTIMATOR_PROGRAMS } from './policy-loss.js';
import { boundLogRatio, readTokens, type Tokens } from './token-terms.js';

/** A policy-gradient loss. Its numbers (clip bounds, coefficients, cap) are no part of it. */
export interface PolicyLossSpec {
  readonly kind: 'policy';
  readonly estimator: PolicyEstimator;
  /** KL penalty to the reference policy; null leaves it out. */
  readonly kl: KlEstimator | null;
  /** Whether there is an entropy bonus. */
  readonly entropy: boolean;
  /** Truncated importance weights for samples whose sampler is not the old policy; null leaves them out. */
  readonly correction: ImportanceLevel | null;
}

function requireOneOf(option: string, value: string | null, known: readonly string[]): void {
  if (value !== null && known.includes(value)) return;
  throw new ModelError('MODEL_REQUEST', `loss ${option} is ${value}, want one of: ${known.join(', ')}`);
}

function check({ estimator, kl, entropy, correction }: PolicyLossSpec): void {
  requireOneOf('estimator', estimator, POLICY_ESTIMATORS);
  if (kl !== null) requireOneOf('kl', kl, KL_ESTIMATORS);
  if (correction !== null) requireOneOf('correction', correction, IMPORTANCE_LEVELS);
  if (typeof entropy === 'boolean') return;
  throw new ModelError('MODEL_REQUEST', `loss entropy is ${String(entropy)}, want true or false`);
}

const inputs = ({ estimator, kl, entropy, correction }: PolicyLossSpec): LossInputs => ({
  tokens: [
    'oldLogprobs',
    'advantages',
    ...(kl === null ? [] : (['referenceLogprobs'] as const)),
    ...(correction === null ? [] : (['samplerLogprobs'] as const)),
  ],
  pairs: [],
  scalars: [
    ...ESTIMATOR_PROGRAMS[estimator].scalars,
    ...(kl === null ? [] : (['klCoefficient'] as const)),
    ...(entropy ? (['entropyCoefficient'] as const) : []),
    ...(correction === null ? [] : (['importanceCap'] as const)),
  ],
});

function policyTerm(tokens: Tokens, { estimator, correction }: PolicyLossSpec): BuiltLoss {
  const { losses, ratios, clips } = ESTIMATOR_PROGRAMS[estimator].terms(tokens);
  const importance = correction === null ? null : importanceTerms(correction, tokens);
  const policyLoss = tokens.weighted(importance ? ops.mul(losses, importance.weights) : losses);
  // old - new: samples are the old policy's, so that these estimate KL(old || new).
  const drift = ops.sub(tokens.input('oldLogprobs'), tokens.logprobs);
  return {
    total: policyLoss,
    sums: {
      policyLoss,
      logprob: tokens.sum(tokens.logprobs),
      ratio: tokens.sum(ratios),
      oldKlK1: tokens.sum(drift),
      oldKlK3: tokens.sum(unclampedK3(boundLogRatio(drift))),
      ...Object.fromEntries(Object.entries(clips).map(([name, clip]) => [name, tokens.sum(clip)])),
      ...(importance && {
        importance: tokens.sum(importance.weights),
        truncated: tokens.sum(importance.truncated),
      }),
    },
  };
}

function klTerm(tokens: Tokens, estimator: KlEstimator): BuiltLoss {
  const penalties = KL_PROGRAMS[estimator](ops.sub(tokens.logprobs, tokens.input('referenceLogprobs')));
  const klPenalty = tokens.weighted(penalties);
  return {
    total: ops.mul(klPenalty, tokens.scalar('klCoefficient')),
    sums: { klPenalty, kl: tokens.sum(penalties) },
  };
}

function entropyTerm(tokens: Tokens): BuiltLoss {
  if (!tokens.entropy)
    throw new ModelError('MODEL_REQUEST', 'loss entropy is true, want tokens with entropies');
  const entropyBonus = tokens.weighted(tokens.entropy);
  return {
    total: ops.neg(ops.mul(entropyBonus, tokens.scalar('entropyCoefficient'))),
    sums: { entropyBonus, entropy: tokens.sum(tokens.entropy) },
  };
}

function build(t: Tracer, context: TokenContext, spec: PolicyLossSpec): BuiltLoss {
  check(spec);
  const tokens = readTokens(t, context);
  const terms = [
    policyTerm(tokens, spec),
    ...(spec.kl === null ? [] : [klTerm(tokens, spec.kl)]),
    ...(spec.entropy ? [entropyTerm(tokens)] : []),
  ];
  const total = terms.map((term) => term.total).reduce((a: Tensor, b: Tensor) => ops.add(a, b));
  return { total, sums: Object.assign({ loss: total }, ...terms.map((term) => term.sums)) };
}

/**
 * Policy-gradient losses: sum over tokens of weight · (importance · policy loss + klCoefficient · KL -
 * entropyCoefficient · entropy). `policyObjective` of @residency/algorithms is the definition.
 */
export const policy: LossDefinition<PolicyLossSpec> = {
  check,
  key: ({ estimator, kl, entropy, correction }) =>
    [
      `policy:${estimator}`,
      ...(kl === null ? [] : [`kl-${kl}`]),
      ...(entropy ? ['entropy'] : []),
      ...(correction === null ? [] : [`importance-${correction}`]),
    ].join(':'),
  needsEntropy: ({ entropy }) => entropy,
  inputs,
  build,
};
