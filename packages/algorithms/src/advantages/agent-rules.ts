import { episodeAdvantagesOf, gigpo } from './gigpo.js';
import { hgpo } from './hgpo.js';
import type { NormalisationMode } from './normalisation.js';
import { advantageRules } from './registry.js';
import type { ScoredSteps } from './steps.js';

/** Estimators that weigh the steps of agents. */
export type AgentEstimator = 'grpo' | 'grpo_nostd' | 'rloo' | 'grpo_passk' | 'gigpo' | 'hgpo';

/** The names, for those who read them from outside. */
export const AGENT_ESTIMATORS: readonly AgentEstimator[] = [
  'grpo',
  'grpo_nostd',
  'rloo',
  'grpo_passk',
  'gigpo',
  'hgpo',
];

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

/** The scores of steps as samples of their group, which is how the reference applies the other estimators. */
const ofScores =
  (name: 'rloo' | 'grpo_passk'): AgentRule =>
  ({ groups, episodeScores }) =>
    advantageRules[name]({ groups, scores: episodeScores });

const RULES: { readonly [E in AgentEstimator]: AgentRule } = {
  grpo: (batch) => episodeAdvantagesOf(batch, { mode: 'mean_std_norm' }),
  grpo_nostd: (batch) => episodeAdvantagesOf(batch, { mode: 'mean_norm' }),
  rloo: ofScores('rloo'),
  grpo_passk: ofScores('grpo_passk'),
  gigpo: (batch, { mode, omega, similarity }) => gigpo(batch, { mode, omega, similarity }).advantages,
  hgpo: (batch, { mode, history }) => hgpo(batch, { mode, history, hasEpisodeTerm: true }),
};

/**
 * Advantage of every step of a batch, [steps]. `grpo` and `grpo_nostd` are `gigpo` without its step advantage (GiGPO
 * specification 1.2); the statistics of all are taken over the steps of a group.
 * @throws AlgorithmError as the estimator
 */
export const agentAdvantages = (
  estimator: AgentEstimator,
  batch: ScoredSteps,
  options: AgentRuleOptions,
): number[] => RULES[estimator](batch, options);
