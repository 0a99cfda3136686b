import {
  createLocalHost,
  type EpisodeHost,
  type HostAnswer,
  type PlayContext,
  type PlayRequest,
  playEpisodes,
  returnOf,
} from '@residency/agents';
import { generateGame } from '@residency/environments';
import type { Sample, SampleRequest } from '@residency/model';
import { describe, expect, it } from 'vitest';

const STOP = 0;
const codes = (text: string): number[] => [...text].map((character) => character.codePointAt(0) ?? 0);

/** A tokenizer whose tokens are characters. */
const tokenizer: PlayContext['tokenizer'] = {
  stopIds: [STOP],
  decode: (ids) => String.fromCodePoint(...ids),
  applyChatTemplate: (messages) => codes(messages.map(({ content }) => content).join('\n')),
  encodeReply: (reply, { isEnded }) => codes(`${isEnded ? '' : '!'}${reply}`),
};

const responding = (text: string): Sample => {
  const ids = [...codes(text), STOP];
  return { ids, logprobs: ids.map(() => -1), modelLogprobs: ids.map(() => -1), stopReason: 'stop' };
};

/** A policy that says what a function says to a prompt and a sample number, and remembers what it was asked. */
function policy(answer: (prompt: string, number: number) => string): {
  readonly asked: SampleRequest[];
  readonly sample: PlayContext['sample'];
} {
  const asked: SampleRequest[] = [];
  return {
    asked,
    sample: async (request) => {
      asked.push(request);
      return request.temperatures.map((_, at) => {
        const promptIds = request.ownPrompts?.[at] ?? request.promptIds;
        return responding(answer(tokenizer.decode(promptIds), request.sampleNumbers?.[at] ?? -1));
      });
    },
  };
}

const opening = { environment: 'household', task: { level: 1, maxSteps: 12 }, seed: 3 };
const play: PlayRequest = {
  opening,
  temperatures: [1, 1, 0],
  form: 'steps',
  prompts: { style: 'brief', history: 2 },
  maxTurns: 50,
  maxPositions: 10_000,
  sampling: { adapter: null, maxNewTokens: 100, key: { seed: 1, step: 2, prompt: 3 } },
};
const say = (action: string): string => `<think>so</think><action>${action}</action>`;
const walkthrough = generateGame(1, 3).walkthrough ?? [];

