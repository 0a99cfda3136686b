import { createLocalHost, type PlayedEpisode, playEpisodes, returnOf } from '@residency/agents';
import { openEngine } from '@residency/model';
import { openTokenizer } from '@residency/text';
import { PRACTISED_TASKS, RESIDENT_PROMPTS } from './agent-traces.js';
import type { TryOut } from './recipe.js';

/** Longest that the responses of one turn may take. */
const SAMPLE_DEADLINE_MS = 60_000;
const MAX_NEW_TOKENS = 40;
const MAX_TURNS = 50;
/** Episodes of each case: a greedy one, and one at temperature 1. */
const TEMPERATURES = [0, 1] as const;

/** What came of the episodes of a task. */
export interface AgentEvaluation {
  readonly task: string;
  /** Share of the greedy episodes that were won, and of those at temperature 1. */
  readonly greedyWon: number;
  readonly sampledWon: number;
  /** Mean return at temperature 1. */
  readonly sampledReturn: number;
  /** Share of all responses that had the form asked for. */
  readonly valid: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function evaluationOf(task: string, played: readonly (readonly PlayedEpisode[])[]): AgentEvaluation {
  const [greedy = [], sampled = []] = TEMPERATURES.map((_, at) =>
    played.flatMap((own) => own.slice(at, at + 1)),
  );
  const won = (episodes: readonly PlayedEpisode[]): number => mean(episodes.map((e) => Number(e.won)));
  const turns = played.flat().flatMap((episode) => episode.turns);
  return {
    task,
    greedyWon: won(greedy),
    sampledWon: won(sampled),
    sampledReturn: mean(sampled.map(returnOf)),
    valid: mean(turns.map(({ isValid }) => Number(isValid))),
  };
}

/** Plays held-out cases of every practised task. */
export async function evaluateAgent({ modelDir, seed, cases, threads }: TryOut): Promise<AgentEvaluation[]> {
  const tokenizer = await openTokenizer(modelDir);
  const engine = await openEngine({ modelDir, threads });
  try {
    const evaluations: AgentEvaluation[] = [];
    for (const [at, { environment, task }] of PRACTISED_TASKS.entries()) {
      const played: PlayedEpisode[][] = [];
      for (let index = 0; index < cases; index++) {
        played.push(
          await playEpisodes(
            {
              // Traces draw their seeds below 2^31.
              opening: { environment, task, seed: 2 ** 31 + seed * 100_000 + index },
              temperatures: TEMPERATURES,
              form: 'steps',
              prompts: RESIDENT_PROMPTS,
              maxTurns: MAX_TURNS,
              maxPositions: engine.model.maxPositions,
              sampling: {
                adapter: null,
                maxNewTokens: MAX_NEW_TOKENS,
                key: { seed, step: at, prompt: index },
              },
            },
            {
              host: createLocalHost(),
              tokenizer,
              sample: (request) => engine.sample(request, { deadlineMs: SAMPLE_DEADLINE_MS }),
            },
          ),
        );
      }
      evaluations.push(evaluationOf(`${environment} ${JSON.stringify(task)}`, played));
    }
    return evaluations;
  } finally {
    await engine.close();
  }
}
