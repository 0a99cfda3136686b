import { openedView, playEpisodes, steppedView } from '@residency/agents';
import type { Episode, PromptSettings } from '@residency/environments';
import { openEngine } from '@residency/model';
import { openTokenizer } from '@residency/text';
import { CliError, messageOf } from '../errors.js';
import { beginning, type Show, stepOf } from './play-lines.js';

/** A policy that plays by itself, and how it is asked. */
export interface ModelPlayer {
  /** A Hugging Face folder. */
  readonly modelDir: string;
  readonly prompts: PromptSettings;
  /** 0 takes the most likely token each time. */
  readonly temperature: number;
}

const RESPONSE_DEADLINE_MS = 600_000;
const MAX_NEW_TOKENS = 512;
/** Responses, as of a job that does not say how many. */
const MAX_TURNS = 50;

/**
 * Lets a policy play an episode to its end, and shows each step. At a temperature above 0 the same policy plays the same each time.
 * @returns why it was cut before its end, or null
 * @throws CliError CLI_PLAY where the model cannot be opened, or its prompt does not fit
 */
export async function playByModel(
  episode: Episode,
  environment: string,
  { modelDir, prompts, temperature }: ModelPlayer,
  { show, signal }: { readonly show: Show; readonly signal: AbortSignal },
): Promise<string | null> {
  const opened = async () => {
    try {
      const tokenizer = await openTokenizer(modelDir);
      return { tokenizer, engine: await openEngine({ modelDir, threads: 1 }) };
    } catch (cause) {
      throw new CliError('CLI_PLAY', `--model ${modelDir}: ${messageOf(cause)}`, { cause });
    }
  };
  const { tokenizer, engine } = await opened();
  const { maxPositions } = engine.model;
  let step = 0;
  let isOver = false;
  try {
    const [played] = await playEpisodes(
      {
        opening: { environment, task: null, seed: 0 },
        temperatures: [temperature],
        form: 'steps',
        prompts,
        maxTurns: MAX_TURNS,
        maxPositions,
        sampling: {
          adapter: null,
          maxNewTokens: Math.min(MAX_NEW_TOKENS, Math.floor(maxPositions / 4)),
          key: { seed: 1, step: 0, prompt: 0 },
        },
      },
      {
        tokenizer,
        sample: (request) => engine.sample(request, { deadlineMs: RESPONSE_DEADLINE_MS, signal }),
        host: {
          open: async () => {
            const seen = episode.observe();
            show(beginning(seen));
            return openedView(seen);
          },
          act: async (_, action) => {
            const next = episode.act(action);
            step++;
            show(stepOf(step, action, next));
            isOver = next.done;
            return steppedView(next);
          },
          close: async () => undefined,
        },
      },
    );
    if (played?.failure) throw new CliError('CLI_PLAY', `--model ${modelDir}: ${played.failure.message}`);
    return isOver ? null : (played?.outcome ?? null);
  } finally {
    await engine.close();
  }
}
