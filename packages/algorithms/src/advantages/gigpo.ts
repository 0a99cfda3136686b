import { AlgorithmError } from '../errors.js';
import { aloneWhereShort, exactAnchorGroups, historyGroups, similarAnchorGroups } from './anchors.js';
import { checkChoice, checkRange } from './check.js';
import { type Labels, membersOf } from './labels.js';
import { steadyMean } from './moments.js';
import {
  type GroupValues,
  groupValues,
  groupWeigher,
  type Normalisation,
  type NormalisationOptions,
  normalisationOf,
  type Weigh,
} from './normalisation.js';
import { checkSteps, partitionsOf, type ScoredSteps, type StepPartitions } from './steps.js';

/**
 * What the mean and spread of an episode group are taken of: `steps`, the score of every step, in which long
 * trajectories weigh more, or `trajectories`, the score of each trajectory's first step.
 */
export type EpisodeStatistics = 'steps' | 'trajectories';

/** The names, for those who read them from outside. */
export const EPISODE_STATISTICS: readonly EpisodeStatistics[] = ['steps', 'trajectories'];

/**
 * What the mean and spread of an anchor group are taken of: `visits`, every return from that state, or
 * `trajectories`, the mean return of each trajectory that came by, which a loop in one of them does not move.
 */
export type AnchorStatistics = 'visits' | 'trajectories';

/** The names, for those who read them from outside. */
export const ANCHOR_STATISTICS: readonly AnchorStatistics[] = ['visits', 'trajectories'];

export interface EpisodeOptions extends NormalisationOptions {
  /** @defaultValue 'steps' */
  readonly episodeStatistics?: EpisodeStatistics;
  /**
   * Whether copies count in statistics.
   * @defaultValue false
   */
  readonly countsCopies?: boolean;
}

export interface GigpoOptions extends EpisodeOptions {
  /**
   * Weight of the step advantage, at least 0; 0 leaves the episode's.
   * @defaultValue 1
   */
  readonly omega?: number;
  /**
   * Joins anchors of this similarity, above 0 and below 1; null joins equal ones alone.
   * @defaultValue null
   */
  readonly similarity?: number | null;
  /**
   * How many last states must agree, at least 1: more keep apart worlds that look the same.
   * @defaultValue 1
   */
  readonly anchorHistory?: number;
  /** @defaultValue 'visits' */
  readonly anchorStatistics?: AnchorStatistics;
}

/** All [samples]. */
export interface GigpoAdvantages {
  readonly episodeAdvantages: number[];
  /** The anchor group of each sample, numbered by first appearance. */
  readonly stepGroups: readonly number[];
  readonly stepAdvantages: number[];
  /** episodeAdvantages + omega stepAdvantages. */
  readonly advantages: number[];
}

/** What the reference trainer does, defects included (GiGPO specification 1.3 and 1.8). */
export const REFERENCE_GIGPO: Required<
  Pick<EpisodeOptions, 'singletons' | 'penaltySpread' | 'countsCopies'>
> = { singletons: 'raw', penaltySpread: 'standardise', countsCopies: true };

/**
 * Advantages of steps in groups of trajectories, of equal states within a group (GiGPO, arXiv 2505.10978; GiGPO
 * specification 1.2): A = A_E + omega A_S with A_E = (score - mean) / F over the group's scores and
 * A_S = (G - mean) / F over the returns from the same state, F the sample standard deviation + epsilon, or 1.
 *
 * It differs from the reference trainer in its defaults, and is the same with `REFERENCE_GIGPO`:
 * - a group with one score to compare gets 0, not its raw score (`singletons`)
 * - values that differ by invalid-action penalties alone are not standardised (`penaltySpread`)
 * - copies that fill up a batch get their sample's advantage, but do not shift means (`countsCopies`)
 *
 * @throws AlgorithmError ALGORITHM_SHAPE, ALGORITHM_REWARD_NOT_FINITE, ALGORITHM_EPSILON, ALGORITHM_ANCHOR,
 * ALGORITHM_ADVANTAGE_OPTION
 */
export function gigpo(batch: ScoredSteps, options: GigpoOptions = {}): GigpoAdvantages {
  const { omega = 1 } = options;
  checkRange('omega', omega, [0, Number.POSITIVE_INFINITY]);
  const episodeAdvantages = episodeAdvantagesOf(batch, options);
  const { stepGroups, stepAdvantages } = stepAdvantagesOf(batch, options);
  return {
    episodeAdvantages,
    stepGroups,
    stepAdvantages,
    advantages: episodeAdvantages.map((episode, i) => episode + omega * (stepAdvantages[i] ?? 0)),
  };
}

/**
 * A_E of each sample, in linear time.
 * @throws AlgorithmError as `gigpo`
 */
export function episodeAdvantagesOf(batch: ScoredSteps, options: EpisodeOptions = {}): number[] {
  checkSteps(batch);
  const normalisation = normalisationOf(options);
  const { episodeStatistics = 'steps', countsCopies = false } = options;
  checkChoice('episodeStatistics', episodeStatistics, EPISODE_STATISTICS);
  const { groups, trajectories } = partitionsOf(batch.groups, batch.trajectories);
  const advantages = new Array<number>(batch.groups.length).fill(0);
  for (const members of membersOf(groups)) {
    const counted = originals(batch, members, countsCopies);
    const compared = episodeStatistics === 'steps' ? counted : firstOfEach(trajectories, counted);
    const weigh = episodeWeigher(batch, compared, normalisation);
    for (const i of members) advantages[i] = weigh(batch.episodeScores[i] ?? 0);
  }
  return advantages;
}

