import type { BestCheckpoint, EvaluationSummary, PolicyRef } from '@residency/protocol';

/** What an evaluation says of the version that it measured. */
export const checkpointOf = (
  { accuracy, mean_reward, loss }: EvaluationSummary,
  { version, sha256 }: PolicyRef,
): BestCheckpoint => ({
  policy_version: version,
  adapter_sha256: sha256,
  accuracy,
  mean_reward,
  ...(loss !== undefined && { loss }),
});

/** What versions are compared by: accuracy, or the reward where nothing says what is right, or the loss where nothing is graded. */
const worthOf = ({ accuracy, mean_reward, loss = Number.POSITIVE_INFINITY }: BestCheckpoint): number =>
  accuracy ?? mean_reward ?? -loss;

/** The better of two versions by what evaluations found, the earlier of equals. */
export const betterOf = (best: BestCheckpoint | null, next: BestCheckpoint): BestCheckpoint =>
  best === null || worthOf(next) > worthOf(best) ? next : best;
