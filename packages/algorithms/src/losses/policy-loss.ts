import { AlgorithmError } from '../errors.js';
import { boundLogRatio, clamp, mapTokens, maskLengths, type TokenMatrix, tokenAt } from './token-matrix.js';

/**
 * Loss of a token with advantage A, log-probability l and ratio r = exp(l - old):
 * - `ppo`: max(-A r, -A clip(r)) (arXiv 1707.06347, equation 7); with clipHigh above clipLow, DAPO's
 *   clip-higher
 * - `ppo_dual_clip`: the same, and at most -A c where A < 0 (dual-clip PPO, arXiv 1912.09729)
 * - `gspo`: `ppo` with r = exp(l - sg(l) + mean over the sequence's tokens of sg(l - old)), the exponent at
 *   most 10 (GSPO-token, arXiv 2507.18071; GiGPO specification 2.1)
 * - `cispo`: -sg(clip(r)) A l (arXiv 2506.13585, equations 4 and 5)
 * - `reinforce`: -A l (Williams 1992)
 *
 * sg stops the gradient. l - old is moved into ±20 first, but not for `gspo`.
 */
export type PolicyEstimator = 'ppo' | 'ppo_dual_clip' | 'gspo' | 'cispo' | 'reinforce';

export interface PolicyLossInput {
  /** Log-probabilities under the policy that learns, in nats, [samples][tokens]. */
  readonly logprobs: TokenMatrix;
  /** Log-probabilities under the policy that the ratio is taken to, in nats, [samples][tokens]. */
  readonly oldLogprobs: TokenMatrix;
  /** Advantage of each token, [samples][tokens]. */
  readonly advantages: TokenMatrix;
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
  /**
   * Ratios are clipped to [1 - clipLow, 1 + clipHigh]; clipLow in [0, 1], clipHigh >= 0. `reinforce` reads
   * neither.
   */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** The constant c of `ppo_dual_clip`, above 1; others do not read it. */
  readonly dualClip?: number;
  /**
   * What stands for the log-probabilities inside sg: hold it still to take differences of the loss.
   * @defaultValue logprobs
   */
  readonly heldLogprobs?: TokenMatrix;
}

/** All of the mask's shape, with 0 on padding. */
export interface PolicyLossTerms {
  readonly losses: number[][];
  readonly ratios: number[][];
  /** 1 where the lower or upper bound, or the dual clip, decides the loss (of `cispo`: cuts the weight). */
  readonly clippedLow: number[][];
  readonly clippedHigh: number[][];
  readonly clippedDual: number[][];
}

interface Token {
  readonly logprob: number;
  readonly advantage: number;
  readonly ratio: number;
}
interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly dual: number;
}
interface TokenLoss {
  readonly loss: number;
  readonly clip: 'low' | 'high' | 'dual' | null;
}
type RatioRule = (input: PolicyLossInput, held: TokenMatrix) => number[][];

/** exp(l - old) of each token; `held` takes the place of l where the gradient stops. */
const tokenRatios =
  (isHeld: boolean): RatioRule =>
  ({ logprobs, oldLogprobs, mask }, held) =>
    mapTokens(mask, (s, t) => {
      const logprob = tokenAt('logprobs', isHeld ? held : logprobs, s, t);
      return Math.exp(boundLogRatio(logprob - tokenAt('oldLogprobs', oldLogprobs, s, t)));
    });

const sequenceRatios: RatioRule = ({ logprobs, oldLogprobs, mask }, held) => {
  const lengths = maskLengths(mask);
  const differences = mapTokens(
    mask,
    (s, t) => tokenAt('heldLogprobs', held, s, t) - tokenAt('oldLogprobs', oldLogprobs, s, t),
  );
  const means = differences.map((row, s) => row.reduce((sum, d) => sum + d, 0) / (lengths[s] || 1));
  return mapTokens(mask, (s, t) => {
    const own = tokenAt('logprobs', logprobs, s, t) - tokenAt('heldLogprobs', held, s, t);
    return Math.exp(Math.min(own + (means[s] ?? 0), 10));
  });
};

