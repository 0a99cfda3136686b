import { AlgorithmError } from '../errors.js';

/** Log-probability of one completion of a pair, in nats, summed over its tokens. */
export interface PairSide {
  readonly logprob: number;
  readonly referenceLogprob: number;
}

export interface PreferencePair {
  readonly chosen: PairSide;
  readonly rejected: PairSide;
}

export interface DpoOptions {
  /** Strength of the pull to the reference, above 0. */
  readonly beta: number;
  /** Share in [0, 0.5) of labels taken to be wrong. */
  readonly labelSmoothing: number;
}

export interface DpoTerms {
  /** Loss of the pair, in nats. */
  readonly loss: number;
  /** Implicit rewards beta (logprob - reference). */
  readonly chosenReward: number;
  readonly rejectedReward: number;
  /** chosenReward - rejectedReward; the pair counts as right where it is above 0. */
  readonly margin: number;
}

/** log(1 + exp(x)), for x of any size. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/**
 * Direct preference optimisation: -(1 - e) log sigmoid(m) - e log sigmoid(-m) with margin
 * m = beta ((chosen - its reference) - (rejected - its reference)) and label smoothing e
 * (Rafailov et al., arXiv 2305.18290, equation 7; smoothing as in conservative DPO, Mitchell 2023).
 * @throws AlgorithmError ALGORITHM_LOSS_OPTION
 */
export function dpoTerms({ chosen, rejected }: PreferencePair, options: DpoOptions): DpoTerms {
  const { beta, labelSmoothing } = options;
  if (!(beta > 0)) {
    throw new AlgorithmError('ALGORITHM_LOSS_OPTION', `beta is ${beta}, want a number above 0`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 0.5)) {
    throw new AlgorithmError(
      'ALGORITHM_LOSS_OPTION',
      `labelSmoothing is ${labelSmoothing}, want a number in [0, 0.5)`,
    );
  }
  const reward = ({ logprob, referenceLogprob }: PairSide): number => beta * (logprob - referenceLogprob);
  const [chosenReward, rejectedReward] = [reward(chosen), reward(rejected)];
  const margin = chosenReward - rejectedReward;
  const loss = (1 - labelSmoothing) * softplus(-margin) + labelSmoothing * softplus(margin);
  return { loss, chosenReward, rejectedReward, margin };
}
