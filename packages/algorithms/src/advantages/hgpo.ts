import { exactAnchorGroups, historyGroups } from './anchors.js';
import { checkRange } from './check.js';
import { checkHistory, type EpisodeOptions, episodeAdvantagesOf, refuseCopies } from './gigpo.js';
import { steadyMean } from './moments.js';
import { groupValues, groupWeigher, normalisationOf } from './normalisation.js';
import { checkSteps, partitionsOf, type ScoredSteps } from './steps.js';

export interface HgpoOptions extends EpisodeOptions {
  /**
   * Steps of history that a prompt shows, H, 0 to 64: contexts of 1 to H + 1 last states are compared.
   * @defaultValue 2
   */
  readonly history?: number;
  /**
   * A context of k states weighs (k + 1)^alpha; 0 weighs all the same.
   * @defaultValue 1
   */
  readonly alpha?: number;
  /**
   * Whether the episode advantage counts as the context of no states, of weight 1.
   * @defaultValue false
   */
  readonly hasEpisodeTerm?: boolean;
}

/** Added to the sum of the weights that an advantage is divided by. */
const WEIGHT_EPSILON = 1e-6;
/** Relative distance to the mean that is rounding: such an a_k must not count with its whole weight. */
const ROUNDING = 1e-12;

/**
 * Advantages of steps, [samples], averaged over contexts of one to H + 1 last states (HGPO, GiGPO specification
 * 2.2): within a context that occurs at least twice, a_k = (G - mean) / F, F the population standard deviation +
 * epsilon, or 1; A = sum of w_k a_k / (sum of w_k + 1e-6) over the a_k that are not 0, w_k = (k + 1)^alpha. The steps
 * of a trajectory stand in the order of time. Linear in samples times H. Defaults differ from the
 * reference trainer's as those of `gigpo` do, for the episode term and for penalties.
 * @throws AlgorithmError as `gigpo`, and ALGORITHM_ADVANTAGE_OPTION for a batch with copies
 */
export function hgpo(batch: ScoredSteps, options: HgpoOptions = {}): number[] {
  const { history = 2, alpha = 1, hasEpisodeTerm = false } = options;
  checkSteps(batch);
  checkHistory('history', history, 0);
  checkRange('alpha', alpha, [0, Number.POSITIVE_INFINITY]);
  refuseCopies('hgpo', batch);
  const { groups, trajectories } = partitionsOf(batch.groups, batch.trajectories);
  const contexts = historyGroups(exactAnchorGroups(groups, batch.anchors), trajectories, history + 1);
  const terms = contexts.map((level) => contextAdvantages(batch, level, options));

  const samples = batch.groups.length;
  const sums = new Array<number>(samples).fill(0);
  const weights = new Array<number>(samples).fill(0);
  const add = (values: readonly number[], weight: number): void => {
    for (const [i, value] of values.entries()) {
      if (value === 0) continue;
      sums[i] = (sums[i] ?? 0) + weight * value;
      weights[i] = (weights[i] ?? 0) + weight;
    }
  };
  if (hasEpisodeTerm) add(episodeAdvantagesOf(batch, options), 1);
  for (const [at, values] of terms.entries()) add(values, (at + 2) ** alpha);
  return sums.map((sum, i) => (sum === 0 ? 0 : sum / ((weights[i] ?? 0) + WEIGHT_EPSILON)));
}

/** a_k of each sample; 0 where its context occurs once, or its return is the mean up to rounding. */
function contextAdvantages(
  batch: ScoredSteps,
  level: readonly (number | null)[],
  options: HgpoOptions,
): number[] {
  const normalisation = normalisationOf(options);
  const { stepReturns, unpenalised } = batch;
  const members = new Map<number, number[]>();
  for (const [i, context] of level.entries()) {
    if (context === null) continue;
    const known = members.get(context);
    if (known === undefined) members.set(context, [i]);
    else known.push(i);
  }
  const advantages = new Array<number>(level.length).fill(0);
  for (const indices of members.values()) {
    if (indices.length < 2) continue;
    const group = groupValues(stepReturns, unpenalised?.stepReturns, indices);
    const weigh = groupWeigher(group, normalisation, 'population');
    const mean = steadyMean(group.values);
    for (const i of indices) {
      const value = stepReturns[i] ?? 0;
      const isMean = Math.abs(value - mean) <= ROUNDING * Math.max(Math.abs(value), Math.abs(mean));
      advantages[i] = isMean ? 0 : weigh(value);
    }
  }
  return advantages;
}