function clippedLoss({ advantage, ratio }: Token, { low, high }: Bounds): TokenLoss {
  const plain = -advantage * ratio;
  const clipped = -advantage * clamp(ratio, low, high);
  if (clipped <= plain) return { loss: plain, clip: null };
  return { loss: clipped, clip: ratio < low ? 'low' : 'high' };
}

function dualClippedLoss(token: Token, bounds: Bounds): TokenLoss {
  const single = clippedLoss(token, bounds);
  const most = -token.advantage * bounds.dual;
  // Where A < 0 only the lower bound clips, at a loss of at most -A, which is below -A c: the two never meet.
  return token.advantage < 0 && most < single.loss ? { loss: most, clip: 'dual' } : single;
}

function weightedLogprob({ logprob, advantage, ratio }: Token, { low, high }: Bounds): TokenLoss {
  const clip = ratio < low ? 'low' : ratio > high ? 'high' : null;
  return { loss: -clamp(ratio, low, high) * advantage * logprob, clip };
}

interface EstimatorRule {
  readonly ratios: RatioRule;
  readonly loss: (token: Token, bounds: Bounds) => TokenLoss;
}

const ESTIMATORS: { readonly [E in PolicyEstimator]: EstimatorRule } = {
  ppo: { ratios: tokenRatios(false), loss: clippedLoss },
  ppo_dual_clip: { ratios: tokenRatios(false), loss: dualClippedLoss },
  gspo: { ratios: sequenceRatios, loss: clippedLoss },
  cispo: { ratios: tokenRatios(true), loss: weightedLogprob },
  reinforce: {
    ratios: tokenRatios(false),
    loss: ({ logprob, advantage }) => ({ loss: -advantage * logprob, clip: null }),
  },
};

/** The names, for those who read them from outside: the keys of a total table. */
export const POLICY_ESTIMATORS: readonly PolicyEstimator[] = Object.keys(ESTIMATORS) as PolicyEstimator[];

/**
 * Policy-gradient losses of single tokens in float64, before aggregation.
 * @throws AlgorithmError ALGORITHM_SHAPE where a token that carries loss lacks a value, ALGORITHM_CLIP,
 * ALGORITHM_LOSS_OPTION for a dual clip that is not above 1
 */
export function policyLosses(estimator: PolicyEstimator, input: PolicyLossInput): PolicyLossTerms {
  const bounds = boundsOf(estimator, input);
  const rule = ESTIMATORS[estimator];
  const ratios = rule.ratios(input, input.heldLogprobs ?? input.logprobs);
  const terms = input.mask.map((row, s) =>
    row.map((bit, t): TokenLoss => {
      if (!(bit > 0)) return { loss: 0, clip: null };
      const logprob = tokenAt('logprobs', input.logprobs, s, t);
      const advantage = tokenAt('advantages', input.advantages, s, t);
      return rule.loss({ logprob, advantage, ratio: tokenAt('ratios', ratios, s, t) }, bounds);
    }),
  );
  const clippedBy = (clip: TokenLoss['clip']): number[][] =>
    terms.map((row) => row.map((term) => Number(term.clip === clip)));
  return {
    losses: terms.map((row) => row.map((term) => term.loss)),
    ratios,
    clippedLow: clippedBy('low'),
    clippedHigh: clippedBy('high'),
    clippedDual: clippedBy('dual'),
  };
}

function boundsOf(estimator: PolicyEstimator, input: PolicyLossInput): Bounds {
  const { clipLow, clipHigh, dualClip = Number.NaN } = input;
  if (!(clipLow >= 0 && clipLow <= 1 && clipHigh >= 0)) {
    throw new AlgorithmError(
      'ALGORITHM_CLIP',
      `clip range is (${clipLow}, ${clipHigh}), want clipLow in [0, 1] and clipHigh >= 0`,
    );
  }
  if (estimator === 'ppo_dual_clip' && !(dualClip > 1)) {
    throw new AlgorithmError('ALGORITHM_LOSS_OPTION', `dualClip is ${input.dualClip}, want a number above 1`);
  }
  return { low: 1 - clipLow, high: 1 + clipHigh, dual: dualClip };
}
