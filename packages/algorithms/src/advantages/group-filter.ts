import { AlgorithmError } from '../errors.js';
import { checkFinite, checkRange } from './check.js';

export interface GroupFilterRequest {
  /** Episode rewards of each group of this rollout, before penalties; every group has at least one. */
  readonly groups: readonly (readonly number[])[];
  /** Trajectories that earlier rollouts of the same step kept. */
  readonly kept: number;
  /** Trajectories that a step wants. */
  readonly wanted: number;
  /** Which rollout of the step this is, from 1. */
  readonly attempt: number;
  /**
   * The rollout that keeps everything.
   * @defaultValue 10
   */
  readonly maxAttempts?: number;
  /**
   * Largest difference between rewards that count as equal, at least 0.
   * @defaultValue 1e-6
   */
  readonly tolerance?: number;
}

export interface GroupFilterResult {
  /** Indices of the groups to keep, ascending. */
  readonly keep: number[];
  /** Trajectories kept in all. */
  readonly kept: number;
  /** Whether the step is complete; otherwise it needs another rollout of fresh tasks. */
  readonly isComplete: boolean;
}

/**
 * Dynamic sampling (DAPO, arXiv 2503.14476; GiGPO specification 2.1): groups whose rewards are all equal are dropped
 * and rollouts are repeated until enough trajectories are kept; the last attempt keeps all its groups, and more than
 * wanted is not cut.
 * @throws AlgorithmError ALGORITHM_GROUP_EMPTY, ALGORITHM_REWARD_NOT_FINITE, ALGORITHM_ADVANTAGE_OPTION
 */
export function filterGroups(request: GroupFilterRequest): GroupFilterResult {
  const { groups, wanted, attempt, maxAttempts = 10, tolerance = 1e-6 } = request;
  checkRange('tolerance', tolerance, [0, Number.POSITIVE_INFINITY]);
  checkRange('attempt', attempt, [1, maxAttempts]);
  const isLast = attempt === maxAttempts;
  const keep = groups.flatMap((rewards, i) => (hasSpread(rewards, i, tolerance) || isLast ? [i] : []));
  const kept = keep.reduce((sum, i) => sum + (groups[i]?.length ?? 0), request.kept);
  return { keep, kept, isComplete: isLast || kept >= wanted };
}

function hasSpread(rewards: readonly number[], index: number, tolerance: number): boolean {
  if (rewards.length === 0) {
    throw new AlgorithmError('ALGORITHM_GROUP_EMPTY', `groups[${index}] is empty, want at least one reward`);
  }
  checkFinite(`groups[${index}]`, rewards);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const reward of rewards) [low, high] = [Math.min(low, reward), Math.max(high, reward)];
  return high - low > tolerance;
}
