import { checkChoice, checkEpsilon, checkRange } from './check.js';
import { SINGLETONS, type Singletons } from './group-estimators.js';
import { pick } from './labels.js';
import { populationStd, sampleStd, steadyMean } from './moments.js';

/** What the distance to the group's mean is divided by: its standard deviation, or 1 (GiGPO specification 1.2). */
export type NormalisationMode = 'mean_std_norm' | 'mean_norm';

/** The names, for those who read them from outside. */
export const NORMALISATION_MODES: readonly NormalisationMode[] = ['mean_std_norm', 'mean_norm'];

/**
 * What `mean_std_norm` does with a group whose values differ by penalties alone: `plain` divides by 1, so that a
 * penalty keeps its size; `standardise` divides as ever, and makes the smallest penalty as loud as success.
 */
export type PenaltySpread = 'plain' | 'standardise';

/** The names, for those who read them from outside. */
export const PENALTY_SPREADS: readonly PenaltySpread[] = ['plain', 'standardise'];

export interface NormalisationOptions {
  /** @defaultValue 'mean_norm' */
  readonly mode?: NormalisationMode;
  /**
   * Added to a standard deviation, and the spread before penalties under which values count as equal.
   * @defaultValue 1e-6
   */
  readonly epsilon?: number;
  /**
   * Least standard deviation to divide by, in units of reward, at least 0.
   * @defaultValue 0
   */
  readonly stdFloor?: number;
  /** @defaultValue 'zero' */
  readonly singletons?: Singletons;
  /** @defaultValue 'plain' */
  readonly penaltySpread?: PenaltySpread;
}

export type Normalisation = Required<NormalisationOptions>;

/**
 * Options with every default filled in.
 * @throws AlgorithmError ALGORITHM_ADVANTAGE_OPTION, ALGORITHM_EPSILON
 */
export function normalisationOf(options: NormalisationOptions): Normalisation {
  const { mode = 'mean_norm', epsilon = 1e-6, stdFloor = 0 } = options;
  const { singletons = 'zero', penaltySpread = 'plain' } = options;
  checkChoice('mode', mode, NORMALISATION_MODES);
  checkEpsilon(epsilon);
  checkRange('stdFloor', stdFloor, [0, Number.POSITIVE_INFINITY]);
  checkChoice('singletons', singletons, SINGLETONS);
  checkChoice('penaltySpread', penaltySpread, PENALTY_SPREADS);
  return { mode, epsilon, stdFloor, singletons, penaltySpread };
}

/** The values that a group's mean and spread are taken of. */
export interface GroupValues {
  readonly values: readonly number[];
  /** The same before penalties. */
  readonly unpenalised: readonly number[];
}

/** Divisor of the variance: n - 1 of a sample, n of a population. */
export type SpreadRule = 'sample' | 'population';

const SPREADS: { readonly [R in SpreadRule]: (values: readonly number[], mean: number) => number } = {
  sample: sampleStd,
  population: populationStd,
};

/** How one value of a group is turned into its advantage. */
export type Weigh = (value: number) => number;

/**
 * (value - mean) / F of a group of at least two values: F is 1, or max(std, floor) + epsilon.
 * @param group what mean and std are taken of, which may leave out samples that are weighed
 */
export function groupWeigher(group: GroupValues, normalisation: Normalisation, spread: SpreadRule): Weigh {
  const { mode, epsilon, stdFloor, penaltySpread } = normalisation;
  const mean = steadyMean(group.values);
  const isPlain =
    mode === 'mean_norm' || (penaltySpread === 'plain' && spreadOf(group.unpenalised, spread) < epsilon);
  if (isPlain) return (value) => value - mean;
  const divisor = Math.max(SPREADS[spread](group.values, mean), stdFloor) + epsilon;
  return (value) => (value - mean) / divisor;
}

const spreadOf = (values: readonly number[], spread: SpreadRule): number =>
  SPREADS[spread](values, steadyMean(values));

/** A column at some indices, before and after penalties. */
export function groupValues(
  values: readonly number[],
  unpenalised: readonly number[] | undefined,
  indices: readonly number[],
): GroupValues {
  const picked = pick(values, indices);
  return { values: picked, unpenalised: unpenalised === undefined ? picked : pick(unpenalised, indices) };
}
