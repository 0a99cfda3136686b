import { episodeAdvantagesOf, gigpo } from './gigpo.js';
import { hgpo } from './hgpo.js';
import type { NormalisationMode } from './normalisation.js';
import { advantageRules } from './registry.js';
import type { ScoredSteps } from './steps.js';

/** Estimators that weigh the steps of agents. */
export type AgentEstimator = 'grpo' | 'grpo_nostd' | 'rloo' | 'gigpo' | 'hgpo';

/** The names, for those who read them from outside. */
export const AGENT_ESTIMATORS: readonly AgentEstimator[] = ['grpo', 'grpo_nostd', 'rloo', 'gigpo', 'hgpo'];

export interface AgentRuleOptions {
  /** What `gigpo` and `hgpo` divide by. */
  readonly mode: NormalisationMode;
  /** Weight of the step advantage of `gigpo`. */
  readonly omega: number;
  /** Similarity from which `gigpo` joins anchors; null joins equal ones alone. */
  readonly similarity: number | null;
  /** States that `hgpo` looks back. */
  readonly history: number;
}

type AgentRule = (batch: ScoredSteps, options: AgentRuleOptions) => number[];

const RULES: { readonly [E in AgentEstimator]: AgentRule } = {
  grpo: (batch) => episodeAdvantagesOf(batch, { mode: 'mean_std_norm' }),
  grpo_nostd: (batch) => episodeAdvantagesOf(batch, { mode: 'mean_norm' }),
  // Scores of steps are samples of their group, which is how the reference applies it.
  rloo: ({ groups, episodeScores }) => advantageRules.rloo({ groups, scores: episodeScores }),
  gigpo: (batch, { mode, omega, similarity }) => gigpo(batch, { mode, omega, similarity }).advantages,
  hgpo: (batch, { mode, history }) => hgpo(batch, { mode, history }),
};

/**
 * Advantage of every step of a batch, [steps]. `grpo` and `grpo_nostd` are `gigpo` without its step advantage (GiGPO
 * specification 1.2); the statistics of all are taken over the steps of a group. `grpo_passk` is none of them: the steps of the best
 * episode share its score, so that no one of them is the best (specification 2).
 * @throws AlgorithmError as the estimator
 */
export const agentAdvantages = (
  estimator: AgentEstimator,
  batch: ScoredSteps,
  options: AgentRuleOptions,
): number[] => RULES[estimator](batch, options);
