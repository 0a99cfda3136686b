import { checkFinite, checkLengths } from './check.js';
import { squaredSpread, steadyMean } from './moments.js';
import { type Objectives, sumOf, weightedObjectives } from './objective-advantages.js';

/** One group of a training step. */
export interface RewardGroupSample {
  /** Rewards by component, before weights, all [samples]. */
  readonly components: Objectives;
  /** Tokens of each completion, [samples]. */
  readonly lengths: readonly number[];
}

/** What a step's rewards can teach. */
export interface RewardDiagnosis {
  readonly groups: number;
  /** Groups whose rewards are all equal: they teach nothing. */
  readonly deadGroups: number;
  /**
   * By component, the part of the reward's variance within groups that it explains: its covariance with the reward
   * over the reward's variance. They add up to 1; one that works against the others is negative. Null where no group
   * has spread.
   */
  readonly varianceShares: Readonly<Record<string, number>> | null;
  /**
   * Correlation of reward and completion length within groups, -1 to 1: how much longer pays, whatever the prompt.
   * Null where one of them has no spread.
   */
  readonly lengthCorrelation: number | null;
}

/** Spread under which rewards of a group, or lengths, count as equal. */
const EQUAL = 1e-6;

/**
 * Tells by which component the rewards of a training step differ, how many groups are dead, and whether length is
 * rewarded (CRPO specification 2.6: a bonus hardly counts in a group of mixed correctness, and in one that agrees it
 * is all that counts). Deviations are taken from the group's mean, so that easy and hard prompts do not count as
 * spread. Linear in values.
 * @param weights factor of each component, by the same names in every group
 * @throws AlgorithmError ALGORITHM_GROUP_EMPTY, ALGORITHM_SHAPE, ALGORITHM_REWARD_NOT_FINITE,
 * ALGORITHM_ADVANTAGE_OPTION
 */
export function diagnoseRewards(
  groups: readonly RewardGroupSample[],
  weights: Readonly<Record<string, number>>,
): RewardDiagnosis {
  const names = Object.keys(weights).sort();
  const shares = new Map(names.map((name) => [name, 0]));
  let [deadGroups, rewardSquares, lengthSquares, products] = [0, 0, 0, 0];
  for (const { components, lengths } of groups) {
    const weighted = weightedObjectives(components, weights).map(({ name, weight, values }) => ({
      name,
      values: deviations(values).map((value) => weight * value),
    }));
    const rewards = sumOf(weighted.map(({ values }) => values));
    checkLengths(rewards.length, { lengths });
    checkFinite('lengths', lengths);
    const isDead = rewards.length < 2 || Math.sqrt(squaredSpread(rewards, 0) / (rewards.length - 1)) < EQUAL;
    if (isDead) deadGroups++;
    const longer = deviations(lengths);
    lengthSquares += dot(longer, longer);
    // What a dead group has left is rounding.
    if (isDead) continue;
    rewardSquares += dot(rewards, rewards);
    products += dot(rewards, longer);
    for (const { name, values } of weighted) shares.set(name, (shares.get(name) ?? 0) + dot(values, rewards));
  }
  const isFlat = rewardSquares === 0;
  return {
    groups: groups.length,
    deadGroups,
    varianceShares: isFlat
      ? null
      : Object.fromEntries([...shares].map(([name, sum]) => [name, sum / rewardSquares])),
    lengthCorrelation:
      isFlat || lengthSquares < EQUAL ? null : products / Math.sqrt(rewardSquares * lengthSquares),
  };
}

function deviations(values: readonly number[]): number[] {
  const mean = steadyMean(values);
  return values.map((value) => value - mean);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
