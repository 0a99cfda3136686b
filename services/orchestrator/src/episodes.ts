import {
  type AdvantageGroup,
  type AdvantageService,
  type AgentSettings,
  type Client,
  type EpisodeGroup,
  type JobSpec,
  type LearnTrajectory,
  ResidencyError,
  type RpcOptions,
  type SampledCompletion,
  type StepsQuestion,
  settingDefaults,
  stepsRequestToProto,
  stepsResponseFromProto,
  turnPrompts,
} from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';
import { gradedSamples } from './reward-parts.js';

const ADVANTAGE_DEADLINE_MS = 60_000;

/** The graded episodes of a group as they are weighed, in sample order. */
const episodeGroup = (graded: GradedGroup): EpisodeGroup => ({
  index: graded.group.index,
  episodes: gradedSamples(graded).map(({ at }) =>
    (graded.group.samples[at]?.episode?.turns ?? []).map(({ anchor, reward, isValid }) => ({
      ...{ anchor, reward, isValid },
    })),
  ),
});

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/**
 * Advantages of every step of the graded episodes of groups, each of which has one, in group order. An episode's own advantage is
 * the mean of its steps'.
 */
export async function weighEpisodes(
  client: Client<typeof AdvantageService>,
  groups: readonly GradedGroup[],
  { agent, advantage }: { readonly agent: AgentSettings; readonly advantage: JobSpec['advantage'] },
  options: Omit<RpcOptions, 'deadlineMs'>,
): Promise<AdvantageGroup[]> {
  const { gamma, omega, invalidPenalty, normalisation, similarity, history } = agent;
  const question: StepsQuestion = {
    estimator: advantage?.estimator ?? settingDefaults.agent_advantage,
    ...{ gamma, omega, invalidPenalty, normalisation, history },
    ...(similarity !== undefined && { similarity }),
    groups: groups.map(episodeGroup),
  };
  const response = await client.estimateSteps(stepsRequestToProto(question), {
    ...options,
    deadlineMs: ADVANTAGE_DEADLINE_MS,
  });
  const answer = stepsResponseFromProto(response);
  return question.groups.map(({ index, episodes }, at) => {
    const weighed = answer[at];
    const isWhole =
      weighed?.index === index &&
      weighed.episodes.length === episodes.length &&
      weighed.episodes.every((own, episode) => own.length === episodes[episode]?.length);
    if (!isWhole) {
      throw new ResidencyError(
        'internal',
        `advantages of group ${index}: found another group, or other steps, than was asked`,
      );
    }
    const { episodes: steps, ...moments } = weighed;
    return { ...moments, advantages: steps.map(mean), steps };
  });
}

/** A sequence that is being put together. */
interface Sequence {
  readonly ids: number[];
  readonly targets: number[];
  readonly logprobs: number[];
  readonly advantages: number[];
}

const startsWith = (ids: readonly number[], start: readonly number[]): boolean =>
  start.length <= ids.length && start.every((id, at) => ids[at] === id);

/**
 * What an episode is learned as: a turn whose prompt goes on from all that was read and said before is the same sequence, any
 * other begins a new one. So a conversation is one sequence, and steps that are told anew are one each.
 * @param advantages of the turns, in their order
 */
export function trajectoriesOf(
  { ids, logprobs, episode }: SampledCompletion,
  advantages: readonly number[],
): LearnTrajectory[] {
  const sequences: Sequence[] = [];
  const turns = episode?.turns ?? [];
  const prompts = turnPrompts({ turns });
  let next = 0;
  for (const [at, { tokens }] of turns.entries()) {
    const prompt = prompts[at] ?? [];
    const last = sequences.at(-1);
    const isSame = last !== undefined && startsWith(prompt, last.ids);
    const sequence = isSame ? last : { ids: [], targets: [], logprobs: [], advantages: [] };
    if (!isSame) sequences.push(sequence);
    for (const id of prompt.slice(sequence.ids.length)) sequence.ids.push(id);
    for (let token = next; token < next + tokens; token++) {
      sequence.targets.push(sequence.ids.length);
      sequence.ids.push(ids[token] ?? 0);
      sequence.logprobs.push(logprobs[token] ?? 0);
      sequence.advantages.push(advantages[at] ?? 0);
    }
    next += tokens;
  }
  return sequences;
}
