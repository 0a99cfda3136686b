import {
  AGENT_ESTIMATORS,
  agentAdvantages,
  type EpisodeStep,
  NORMALISATION_MODES,
  type NormalisationMode,
  scoreSteps,
} from '@residency/algorithms';
import {
  type EpisodeGroup,
  type EpisodeGroupAdvantages,
  ResidencyError,
  type StepsQuestion,
} from '@residency/protocol';
import { ofGroup } from './of-group.js';

/** One of the known names. @throws ResidencyError `invalid_request` */
function known<T extends string>(param: string, name: string, names: readonly T[]): T {
  const found = names.find((one) => one === name);
  if (found !== undefined) return found;
  throw new ResidencyError(
    'invalid_request',
    `${param}: found ${JSON.stringify(name)}, wanted one of ${names.join(', ')}`,
    { param },
  );
}

const stepsOf = ({ index, episodes }: EpisodeGroup): EpisodeStep[] =>
  episodes.flatMap((steps, at) =>
    steps.map((step) => ({ ...step, group: String(index), trajectory: String(at) })),
  );

/** Mean and sample standard deviation of the episodes' returns; 0 for a single one. */
function moments({ episodes }: EpisodeGroup): { readonly mean: number; readonly std: number } {
  const returns = episodes.map((steps) => steps.reduce((sum, { reward }) => sum + reward, 0));
  const mean = returns.reduce((sum, value) => sum + value, 0) / Math.max(1, returns.length);
  const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / Math.max(1, returns.length - 1)) };
}

function weigh(
  question: StepsQuestion,
  group: EpisodeGroup,
  mode: NormalisationMode,
): EpisodeGroupAdvantages {
  const { gamma, omega, invalidPenalty, similarity = null, history } = question;
  const estimator = known('estimator', question.estimator, AGENT_ESTIMATORS);
  const scored = scoreSteps(stepsOf(group), { gamma, invalidPenalty });
  const advantages = agentAdvantages(estimator, scored, { mode, omega, similarity, history });
  let next = 0;
  const episodes = group.episodes.map((steps) => {
    next += steps.length;
    return advantages.slice(next - steps.length, next);
  });
  return { index: group.index, episodes, ...moments(group) };
}

/**
 * Advantages of the steps of every group's episodes, in order.
 * @throws ResidencyError `invalid_request` for an unknown estimator or steps that cannot be weighed
 */
export function estimateSteps(question: StepsQuestion): EpisodeGroupAdvantages[] {
  const mode = known('normalisation', question.normalisation, NORMALISATION_MODES);
  return question.groups.map((group) => ofGroup(group.index, () => weigh(question, group, mode)));
}
