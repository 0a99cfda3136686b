import { mapTokens, sumTokens, type TokenMatrix, tokenAt } from './token-matrix.js';

/**
 * Negative log-likelihood in nats: minus the sum over tokens of weight times log-probability, both
 * [samples][tokens]. Tokens of weight 0 are not read.
 * @throws AlgorithmError ALGORITHM_SHAPE where a token with a weight lacks a log-probability
 */
export function negativeLogLikelihood(logprobs: TokenMatrix, weights: TokenMatrix): number {
  const isWeighed = weights.map((row) => row.map((w) => Number(w !== 0)));
  const terms = mapTokens(
    isWeighed,
    (s, t) => tokenAt('weights', weights, s, t) * tokenAt('logprobs', logprobs, s, t),
  );
  return -sumTokens(terms);
}