function episodeWeigher(
  batch: ScoredSteps,
  compared: readonly number[],
  normalisation: Normalisation,
): Weigh {
  const { episodeScores, unpenalised } = batch;
  const { mode, epsilon, singletons } = normalisation;
  if (compared.length > 1) {
    const group = groupValues(episodeScores, unpenalised?.episodeScores, compared);
    return groupWeigher(group, normalisation, 'sample');
  }
  if (singletons === 'zero') return () => 0;
  // The reference: mean 0 and standard deviation 1.
  return (score) => (mode === 'mean_norm' ? score : score / (1 + epsilon));
}

/**
 * Anchor groups and A_S of each sample; a state that is seen once has 0. Expected linear time, but for
 * similarity.
 * @throws AlgorithmError as `gigpo`
 */
export function stepAdvantagesOf(
  batch: ScoredSteps,
  options: GigpoOptions = {},
): Pick<GigpoAdvantages, 'stepGroups' | 'stepAdvantages'> {
  checkSteps(batch);
  const normalisation = normalisationOf(options);
  const { anchorStatistics = 'visits', countsCopies = false } = options;
  checkChoice('anchorStatistics', anchorStatistics, ANCHOR_STATISTICS);
  const partitions = partitionsOf(batch.groups, batch.trajectories);
  const stepGroups = anchorGroups(batch, partitions, options);
  const { stepReturns, unpenalised } = batch;
  const stepAdvantages = new Array<number>(stepReturns.length).fill(0);
  for (const members of membersOf(stepGroups)) {
    const visits = originals(batch, members, countsCopies);
    const group =
      anchorStatistics === 'visits'
        ? groupValues(stepReturns, unpenalised?.stepReturns, visits)
        : trajectoryMeans(batch, partitions.trajectories, visits);
    if (group.values.length < 2) continue;
    const weigh = groupWeigher(group, normalisation, 'sample');
    for (const i of members) stepAdvantages[i] = weigh(stepReturns[i] ?? 0);
  }
  return { stepGroups: stepGroups.labels, stepAdvantages };
}

function anchorGroups(batch: ScoredSteps, partitions: StepPartitions, options: GigpoOptions): Labels {
  const { similarity = null, anchorHistory = 1 } = options;
  if (similarity !== null && !(similarity > 0 && similarity < 1)) {
    throw new AlgorithmError(
      'ALGORITHM_ADVANTAGE_OPTION',
      `similarity is ${similarity}, want a number above 0 and below 1`,
    );
  }
  checkHistory('anchorHistory', anchorHistory, 1);
  const states =
    similarity === null
      ? exactAnchorGroups(partitions.groups, batch.anchors)
      : similarAnchorGroups(partitions.groups, batch.anchors, similarity);
  if (anchorHistory === 1) return states;
  refuseCopies('anchorHistory above 1', batch);
  const levels = historyGroups(states, partitions.trajectories, anchorHistory);
  return aloneWhereShort(levels.at(-1) ?? []);
}

/** @throws AlgorithmError ALGORITHM_ADVANTAGE_OPTION */
export function checkHistory(name: string, history: number, least: number): void {
  if (Number.isInteger(history) && history >= least && history <= 64) return;
  throw new AlgorithmError(
    'ALGORITHM_ADVANTAGE_OPTION',
    `${name} is ${history}, want an integer from ${least} to 64`,
  );
}

/** @throws AlgorithmError ALGORITHM_ADVANTAGE_OPTION: a copy stands outside the order of its trajectory */
export function refuseCopies(name: string, { isCopy }: ScoredSteps): void {
  if (!isCopy?.includes(true)) return;
  throw new AlgorithmError(
    'ALGORITHM_ADVANTAGE_OPTION',
    `${name} reads trajectories in order, want no copies`,
  );
}

/** Members that count in statistics. */
function originals(
  { isCopy }: ScoredSteps,
  members: readonly number[],
  countsCopies: boolean,
): readonly number[] {
  return isCopy === undefined || countsCopies ? members : members.filter((i) => !isCopy[i]);
}

/** The first member of each trajectory. */
function firstOfEach(trajectories: Labels, members: readonly number[]): number[] {
  const seen = new Set<number>();
  return members.filter((i) => {
    const trajectory = trajectories.labels[i] ?? 0;
    return !seen.has(trajectory) && seen.add(trajectory);
  });
}

/** Mean return of each trajectory's visits, before and after penalties. */
function trajectoryMeans(batch: ScoredSteps, trajectories: Labels, visits: readonly number[]): GroupValues {
  const byTrajectory = new Map<number, number[]>();
  for (const i of visits) {
    const trajectory = trajectories.labels[i] ?? 0;
    const known = byTrajectory.get(trajectory);
    if (known === undefined) byTrajectory.set(trajectory, [i]);
    else known.push(i);
  }
  const groups = [...byTrajectory.values()].map((indices) =>
    groupValues(batch.stepReturns, batch.unpenalised?.stepReturns, indices),
  );
  return {
    values: groups.map(({ values }) => steadyMean(values)),
    unpenalised: groups.map(({ unpenalised }) => steadyMean(unpenalised)),
  };
}
