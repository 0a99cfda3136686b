import type { Dim, Tensor, Tracer } from '@residency/tensor';

/**
 * What every loss is built from: B sequences of S tokens, right-padded. All f32[B,S]; padding may hold any
 * values, which reach neither the loss nor a gradient.
 */
export interface TokenContext {
  /** Natural-log probabilities of the taken tokens under the policy being trained. */
  readonly logprobs: Tensor;
  /** Entropy in nats of the distribution that each token was drawn from; there when the loss needs it. */
  readonly entropy: Tensor | null;
  /** Above 0 on tokens that carry loss, 0 on padding. */
  readonly mask: Tensor;
  /** Aggregation weight of each token: the loss is the sum over tokens of weight times token loss. */
  readonly weights: Tensor;
  readonly shape: readonly [Dim, Dim];
}

/**
 * What a loss reports. `weighted`: a sum with the aggregation's weights (pair weights for preferences), a
 * part of the step's loss as it is. `token` and `pair`: a plain sum over the tokens that carry loss or over
 * the pairs, to be divided by their number.
 */
export type SumKind = 'weighted' | 'token' | 'pair';

/** Every sum that a loss may report, and its kind. */
export interface LossSums {
  /** What is differentiated. */
  readonly loss: 'weighted';
  /** Policy losses, times importance weights where there are any. */
  readonly policyLoss: 'weighted';
  /** KL penalties before the coefficient. */
  readonly klPenalty: 'weighted';
  /** Entropies before the coefficient. */
  readonly entropyBonus: 'weighted';
  /** Negative log-likelihood. */
  readonly nll: 'weighted';
  /** Log-probabilities: minus their mean estimates the entropy. */
  readonly logprob: 'token';
  /** KL estimates to the reference, in nats. */
  readonly kl: 'token';
  /** Entropies, in nats. */
  readonly entropy: 'token';
  /** Probability ratios of the policy being trained to the old one; of the whole sequence for `gspo`. */
  readonly ratio: 'token';
  /** KL(old || new) in nats, estimated by old - new, of either sign. */
  readonly oldKlK1: 'token';
  /** KL(old || new) in nats, estimated by exp(new - old) - 1 - (new - old), never negative. */
  readonly oldKlK3: 'token';
  /** Tokens whose loss, or weight, the lower bound decided. */
  readonly clippedLow: 'token';
  /** Likewise the upper bound. */
  readonly clippedHigh: 'token';
  /** Likewise the dual clip. */
  readonly clippedDual: 'token';
  /** Importance weights after truncation. */
  readonly importance: 'token';
  /** Tokens whose importance weight the cap cut. */
  readonly truncated: 'token';
  /** Pairs whose margin is above 0. */
  readonly accuracy: 'pair';
  /** Chosen minus rejected reward. */
  readonly margin: 'pair';
  /** beta (logprob - reference) of the chosen completions. */
  readonly chosenReward: 'pair';
  /** Likewise of the rejected ones. */
  readonly rejectedReward: 'pair';
}
export type LossSum = keyof LossSums;
export const LOSS_SUMS: LossSums = {
  loss: 'weighted',
  policyLoss: 'weighted',
  klPenalty: 'weighted',
  entropyBonus: 'weighted',
  nll: 'weighted',
  logprob: 'token',
  kl: 'token',
  entropy: 'token',
  ratio: 'token',
  oldKlK1: 'token',
  oldKlK3: 'token',
  clippedLow: 'token',
  clippedHigh: 'token',
  clippedDual: 'token',
  importance: 'token',
  truncated: 'token',
  accuracy: 'pair',
  margin: 'pair',
  chosenReward: 'pair',
  rejectedReward: 'pair',
};

export interface BuiltLoss {
  /** f32[]: what is differentiated. */
  readonly total: Tensor;
  /** f32[] each. */
  readonly sums: Readonly<Partial<Record<LossSum, Tensor>>>;
}

/** Inputs that a loss declares beside the token context. */
export type TokenInput = 'oldLogprobs' | 'referenceLogprobs' | 'samplerLogprobs' | 'advantages';
export interface LossInputs {
  /** f32[B,S] each, in nats but for advantages; any values on padding. */
  readonly tokens: readonly TokenInput[];
  /** f32[B/2] each: sequence 2k is the chosen and 2k+1 the rejected completion of pair k. */
  readonly pairs: readonly 'pairWeights'[];
  /** f32[] each: what `lossInputs` of the table gives. */
  readonly scalars: readonly ScalarInput[];
}

/**
 * Hyperparameters as a program takes them; they are inputs, so that one compiled program serves all values.
 */
export type ScalarInput =
  | 'ratioMin'
  | 'ratioMax'
  | 'dualClip'
  | 'importanceCap'
  | 'klCoefficient'
  | 'entropyCoefficient'
  | 'dpoBeta'
  | 'labelSmoothing';

/** One family of losses; `O` holds the static choices, which select a program. */
export interface LossDefinition<O> {
  /** @throws ModelError `MODEL_REQUEST` naming the option */
  check(options: O): void;
  /** Names the static choices: equal keys mean equal programs. */
  key(options: O): string;
  needsEntropy(options: O): boolean;
  inputs(options: O): LossInputs;
  /**
   * Builds the loss, declaring its inputs. Where two operands of a maximum or minimum tie the first takes the
   * gradient: at the bounds of a clip the gradient flows.
   * @throws ModelError `MODEL_REQUEST` naming the option, or the entropy that is missing
   */
  build(t: Tracer, tokens: TokenContext, options: O): BuiltLoss;
}
