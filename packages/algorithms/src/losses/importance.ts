import { AlgorithmError } from '../errors.js';
import { boundLogRatio, mapTokens, type TokenMatrix, tokenAt } from './token-matrix.js';

/**
 * What one weight belongs to: `token`, exp(old - sampler) of the token; `sequence`, the product of these over
 * the sequence, given to each of its tokens, which is unbiased but of higher variance.
 */
export type ImportanceLevel = 'token' | 'sequence';

export interface ImportanceInput {
  /**
   * Log-probabilities under the policy that the loss takes for the old one, computed by the trainer,
   * [samples][tokens].
   */
  readonly oldLogprobs: TokenMatrix;
  /** Log-probabilities that the sampler recorded, perhaps of an earlier policy version, [samples][tokens]. */
  readonly samplerLogprobs: TokenMatrix;
  /** 1 where a token carries loss, 0 where it does not, [samples][tokens]. */
  readonly mask: TokenMatrix;
  /** Largest weight, above 0. */
  readonly cap: number;
}

/** Both of the mask's shape, 0 on padding. */
export interface ImportanceWeights {
  readonly weights: number[][];
  /** 1 where the cap cut the weight. */
  readonly truncated: number[][];
}

const LOG_RATIOS: { readonly [L in ImportanceLevel]: (tokens: readonly number[]) => readonly number[] } = {
  token: (tokens) => tokens,
  sequence: (tokens) => {
    const sum = tokens.reduce((total, d) => total + d, 0);
    return tokens.map(() => sum);
  },
};

/** The names, for those who read them from outside: the keys of a total table. */
export const IMPORTANCE_LEVELS: readonly ImportanceLevel[] = Object.keys(LOG_RATIOS) as ImportanceLevel[];

/**
 * Truncated importance weights min(exp(old - sampler), cap) that policy losses of stale samples, or of
 * samples of an engine with other rounding, are multiplied by; constants to the gradient (Ionides 2008;
 * decoupled PPO of AReaL, arXiv 2505.24298). Log-ratios are moved into ±20.
 * @throws AlgorithmError ALGORITHM_SHAPE where a token that carries loss lacks a value, ALGORITHM_LOSS_OPTION
 * for a cap that is not above 0
 */
export function importanceWeights(level: ImportanceLevel, input: ImportanceInput): ImportanceWeights {
  const { oldLogprobs, samplerLogprobs, mask, cap } = input;
  if (!(cap > 0)) {
    throw new AlgorithmError('ALGORITHM_LOSS_OPTION', `importance cap is ${cap}, want a number above 0`);
  }
  const differences = mapTokens(
    mask,
    (s, t) => tokenAt('oldLogprobs', oldLogprobs, s, t) - tokenAt('samplerLogprobs', samplerLogprobs, s, t),
  );
  const ratios = differences.map((row) => LOG_RATIOS[level](row).map((d) => Math.exp(boundLogRatio(d))));
  return {
    weights: mapTokens(mask, (s, t) => Math.min(tokenAt('ratios', ratios, s, t), cap)),
    truncated: mapTokens(mask, (s, t) => Number(tokenAt('ratios', ratios, s, t) > cap)),
  };
}
