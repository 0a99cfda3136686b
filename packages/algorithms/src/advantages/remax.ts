import { mapTokens } from '../losses/token-matrix.js';
import { checkFinite, checkLengths } from './check.js';
import { type TokenRewards, tokenReturns } from './reinforce-plus-plus.js';

export interface RemaxBatch extends TokenRewards {
  /** Reward of a greedy completion of each sample's prompt, [samples]. */
  readonly baselines: readonly number[];
}

/**
 * Rewards from each token on, less that of a greedy completion, [samples][tokens] (ReMax, arXiv 2310.10505; GiGPO
 * specification 2); 0 on padding.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_REWARD_NOT_FINITE
 */
export function remax(batch: RemaxBatch): number[][] {
  const { mask, baselines } = batch;
  checkLengths(mask.length, { baselines });
  checkFinite('baselines', baselines);
  const returns = tokenReturns(batch, 1);
  return mapTokens(mask, (s, t) => (returns[s]?.[t] ?? 0) - (baselines[s] ?? 0));
}
