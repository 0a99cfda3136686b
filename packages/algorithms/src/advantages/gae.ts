import { mapTokens, type TokenMatrix, tokenAt } from '../losses/token-matrix.js';
import { checkChoice, checkFinite, checkRange } from './check.js';
import type { TokenRewards } from './reinforce-plus-plus.js';
import { whiteningOf } from './whiten.js';

/**
 * What the recursion does at tokens that carry no loss: `skipped` passes over them and gives them 0; `counted` reads
 * their rewards and values like any other and gives them a value, as the reference trainer does, which lets the
 * values of padding into the last token's advantage where lambda is below 1.
 */
export type GaePadding = 'skipped' | 'counted';

/** The names, for those who read them from outside. */
export const GAE_PADDINGS: readonly GaePadding[] = ['skipped', 'counted'];

export interface GaeBatch extends TokenRewards {
  /** What a critic expects from each token on, [samples][tokens]. */
  readonly values: TokenMatrix;
}

export interface GaeOptions {
  /** Discount per token, 0 to 1. @defaultValue 1 */
  readonly gamma?: number;
  /** How far an advantage looks past its critic, 0 to 1. @defaultValue 1 */
  readonly lambda?: number;
  /** Whether advantages are whitened over the tokens that carry loss. @defaultValue true */
  readonly isWhitened?: boolean;
  /** @defaultValue 'skipped' */
  readonly padding?: GaePadding;
}

/** Both [samples][tokens]. */
export interface GaeAdvantages {
  readonly advantages: number[][];
  /** Advantage before whitening, plus value: what the critic learns. */
  readonly returns: number[][];
}

/**
 * Generalised advantage estimates (arXiv 1506.02438; GiGPO specification 2): A_t = delta_t + gamma lambda A_(t+1)
 * with delta_t = r_t + gamma V_(t+1) - V_t, both 0 after the last token: a cut response gets no bootstrap.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_MASK_EMPTY, ALGORITHM_REWARD_NOT_FINITE,
 * ALGORITHM_ADVANTAGE_OPTION
 */
export function gae(batch: GaeBatch, options: GaeOptions = {}): GaeAdvantages {
  const { gamma = 1, lambda = 1, isWhitened = true, padding = 'skipped' } = options;
  checkRange('gamma', gamma, [0, 1]);
  checkRange('lambda', lambda, [0, 1]);
  checkChoice('padding', padding, GAE_PADDINGS);
  const read = padding === 'skipped' ? batch.mask : batch.mask.map((row) => row.map(() => 1));
  const rewards = mapTokens(read, (s, t) => tokenAt('rewards', batch.rewards, s, t));
  const values = mapTokens(read, (s, t) => tokenAt('values', batch.values, s, t));
  for (const [s, row] of rewards.entries()) checkFinite(`rewards[${s}]`, row);
  for (const [s, row] of values.entries()) checkFinite(`values[${s}]`, row);
  const raw = read.map((bits, s) => {
    const advantages = new Array<number>(bits.length).fill(0);
    let [nextValue, later] = [0, 0];
    for (let t = bits.length - 1; t >= 0; t--) {
      if (!((bits[t] ?? 0) > 0)) continue;
      const value = values[s]?.[t] ?? 0;
      later = (rewards[s]?.[t] ?? 0) + gamma * nextValue - value + gamma * lambda * later;
      advantages[t] = later;
      nextValue = value;
    }
    return advantages;
  });
  const returns = mapTokens(read, (s, t) => (raw[s]?.[t] ?? 0) + (values[s]?.[t] ?? 0));
  if (!isWhitened) return { advantages: raw, returns };
  const whiten = whiteningOf('advantages', raw, batch.mask);
  return { advantages: mapTokens(read, (s, t) => whiten(raw[s]?.[t] ?? 0)), returns };
}
