import { CONSTRAINTS, type JobSpec, objectiveWeight, ResidencyError } from '@residency/protocol';
import { componentWeights } from '@residency/rubric';

/**
 * Whether a run's objective weights name components of its grader and leave an objective to learn from. Its grader is one that
 * was accepted.
 * @throws ResidencyError `invalid_request`
 */
export function checkObjectiveWeights({ advantage, grader }: Pick<JobSpec, 'advantage' | 'grader'>): void {
  const weights = advantage?.objectiveWeights;
  if (weights === undefined) return;
  const objectives = [...componentWeights(grader)].filter(([name]) => !CONSTRAINTS.has(name));
  const param = 'x_residency.objective_weights';
  const unknown = Object.keys(weights).find((name) => objectives.every(([known]) => known !== name));
  if (unknown !== undefined) {
    const names = objectives.map(([name]) => name).join(', ');
    throw new ResidencyError(
      'invalid_request',
      `${param}.${unknown}: found ${weights[unknown]} for no objective of the grader, wanted one of ${names}`,
      { param },
    );
  }
  if (objectives.some(([name, weight]) => objectiveWeight({ name, weight }, weights) !== 0)) return;
  throw new ResidencyError(
    'invalid_request',
    `${param}: found ${JSON.stringify(weights)}, by which every objective of the grader weighs 0, wanted one that does not`,
    { param },
  );
}
