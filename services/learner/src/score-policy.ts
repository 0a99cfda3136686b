import type { ScoreAnswer } from '@residency/protocol';
import { engineHyperparameters } from './engine-hyperparameters.js';
import { type LearnContext, openStep, type StepRequest } from './learn-step.js';

/**
 * The loss of groups under a version: what a step from it would report, which is taken and dropped, so that the number is the
 * training loss bit for bit.
 * @throws ResidencyError `policy_not_found`, `policy_mismatch`, `engine_failed`, `engine_deadline`, `memory_exceeded`
 */
export async function scorePolicy(step: StepRequest, context: LearnContext): Promise<ScoreAnswer> {
  const { engine, request } = await openStep(step, context);
  // No step follows the last version: the schedule has no rate for it.
  const { schedule: _schedule, ...constant } = step.header.hyperparameters;
  const hyperparameters = engineHyperparameters(constant, step.header.step);
  const { metrics } = await engine.learn({ ...request, hyperparameters }, context.call);
  const { loss, tokens, preference } = metrics;
  if (preference === null) return { loss, tokens };
  return { loss, tokens, preferenceAccuracy: preference.accuracy, preferenceMargin: preference.margin };
}
