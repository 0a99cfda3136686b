import { checkLengths } from './check.js';
import { type GaeAdvantages, type GaeBatch, type GaeOptions, gae } from './gae.js';
import { type GigpoAdvantages, type GigpoOptions, gigpo } from './gigpo.js';
import { type AdvantageRequest, type Estimator, estimateAdvantages } from './group-estimators.js';
import { type HgpoOptions, hgpo } from './hgpo.js';
import { labelBy, membersOf, pick } from './labels.js';
import {
  type BaselineBatch,
  reinforcePlusPlus,
  reinforcePlusPlusBaseline,
  type TokenRewards,
} from './reinforce-plus-plus.js';
import { type RemaxBatch, remax } from './remax.js';
import type { ScoredSteps } from './steps.js';

/** Scores of samples in groups, both [samples]. */
export interface GroupedScores {
  readonly groups: readonly string[];
  readonly scores: readonly number[];
}

/** Options of an estimator that needs a group's rewards alone. */
export type GroupOptions = Omit<AdvantageRequest, 'estimator' | 'rewards'>;

type GroupRule = (batch: GroupedScores, options?: GroupOptions) => number[];

/** What each estimator reads and gives, per sample or per token. */
export interface AdvantageRules extends Record<Estimator, GroupRule> {
  reinforce_pp: (batch: TokenRewards, options: { readonly gamma: number }) => number[][];
  reinforce_pp_baseline: (
    batch: BaselineBatch,
    options?: Parameters<typeof reinforcePlusPlusBaseline>[1],
  ) => number[][];
  remax: (batch: RemaxBatch) => number[][];
  gae: (batch: GaeBatch, options?: GaeOptions) => GaeAdvantages;
  gigpo: (batch: ScoredSteps, options?: GigpoOptions) => GigpoAdvantages;
  hgpo: (batch: ScoredSteps, options?: HgpoOptions) => number[];
}

export type AdvantageName = keyof AdvantageRules;

/** Group by group, in the order of the samples. */
const inGroups =
  (estimator: Estimator): GroupRule =>
  ({ groups, scores }, options = {}) => {
    checkLengths(groups.length, { scores });
    const advantages = new Array<number>(groups.length).fill(0);
    for (const members of membersOf(labelBy(groups))) {
      const estimate = estimateAdvantages({ ...options, estimator, rewards: pick(scores, members) });
      for (const [place, i] of members.entries()) advantages[i] = estimate.advantages[place] ?? 0;
    }
    return advantages;
  };

/** Every advantage estimator for whole batches, by name. */
export const advantageRules: { readonly [N in AdvantageName]: AdvantageRules[N] } = {
  grpo: inGroups('grpo'),
  grpo_nostd: inGroups('grpo_nostd'),
  rloo: inGroups('rloo'),
  grpo_passk: inGroups('grpo_passk'),
  reinforce_pp: reinforcePlusPlus,
  reinforce_pp_baseline: reinforcePlusPlusBaseline,
  remax,
  gae,
  gigpo,
  hgpo,
};

/** The names, for those who read them from outside: the keys of a total table. */
export const ADVANTAGE_NAMES: readonly AdvantageName[] = Object.keys(advantageRules) as AdvantageName[];
