import { type ImportanceLevel, importanceWeights } from './importance.js';
import { type KlEstimator, klPenalties } from './kl.js';
import { type PolicyEstimator, type PolicyLossInput, policyLosses } from './policy-loss.js';
import { mapTokens, sumTokens, type TokenMatrix, tokenAt } from './token-matrix.js';

export interface PolicyObjectiveInput extends PolicyLossInput {
  readonly estimator: PolicyEstimator;
  /** Weight of each token of a sample, [samples]: see `tokenWeights`. */
  readonly weights: readonly number[];
  /** KL penalty to a reference policy; null leaves it out. */
  readonly kl: {
    readonly estimator: KlEstimator;
    readonly coefficient: number;
    readonly referenceLogprobs: TokenMatrix;
  } | null;
  /**
   * Bonus for the entropy of the distributions that tokens were drawn from, in nats, [samples][tokens]; null
   * leaves it out.
   */
  readonly entropy: { readonly coefficient: number; readonly values: TokenMatrix } | null;
  /** Weights for samples of another policy than the old one; null leaves them out. */
  readonly correction: {
    readonly level: ImportanceLevel;
    readonly cap: number;
    readonly samplerLogprobs: TokenMatrix;
  } | null;
}

/** Each the weighted sum over tokens. */
export interface PolicyObjective {
  /** policyLoss + KL coefficient * kl - entropy coefficient * entropy */
  readonly total: number;
  readonly policyLoss: number;
  readonly kl: number;
  readonly entropy: number;
}

/**
 * The loss that a policy step differentiates: importance-weighted policy losses, plus KL penalty, minus
 * entropy bonus (GiGPO specification 1.4). Importance weights apply to the policy losses alone.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_CLIP, ALGORITHM_LOSS_OPTION
 */
export function policyObjective(input: PolicyObjectiveInput): PolicyObjective {
  const { mask, weights, kl, entropy, correction } = input;
  const { losses } = policyLosses(input.estimator, input);
  const importance = correction
    ? importanceWeights(correction.level, { ...correction, oldLogprobs: input.oldLogprobs, mask }).weights
    : null;
  const corrected = importance
    ? mapTokens(mask, (s, t) => tokenAt('importance', importance, s, t) * tokenAt('losses', losses, s, t))
    : losses;
  const policyLoss = sumTokens(corrected, weights);
  const klSum = kl
    ? sumTokens(
        klPenalties(kl.estimator, {
          logprobs: input.logprobs,
          referenceLogprobs: kl.referenceLogprobs,
          mask,
        }),
        weights,
      )
    : 0;
  const entropySum = entropy
    ? sumTokens(
        mapTokens(mask, (s, t) => tokenAt('entropy', entropy.values, s, t)),
        weights,
      )
    : 0;
  const total = policyLoss + (kl?.coefficient ?? 0) * klSum - (entropy?.coefficient ?? 0) * entropySum;
  return { total, policyLoss, kl: klSum, entropy: entropySum };
}
