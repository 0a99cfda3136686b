import { type EpisodeHost, type PlayedEpisode, playEpisodes } from '@residency/agents';
import {
  type AgentSettings,
  packPrompts,
  ResidencyError,
  type SampledCompletion,
  type SampledGroup,
  unitKeyStep,
  unitTemperatures,
} from '@residency/protocol';
import type { SampleGroupRequest } from './sample-group.js';

export interface SampleEpisodesRequest extends SampleGroupRequest {
  readonly agent: AgentSettings;
  readonly host: EpisodeHost;
}

/** An episode as one sample: its responses one behind the other, and what came of each. */
function completionOf(
  { turns, won, outcome, failure, last }: PlayedEpisode,
  temperature: number,
): SampledCompletion {
  const prompts = packPrompts(turns.map(({ promptIds }) => promptIds));
  const told = turns.map(({ observation, action }) => `${observation}\n> ${action}\n`);
  return {
    ids: turns.flatMap(({ ids }) => ids),
    logprobs: turns.flatMap(({ logprobs }) => logprobs),
    temperature,
    stopReason: turns.at(-1)?.stopReason ?? 'stop',
    text: `${told.join('')}${last}`,
    episode: {
      turns: turns.map(({ promptIds: _, ids, logprobs: __, ...turn }, at) => ({
        ...turn,
        ...(prompts[at] ?? { promptKeeps: 0, promptAdds: [] }),
        tokens: ids.length,
      })),
      ...{ won, outcome, failure },
    },
  };
}

/**
 * Plays the group that a payload names: as many episodes of a row's task as there are temperatures. What comes out depends on the
 * job's seed, the unit, the index, the row and the adapter alone, where the environment keeps its promise to be reproducible.
 * @throws ResidencyError why an episode could not be opened, or that its first prompt does not fit; `invalid_dataset`,
 * `engine_failed`, `engine_deadline`, `memory_exceeded`, `cancelled`, `service_unavailable`, `episode_limit`
 */
export async function sampleEpisodes(request: SampleEpisodesRequest): Promise<SampledGroup> {
  const { payload, spec, agent, row, adapter, engine, tokenizer, host, deadlineMs, signal } = request;
  const { phase, step, index, item, policy } = payload;
  const temperatures = unitTemperatures(spec, { phase, step });
  const { task, seed } = row.item;
  const { environment, form, maxTurns, promptStyle, history } = agent;
  const played = await playEpisodes(
    {
      // Checked where the row was read.
      opening: { environment, task, seed: Number(seed) },
      ...{ temperatures, form, maxTurns },
      prompts: { style: promptStyle, history },
      maxPositions: engine.model.maxPositions,
      sampling: {
        adapter,
        maxNewTokens: spec.maxNewTokens,
        ...spec.filters,
        key: { seed: spec.seed, step: unitKeyStep({ phase, step }), prompt: index },
      },
    },
    { host, tokenizer, sample: (sample) => engine.sample(sample, { deadlineMs, signal }) },
  );
  // All openings are of one task and seed: one that is refused is no matter of chance.
  const refused = played.find(({ isOpened, failure }) => !isOpened || failure?.code === 'prompt_too_long');
  if (refused?.failure) {
    const { code, message } = refused.failure;
    const known = code === 'prompt_too_long' || code === 'environment_unknown' ? code : 'environment_failed';
    throw new ResidencyError(known, `row ${item + 1}: ${message}`);
  }
  const samples = played.map((episode, at) => completionOf(episode, temperatures[at] ?? 0));
  const promptIds = played.find(({ turns }) => turns.length > 0)?.turns[0]?.promptIds ?? [];
  return { phase, step, index, item, policy, promptIds, samples };
}
