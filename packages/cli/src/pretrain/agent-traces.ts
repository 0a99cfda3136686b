import { uniform, uniformBelow } from '@residency/algorithms';
import {
  agentPrompt,
  type Episode,
  generateGame,
  guideOf,
  type ModelledEpisode,
  openGame,
  openWard,
  optimalPolicy,
  type PastStep,
  type PromptSettings,
  posteriorOf,
  responseOf,
  type Ward,
  wardOf,
} from '@residency/environments';

/** How prompts of models/resident are written. */
export const RESIDENT_PROMPTS: PromptSettings = { style: 'brief', history: 4 };

/** A task that the policy learns; the seed decides the patient or the ward. */
export interface PractisedTask {
  readonly environment: 'household' | 'ward';
  readonly task: Readonly<Record<string, unknown>>;
}

/** What one who knows the way would do and think. */
interface Adviser {
  advise(): { readonly action: string; readonly thought: string };
  note(action: string): void;
}

interface Practice {
  readonly episode: Episode;
  readonly adviser: Adviser;
  /** Whether an action ends the episode: one that acts at random does so in a quarter of its draws. */
  readonly ends: (action: string) => boolean;
}

/** Share of random actions that may end an episode, where some do and some do not. */
const ENDING_SHARE = 0.25;

function practiseHousehold(level: number, maxSteps: number, seed: number): Practice {
  const game = generateGame(level, seed);
  const guide = guideOf(game);
  if (guide === null) throw new RangeError(`internal: household level ${level}, seed ${seed} has no guide`);
  const episode = openGame({ game, maxSteps });
  return {
    episode,
    adviser: { advise: () => guide.next(episode.observe().admissible), note: (action) => guide.note(action) },
    ends: () => false,
  };
}

const optimal = new Map<Ward, ReturnType<typeof optimalPolicy>>();

function practiseWard(ward: Ward, seed: number): Practice {
  const policy = optimal.get(ward) ?? optimalPolicy(ward);
  optimal.set(ward, policy);
  const episode: ModelledEpisode = openWard({ ward, seed });
  return {
    episode,
    adviser: {
      advise: () => {
        const posterior = posteriorOf(ward, episode.knowledge);
        const likely = ward.diseases[posterior.indexOf(Math.max(...posterior))]?.name ?? '';
        const action = ward.actions[policy(episode.knowledge)]?.text ?? '';
        return { action, thought: `likely ${likely}` };
      },
      note: () => undefined,
    },
    ends: (action) => ward.actions[ward.byText.get(action) ?? 0]?.kind === 'commit',
  };
}

/** The tasks, and how each is opened. */
const PRACTICES: readonly { readonly task: PractisedTask; readonly open: (seed: number) => Practice }[] = [
  {
    task: { environment: 'ward', task: { level: 'bay' } },
    open: (seed) => practiseWard(wardOf('bay'), seed),
  },
  {
    task: { environment: 'household', task: { level: 1, maxSteps: 10 } },
    open: (seed) => practiseHousehold(1, 10, seed),
  },
  {
    task: { environment: 'household', task: { level: 2, maxSteps: 15 } },
    open: (seed) => practiseHousehold(2, 15, seed),
  },
];

/** The tasks in the order in which traces take turns. */
export const PRACTISED_TASKS: readonly PractisedTask[] = PRACTICES.map(({ task }) => task);

/** How a trace is behaved, and what of it is learned. */
export interface TraceQuality {
  /** Share of the episodes in which every action is the adviser's. */
  readonly careful: number;
  /** Of the others: least and largest share of actions drawn among the admissible. */
  readonly random: readonly [least: number, most: number];
  /** Whether the advice is learned wherever one is, or what was done. */
  readonly learns: 'advice' | 'behaviour';
}

/** One turn: what the policy is asked, and the response that it learns. */
export interface AgentTrace {
  readonly prompt: string;
  readonly response: string;
}

/** Keeps these draws apart from those of the environments. */
const STREAM = 0x74726163;

/** One of the actions at random. */
function drawFrom({ ends }: Practice, admissible: readonly string[], key: readonly number[]): string {
  const ending = admissible.filter(ends);
  const others = admissible.filter((action) => !ends(action));
  const isEnding = others.length === 0 || (ending.length > 0 && uniform([...key, 0]) < ENDING_SHARE);
  const from = isEnding ? ending : others;
  return from[uniformBelow(from.length, [...key, 1])] ?? '';
}

/**
 * A turn of an episode. Tasks take turns by the index; episode, behaviour and turn follow from seed and index.
 * @param seed an integer in [0, 2^32)
 * @param index an integer in [0, 2^32)
 */
export function traceAt(quality: TraceQuality, seed: number, index: number): AgentTrace {
  const practice = PRACTICES[index % PRACTICES.length];
  if (practice === undefined) throw new RangeError('internal: no task is practised');
  const key = (...parts: readonly number[]): number[] => [STREAM, seed, index, ...parts];
  const opened = practice.open(uniformBelow(2 ** 31, key(0)));
  const { episode, adviser } = opened;
  const [least, most] = quality.random;
  const isCareful = uniform(key(1)) < quality.careful;
  const randomShare = isCareful ? 0 : least + (most - least) * uniform(key(2));
  const past: PastStep[] = [];
  const turns: AgentTrace[] = [];
  let seen = episode.observe();
  while (seen.admissible.length > 0) {
    const { action: advised, thought } = adviser.advise();
    const step = past.length;
    const isRandom = uniform(key(3, step)) < randomShare;
    const drawn = drawFrom(opened, seen.admissible, key(4, step));
    const action = isRandom ? drawn : advised;
    const { environment } = practice.task;
    const view = {
      environment,
      task: episode.task,
      past,
      observation: seen.text,
      admissible: seen.admissible,
    };
    turns.push({
      prompt: agentPrompt(view, RESIDENT_PROMPTS),
      response: responseOf(thought, quality.learns === 'advice' ? advised : action),
    });
    past.push({ observation: seen.text, action });
    const next = episode.act(action);
    if (next.info.isValid) adviser.note(action);
    seen = next;
  }
  const turn = turns[uniformBelow(turns.length, key(5))];
  if (turn === undefined) throw new RangeError('internal: an episode began at its end');
  return turn;
}
