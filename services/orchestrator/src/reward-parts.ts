import { diagnoseRewards } from '@residency/algorithms';
import {
  CONSTRAINTS,
  objectiveWeight,
  type RewardComponent,
  type RewardObjective,
} from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';

/** A sample that has a reward. */
export interface GradedSample {
  /** Its place in the group. */
  readonly at: number;
  readonly reward: number;
  readonly components: readonly RewardComponent[];
  /** Tokens of the completion. */
  readonly length: number;
}

/** The samples of a group that have a reward, in sample order; the others are left out, not counted as 0. */
export function gradedSamples({ group, grades }: GradedGroup): GradedSample[] {
  return group.samples.flatMap(({ ids }, at) => {
    const grade = grades.grades[at];
    if (!grade?.graded) return [];
    return [{ at, reward: grade.total, components: grade.components, length: ids.length }];
  });
}

/** Weights of components by name: the largest that a sample gives it, so that one who lacks a component does not hide it. */
function weightsOf(samples: readonly GradedSample[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { name, weight } of samples.flatMap(({ components }) => components))
    weights.set(name, Math.max(weights.get(name) ?? 0, weight));
  return weights;
}

const partOf = (components: readonly RewardComponent[], name: string): number =>
  components.find((component) => component.name === name)?.value ?? 0;

/** Whether a sample broke a constraint: its cap took something away. */
const isCapped = ({ components }: GradedSample): boolean =>
  components.some(({ name, value }) => CONSTRAINTS.has(name) && value < 0);

/**
 * Advantages of a group's graded samples with its constraints kept: one that broke a constraint has no more than the least of
 * its group, and never more than nothing.
 */
export function constrained(graded: GradedGroup, advantages: readonly number[]): number[] {
  const samples = gradedSamples(graded);
  const least = advantages.reduce((a, b) => Math.min(a, b), 0);
  return advantages.map((advantage, i) => {
    const sample = samples[i];
    return sample && isCapped(sample) ? least : advantage;
  });
}

/** The parts of a group's rewards that weigh anything, by name, so that sums do not depend on the order of components. */
export function objectivesOf(
  graded: GradedGroup,
  weights: Readonly<Record<string, number>>,
): RewardObjective[] {
  const samples = gradedSamples(graded);
  return [...weightsOf(samples)]
    .map(([name, weight]) => ({ name, weight: objectiveWeight({ name, weight }, weights) }))
    .filter(({ weight }) => weight !== 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, weight }) => ({
      name,
      weight,
      values: samples.map(({ components }) => partOf(components, name)),
    }));
}

/** What a step's rewards can teach: shares of their variance by component, dead groups, and whether length is rewarded. */
export function diagnosisOf(groups: readonly GradedGroup[]): Readonly<Record<string, unknown>> {
  const graded = groups.map(gradedSamples).filter((samples) => samples.length > 0);
  const counted = [...weightsOf(graded.flat())].filter(([, weight]) => weight > 0);
  // What counts in no reward explains none of its variance.
  if (counted.length === 0 || graded.length === 0)
    return { dead_groups: null, variance_shares: null, length_correlation: null };
  const [names, weights] = [counted.map(([name]) => name), Object.fromEntries(counted)];
  const { deadGroups, varianceShares, lengthCorrelation } = diagnoseRewards(
    graded.map((samples) => ({
      components: Object.fromEntries(
        names.map((name) => [name, samples.map(({ components }) => partOf(components, name))]),
      ),
      lengths: samples.map(({ length }) => length),
    })),
    weights,
  );
  return {
    dead_groups: deadGroups / Math.max(1, graded.length),
    variance_shares: varianceShares,
    length_correlation: lengthCorrelation,
  };
}
