import { type PastStep, type PromptSettings, projectAction, taskIn } from '@residency/environments';
import type { Sample, SampleRequest } from '@residency/model';
import type { EpisodeFailure, EpisodeHost, EpisodeOpening, HostAnswer, HostView } from './host.js';
import type { PlayedEpisode, PlayedTurn } from './played-episode.js';
import { type AgentTokenizer, type EpisodeForm, promptIdsOf } from './prompts.js';

/** What every response of a play is sampled with. */
export type SamplingSettings = Pick<
  SampleRequest,
  'adapter' | 'maxNewTokens' | 'topK' | 'topP' | 'minP' | 'key'
>;

export interface PlayRequest {
  readonly opening: EpisodeOpening;
  /** One per episode; 0 means greedy. */
  readonly temperatures: readonly number[];
  readonly form: EpisodeForm;
  readonly prompts: PromptSettings;
  /** Responses after which an episode ends in any case, at least 1. */
  readonly maxTurns: number;
  /** Tokens that a prompt and its response may have together. */
  readonly maxPositions: number;
  readonly sampling: SamplingSettings;
}

/** Who plays, and where. */
export interface PlayContext {
  readonly host: EpisodeHost;
  readonly tokenizer: AgentTokenizer;
  readonly sample: (request: SampleRequest) => Promise<readonly Sample[]>;
}

/** An episode at work. */
interface LiveEpisode {
  readonly number: number;
  readonly isOpened: boolean;
  readonly task: string;
  readonly past: PastStep[];
  readonly turns: PlayedTurn[];
  seen: HostView;
  end: Pick<PlayedEpisode, 'outcome' | 'failure'> | null;
}

const failed = (failure: EpisodeFailure): LiveEpisode['end'] => ({ outcome: failure.code, failure });

/** Numbers of the responses of one turn, so that no two responses of a play draw the same random numbers. */
const SAMPLES_PER_TURN = 4_096;

const NOTHING: HostView = {
  ...{ text: '', admissible: [], anchor: '', reward: 0, done: false },
  ...{ isAdmissible: false, won: false, outcome: null },
};

/**
 * Plays one task as many times as there are temperatures, all episodes turn by turn: the responses of a turn are sampled as one
 * batch, in which what several episodes read alike is computed once. What comes out depends on the opening, the settings, the
 * policy and the key alone: response t of episode e draws the random numbers of sample t * 4096 + e, whatever the episodes beside it.
 * @throws RangeError for more than 4096 episodes; whatever the host rejects with
 */
export async function playEpisodes(request: PlayRequest, context: PlayContext): Promise<PlayedEpisode[]> {
  const { opening, temperatures, maxTurns } = request;
  if (temperatures.length > SAMPLES_PER_TURN)
    throw new RangeError(`temperatures: found ${temperatures.length}, wanted at most ${SAMPLES_PER_TURN}`);
  const episodes = await Promise.all(
    temperatures.map(async (_, number) => begin(number, await context.host.open(number, opening))),
  );
  try {
    for (let turn = 0; turn < maxTurns; turn++) {
      const live = episodes.filter(({ end }) => end === null);
      if (live.length === 0) break;
      await takeTurn(live, turn, request, context);
    }
  } finally {
    await Promise.all(
      episodes.filter(({ end }) => end === null).map(({ number }) => context.host.close(number)),
    );
  }
  return episodes.map(({ turns, isOpened, seen, end }) => ({
    ...{ turns, isOpened },
    won: seen.won,
    last: seen.text,
    ...(end ?? { outcome: 'turn limit', failure: null }),
  }));
}

function begin(number: number, answer: HostAnswer): LiveEpisode {
  const episode = { number, past: [], turns: [] };
  if (answer.kind === 'failure')
    return { ...episode, isOpened: false, task: '', seen: NOTHING, end: failed(answer.failure) };
  const { view } = answer;
  const end = view.done ? { outcome: view.outcome ?? 'done', failure: null } : null;
  return { ...episode, isOpened: true, task: taskIn(view.text), seen: view, end };
}

/** Asks the policy for a response of every live episode, and carries them out. */
async function takeTurn(
  live: readonly LiveEpisode[],
  turn: number,
  request: PlayRequest,
  context: PlayContext,
): Promise<void> {
  const asked: { readonly promptIds: number[]; readonly episode: LiveEpisode }[] = [];
  for (const episode of live) {
    const promptIds = promptOf(episode, request, context);
    if (promptIds.length + request.sampling.maxNewTokens > request.maxPositions) {
      await context.host.close(episode.number);
      episode.end =
        turn === 0
          ? failed({
              code: 'prompt_too_long',
              message: `found ${promptIds.length} prompt tokens and ${request.sampling.maxNewTokens} new ones, wanted at most ${request.maxPositions} together`,
            })
          : { outcome: 'context limit', failure: null };
      continue;
    }
    asked.push({ promptIds, episode });
  }
  if (asked.length === 0) return;
  const prompts = asked.map(({ promptIds }) => promptIds);
  const isSame = new Set(prompts.map((promptIds) => promptIds.join())).size === 1;
  const samples = await context.sample({
    ...request.sampling,
    ...(isSame ? { promptIds: prompts[0] ?? [] } : { promptIds: [], ownPrompts: prompts }),
    temperatures: asked.map(({ episode }) => request.temperatures[episode.number] ?? 0),
    sampleNumbers: asked.map(({ episode }) => turn * SAMPLES_PER_TURN + episode.number),
    stopIds: context.tokenizer.stopIds,
  });
  await Promise.all(
    asked.map(async ({ promptIds, episode }, at) => {
      const sample = samples[at];
      if (sample === undefined)
        throw new RangeError(`internal: ${samples.length} samples of ${asked.length} episodes`);
      await respond(episode, promptIds, sample, { ...request, ...context });
    }),
  );
}

const promptOf = (episode: LiveEpisode, request: PlayRequest, { tokenizer }: PlayContext): number[] =>
  promptIdsOf(request.form, {
    tokenizer,
    settings: request.prompts,
    turns: episode.turns,
    view: {
      environment: request.opening.environment,
      task: episode.task,
      past: episode.past,
      observation: episode.seen.text,
      admissible: episode.seen.admissible,
    },
  });

async function respond(
  episode: LiveEpisode,
  promptIds: readonly number[],
  { ids, logprobs, stopReason }: Sample,
  { host, tokenizer, opening }: PlayRequest & PlayContext,
): Promise<void> {
  const text = tokenizer.decode(stopReason === 'stop' ? ids.slice(0, -1) : ids);
  const { action, isValid } = projectAction(text, opening.environment);
  const { text: observation, anchor } = episode.seen;
  const answer = await host.act(episode.number, action);
  if (answer.kind === 'failure') {
    episode.end = failed(answer.failure);
    return;
  }
  const { reward, isAdmissible, done, outcome } = answer.view;
  const response = { promptIds, ids, logprobs, stopReason };
  episode.turns.push({ ...response, observation, anchor, action, isValid, isAdmissible, reward });
  episode.past.push({ observation, action });
  episode.seen = answer.view;
  if (done) episode.end = { outcome: outcome ?? 'done', failure: null };
}
