import type {
  EvaluationSummary,
  JobSpec,
  RewardComponent,
  SampleGrade,
  ScoreAnswer,
  Unit,
} from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';
import { accuracyFigures, isRight } from './accuracy-figures.js';

type Graded = Extract<SampleGrade, { graded: true }>;

const mean = (values: readonly number[]): number | null => {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
};

const accuracies = (grades: readonly Graded[]): number[] =>
  grades.flatMap((grade) => {
    const right = isRight(grade);
    return right === null ? [] : [right ? 1 : 0];
  });

function meansByName(components: readonly RewardComponent[]): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { name, value } of components) {
    const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
    sums.set(name, { sum: sum + value, count: count + 1 });
  }
  return Object.fromEntries(
    [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { sum, count }]) => [name, sum / count]),
  );
}

/** Mean of each component over graded samples, by name. */
export function componentMeans(grades: readonly SampleGrade[]): Record<string, number> {
  return meansByName(grades.flatMap((grade) => (grade.graded ? grade.components : [])));
}

type Example = EvaluationSummary['example'];

/**
 * The greedy completion that is shown of an evaluation: the one that earned least, the first of equals, so that there is
 * something to see; after training the same case again.
 */
function exampleOf(groups: readonly GradedGroup[], before: EvaluationSummary | null): Example {
  const greedy = groups.flatMap(({ group, grades }): Example[] => {
    const at = group.samples.findIndex((sample) => sample.temperature === 0);
    const sample = group.samples[at];
    const grade = grades.grades[at];
    if (sample === undefined) return [];
    return [{ item: group.item, completion: sample.text, reward: grade?.graded ? grade.total : null }];
  });
  const again = greedy.find(({ item }) => item === before?.example.item);
  const worth = ({ reward }: Example): number => reward ?? Number.POSITIVE_INFINITY;
  const least = greedy.reduce<Example | undefined>(
    (least, example) => (least === undefined || worth(example) < worth(least) ? example : least),
    undefined,
  );
  return again ?? least ?? { item: 0, completion: '', reward: null };
}

/**
 * What an evaluation found: means over cases and tempered samples in index order, the greedy samples apart.
 * Ungraded samples count in no mean.
 */
export function summarise(
  spec: JobSpec,
  unit: Unit,
  groups: readonly GradedGroup[],
  ledgerSha256: string,
  before: EvaluationSummary | null,
): EvaluationSummary {
  const tempered: Graded[] = [];
  const greedy: Graded[] = [];
  let ungraded = 0;
  for (const { group, grades } of groups) {
    for (const [at, sample] of group.samples.entries()) {
      const grade = grades.grades[at];
      if (grade === undefined || !grade.graded) ungraded += 1;
      else (sample.temperature === 0 ? greedy : tempered).push(grade);
    }
  }
  return {
    policy_version: unit.step,
    cases: groups.length,
    samples_per_case: spec.evalSamples,
    accuracy: mean(accuracies(tempered)),
    greedy_accuracy: mean(accuracies(greedy)),
    ...accuracyFigures(groups, spec.seed),
    mean_reward: mean(tempered.map(({ total }) => total)),
    components: componentMeans(tempered),
    ungraded,
    example: exampleOf(groups, before),
    ledger_sha256: ledgerSha256,
  };
}

/** What an evaluation of rows as they stand found: their loss, and no samples to say more. */
export function summariseLoss(
  unit: Unit,
  { loss, preferenceAccuracy, preferenceMargin }: ScoreAnswer,
  { cases, ledgerSha256 }: { readonly cases: number; readonly ledgerSha256: string },
): EvaluationSummary {
  return {
    policy_version: unit.step,
    cases,
    samples_per_case: 0,
    accuracy: null,
    greedy_accuracy: null,
    accuracy_interval: null,
    greedy_interval: null,
    majority_accuracy: null,
    valid_share: null,
    mean_reward: null,
    components: {},
    ungraded: 0,
    loss,
    ...(preferenceAccuracy !== undefined && { preference_accuracy: preferenceAccuracy }),
    ...(preferenceMargin !== undefined && { preference_margin: preferenceMargin }),
    example: { item: 0, completion: '', reward: null },
    ledger_sha256: ledgerSha256,
  };
}
