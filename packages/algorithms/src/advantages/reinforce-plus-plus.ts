import { mapTokens, maskLengths, type TokenMatrix, tokenAt } from '../losses/token-matrix.js';
import { checkChoice, checkFinite, checkLengths, checkRange } from './check.js';
import { SINGLETONS, type Singletons } from './group-estimators.js';
import { labelBy, membersOf, pick } from './labels.js';
import { steadyMean } from './moments.js';
import { whiteningOfCounts, whitenTokens } from './whiten.js';

export interface TokenRewards {
  /** Reward of each token, [samples][tokens]; nothing is read where the mask is 0. */
  readonly rewards: TokenMatrix;
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
}

/**
 * Discounted sums of the rewards from each token on, [samples][tokens]; a token that carries no loss cuts the sum,
 * as the reference trainer's does, and has 0.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_REWARD_NOT_FINITE
 */
export function tokenReturns({ rewards, mask }: TokenRewards, gamma: number): number[][] {
  const read = mapTokens(mask, (s, t) => tokenAt('rewards', rewards, s, t));
  for (const [s, row] of read.entries()) checkFinite(`rewards[${s}]`, row);
  return read.map((row, s) => {
    const returns = new Array<number>(row.length).fill(0);
    let later = 0;
    for (let t = row.length - 1; t >= 0; t--) {
      later = (mask[s]?.[t] ?? 0) > 0 ? (row[t] ?? 0) + gamma * later : 0;
      returns[t] = later;
    }
    return returns;
  });
}

/**
 * Discounted returns of tokens, whitened over all tokens of the batch, [samples][tokens] (REINFORCE++, arXiv
 * 2501.03262; GiGPO specification 2).
 * @param options gamma from 0 to 1
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_MASK_EMPTY, ALGORITHM_REWARD_NOT_FINITE,
 * ALGORITHM_ADVANTAGE_OPTION
 */
export function reinforcePlusPlus(batch: TokenRewards, options: { readonly gamma: number }): number[][] {
  checkRange('gamma', options.gamma, [0, 1]);
  return whitenTokens('returns', tokenReturns(batch, options.gamma), batch.mask);
}

export interface BaselineBatch {
  /** The group of each sample, [samples]. */
  readonly groups: readonly string[];
  /** Reward of each sample, [samples]. */
  readonly scores: readonly number[];
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
}

/**
 * Score minus its group's mean, whitened over all tokens of the batch, [samples][tokens] (REINFORCE++ with a
 * baseline; GiGPO specification 2). A group of one has the mean 0 with `raw`, as in the reference trainer, and its own
 * score with `zero`.
 * @param options singletons: 'zero' by default
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_MASK_EMPTY, ALGORITHM_REWARD_NOT_FINITE,
 * ALGORITHM_ADVANTAGE_OPTION
 */
export function reinforcePlusPlusBaseline(
  batch: BaselineBatch,
  options: { readonly singletons?: Singletons } = {},
): number[][] {
  const { groups, scores, mask } = batch;
  const { singletons = 'zero' } = options;
  checkLengths(groups.length, { scores, mask });
  checkFinite('scores', scores);
  checkChoice('singletons', singletons, SINGLETONS);
  const centred = [...scores];
  for (const members of membersOf(labelBy(groups))) {
    const isRaw = members.length === 1 && singletons === 'raw';
    const mean = isRaw ? 0 : steadyMean(pick(scores, members));
    for (const i of members) centred[i] = (scores[i] ?? 0) - mean;
  }
  const whiten = whiteningOfCounts(centred, maskLengths(mask));
  return mapTokens(mask, (s) => whiten(centred[s] ?? 0));
}
