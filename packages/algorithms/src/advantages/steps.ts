import type { Anchor } from './anchors.js';
import { checkFinite, checkLengths, checkRange } from './check.js';
import { type Labels, labelBy, labelByBoth } from './labels.js';

/** One step of an agent in its environment: one training sample (GiGPO specification 1.1). */
export interface EpisodeStep {
  /** The task and initial state, the same for all trajectories that are compared. */
  readonly group: string;
  /** The trajectory within its group. */
  readonly trajectory: string;
  /** The state that the step was taken in. */
  readonly anchor: Anchor;
  /** Reward of the environment for this step. */
  readonly reward: number;
  /** Whether the response was an action in the form that was asked for. */
  readonly isValid: boolean;
}

export interface StepScoring {
  /** Discount of a reward per step, 0 to 1. */
  readonly gamma: number;
  /** Taken off the scores of each invalid step, at least 0, in units of reward. */
  readonly invalidPenalty: number;
}

/** Steps as their estimators read them, every column [samples]. */
export interface ScoredSteps {
  readonly groups: readonly string[];
  readonly trajectories: readonly string[];
  readonly anchors: readonly Anchor[];
  /** Discounted reward from each step on, less its penalty. */
  readonly stepReturns: readonly number[];
  /** Reward of the step's whole trajectory, less the step's penalty. */
  readonly episodeScores: readonly number[];
  /** Both before penalties; absent where there are none. */
  readonly unpenalised?: {
    readonly stepReturns: readonly number[];
    readonly episodeScores: readonly number[];
  };
  /** Which samples repeat one that stands elsewhere in the batch, to fill it up; absent where none does. */
  readonly isCopy?: readonly boolean[];
}

/** A scored batch whose steps may be told what they were before penalties. */
export type PenalisedSteps = ScoredSteps & Required<Pick<ScoredSteps, 'unpenalised'>>;

/** The partitions by group, and by trajectory within a group. */
export interface StepPartitions {
  readonly groups: Labels;
  readonly trajectories: Labels;
}

/**
 * Groups and trajectories of samples, numbered by first appearance.
 * @throws AlgorithmError ALGORITHM_SHAPE
 */
export function partitionsOf(groups: readonly string[], trajectories: readonly string[]): StepPartitions {
  checkLengths(groups.length, { trajectories });
  const byGroup = labelBy(groups);
  return { groups: byGroup, trajectories: labelByBoth(byGroup, labelBy(trajectories)) };
}

/**
 * Returns and scores of steps, in linear time: G_t = sum over k >= t of gamma^(k - t) r_k within a trajectory, and
 * the trajectory's whole reward for each of its steps. The penalty comes off an invalid step's own two numbers
 * after discounting, so it reaches no other step (GiGPO specification 1.2 and 1.3, points 2 and 3). The steps of a
 * trajectory stand in the order of time; trajectories may be interleaved.
 * @throws AlgorithmError ALGORITHM_REWARD_NOT_FINITE, ALGORITHM_ADVANTAGE_OPTION
 */
export function scoreSteps(steps: readonly EpisodeStep[], scoring: StepScoring): PenalisedSteps {
  const { gamma, invalidPenalty } = scoring;
  checkRange('gamma', gamma, [0, 1]);
  checkRange('invalidPenalty', invalidPenalty, [0, Number.POSITIVE_INFINITY]);
  const rewards = steps.map(({ reward }) => reward);
  checkFinite('rewards', rewards);
  const groups = steps.map(({ group }) => group);
  const trajectories = steps.map(({ trajectory }) => trajectory);
  const { labels, count } = partitionsOf(groups, trajectories).trajectories;

  const totals = new Array<number>(count).fill(0);
  for (const [i, label] of labels.entries()) totals[label] = (totals[label] ?? 0) + (rewards[i] ?? 0);
  const later = new Array<number>(count).fill(0);
  const returns = new Array<number>(steps.length).fill(0);
  for (let i = steps.length - 1; i >= 0; i--) {
    const label = labels[i] ?? 0;
    const value = (rewards[i] ?? 0) + gamma * (later[label] ?? 0);
    later[label] = value;
    returns[i] = value;
  }

  const episodeReturns = labels.map((label) => totals[label] ?? 0);
  const less = (value: number, i: number): number => (steps[i]?.isValid ? value : value - invalidPenalty);
  return {
    groups,
    trajectories,
    anchors: steps.map(({ anchor }) => anchor),
    stepReturns: returns.map(less),
    episodeScores: episodeReturns.map(less),
    unpenalised: { stepReturns: returns, episodeScores: episodeReturns },
  };
}

/**
 * Checks the columns of a batch.
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_REWARD_NOT_FINITE
 */
export function checkSteps(batch: ScoredSteps): void {
  const { groups, trajectories, anchors, stepReturns, episodeScores, unpenalised, isCopy } = batch;
  checkLengths(groups.length, {
    trajectories,
    anchors,
    stepReturns,
    episodeScores,
    isCopy,
    'unpenalised.stepReturns': unpenalised?.stepReturns,
    'unpenalised.episodeScores': unpenalised?.episodeScores,
  });
  checkFinite('stepReturns', stepReturns);
  checkFinite('episodeScores', episodeScores);
  checkFinite('unpenalised.stepReturns', unpenalised?.stepReturns ?? []);
  checkFinite('unpenalised.episodeScores', unpenalised?.episodeScores ?? []);
}
