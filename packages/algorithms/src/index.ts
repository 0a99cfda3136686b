export {
  type AdvantageEstimate,
  type AdvantageRequest,
  type Estimator,
  type EstimatorRule,
  estimateAdvantages,
  estimators,
  isEstimator,
} from './advantages.js';
export { type RandomKey, randomWords, shuffle, uniform, uniformBelow } from './counter-random.js';
export { AlgorithmError, type AlgorithmErrorCode, algorithmErrors } from './errors.js';
export { multiplyHigh, philox4x32, type Words2, type Words4 } from './philox.js';
export {
  clipFraction,
  clippedPolicyLoss,
  type KlInput,
  klK3,
  type PolicyLossInput,
  type TokenMatrix,
} from './policy-loss.js';