describe('episodes', () => {
  it('are played to their end by what the policy says, turns in the order of time', async () => {
    const { sample, asked } = policy((_, number) => say(walkthrough[Math.floor(number / 4_096)] ?? ''));

    const played = await playEpisodes(play, { host: createLocalHost(), tokenizer, sample });

    expect(played).toHaveLength(3);
    for (const { turns, won, outcome, failure } of played) {
      expect({ won, outcome, failure }).toEqual({ won: true, outcome: 'won', failure: null });
      expect(turns.map(({ action }) => action)).toEqual(walkthrough);
      expect(turns.every(({ isValid, isAdmissible }) => isValid && isAdmissible)).toBe(true);
      expect(returnOf({ turns })).toBe(10);
    }
    // All said the same, so that all read the same, and one prompt was enough.
    expect(asked).toHaveLength(walkthrough.length);
    expect(asked.every(({ ownPrompts }) => ownPrompts === undefined)).toBe(true);
    expect(asked[1]?.sampleNumbers).toEqual([4_096, 4_097, 4_098]);
    expect(asked[0]?.temperatures).toEqual([1, 1, 0]);
    expect(asked[0]?.key).toEqual({ seed: 1, step: 2, prompt: 3 });
  });

  it('are asked for in one batch each turn, the live ones alone', async () => {
    const { sample, asked } = policy((_, number) => {
      const [turn, episode] = [Math.floor(number / 4_096), number % 4_096];
      return episode === 1 ? 'no action at all' : say(walkthrough[turn] ?? '');
    });

    const [first, second, third] = await playEpisodes(play, { host: createLocalHost(), tokenizer, sample });

    expect([first?.won, second?.won, third?.won]).toEqual([true, false, true]);
    expect(second?.outcome).toBe('step limit');
    expect(second?.turns.every(({ isValid, isAdmissible }) => !isValid && !isAdmissible)).toBe(true);
    expect(asked).toHaveLength(12);
    expect(asked[1]?.ownPrompts).toHaveLength(3);
    expect(asked.at(-1)).toMatchObject({ temperatures: [1], sampleNumbers: [11 * 4_096 + 1] });
  });

  it('tell a later turn the task, the last steps and what is seen, or all that was said before', async () => {
    const said = policy(() => say('go nowhere'));
    const [episode] = await playEpisodes(
      { ...play, temperatures: [1], maxTurns: 4 },
      { host: createLocalHost(), tokenizer, sample: said.sample },
    );
    const prompts = episode?.turns.map(({ promptIds }) => tokenizer.decode(promptIds)) ?? [];
    expect(prompts[3]?.match(/^did: go nowhere$/gm)).toHaveLength(2);
    expect(prompts[3]).toMatch(/^task: (bring|leave) a .+\nsaw: Nothing happens\./);
    expect(episode).toMatchObject({ outcome: 'turn limit', failure: null, won: false });

    const [whole] = await playEpisodes(
      { ...play, temperatures: [1], maxTurns: 4, form: 'conversation' },
      { host: createLocalHost(), tokenizer, sample: said.sample },
    );
    for (const [at, turn] of (whole?.turns ?? []).entries()) {
      const before = whole?.turns[at - 1];
      if (before === undefined) continue;
      const start = [...before.promptIds, ...before.ids];
      expect(turn.promptIds.slice(0, start.length)).toEqual(start);
      expect(tokenizer.decode(turn.promptIds.slice(start.length))).toMatch(/^see: Nothing happens\.\ncan: /);
    }
  });

  it('end where no more can be read, and cannot begin where the first prompt is too long', async () => {
    const { sample } = policy(() => say('wait'));
    const context = { host: createLocalHost(), tokenizer, sample };
    const [first] = await playEpisodes({ ...play, temperatures: [1], maxTurns: 1 }, context);
    const length = first?.turns[0]?.promptIds.length ?? 0;

    const [cut] = await playEpisodes(
      { ...play, temperatures: [1], form: 'conversation', maxPositions: length + 220 },
      context,
    );
    expect(cut).toMatchObject({ outcome: 'context limit', failure: null });
    expect(cut?.turns.length).toBeGreaterThan(0);

    const [never] = await playEpisodes({ ...play, temperatures: [1], maxPositions: 120 }, context);
    expect(never).toMatchObject({ turns: [], failure: { code: 'prompt_too_long' } });
    expect(never?.failure?.message).toBe(
      `found ${length} prompt tokens and 100 new ones, wanted at most 120 together`,
    );
  });

  it('that cannot be opened or go on say why; the others are played, and what is open is closed', async () => {
    const closed: number[] = [];
    const view = { text: 'x', admissible: ['a'], anchor: 'x', reward: 0, done: false };
    const ok: HostAnswer = { kind: 'view', view: { ...view, isAdmissible: true, won: false, outcome: null } };
    const bad = (code: string): HostAnswer => ({ kind: 'failure', failure: { code, message: 'no' } });
    const host: EpisodeHost = {
      open: async (episode) => (episode === 0 ? bad('environment_failed') : ok),
      act: async (episode) => (episode === 1 ? bad('deadline_exceeded') : ok),
      close: async (episode) => {
        closed.push(episode);
      },
    };
    const { sample } = policy(() => say('a'));

    const played = await playEpisodes({ ...play, maxTurns: 2 }, { host, tokenizer, sample });

    expect(played.map(({ failure }) => failure?.code ?? null)).toEqual([
      'environment_failed',
      'deadline_exceeded',
      null,
    ]);
    expect(played.map(({ turns }) => turns.length)).toEqual([0, 0, 2]);
    expect(closed).toEqual([2]);
  });

  it('of an environment that nobody knows say so', async () => {
    const { sample } = policy(() => say('a'));
    const [episode] = await playEpisodes(
      { ...play, opening: { ...opening, environment: 'moonbase' } },
      { host: createLocalHost(), tokenizer, sample },
    );

    expect(episode?.failure).toMatchObject({ code: 'ENVIRONMENT_UNKNOWN' });
  });

  it('are no more than their numbers can tell apart', async () => {
    const { sample } = policy(() => '');
    const temperatures = new Array<number>(4_097).fill(1);

    await expect(
      playEpisodes({ ...play, temperatures }, { host: createLocalHost(), tokenizer, sample }),
    ).rejects.toThrow('temperatures: found 4097, wanted at most 4096');
  });
});
