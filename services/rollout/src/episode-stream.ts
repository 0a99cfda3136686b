import type { EpisodeHost, HostAnswer } from '@residency/agents';
import {
  type Client,
  type EnvironmentService,
  type EpisodeCommand,
  type EpisodeResult,
  episodeRequestToProto,
  episodeResponseFromProto,
  ResidencyError,
  toResidencyError,
} from '@residency/protocol';

type PlayMessage = ReturnType<typeof episodeRequestToProto>;

export interface EpisodeStreamOptions {
  readonly client: Client<typeof EnvironmentService>;
  /** Milliseconds that the episodes of a group may take together. */
  readonly streamMs: number;
  /** Milliseconds that one command may take. */
  readonly commandMs: number;
  readonly signal: AbortSignal;
  readonly traceparent?: string;
}

/** A host of episodes that has to be closed by who opened it. */
export interface EpisodeStream extends EpisodeHost {
  end(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: EpisodeResult) => void;
  readonly reject: (error: Error) => void;
}

/** Messages as they are pushed, until the end. */
class Outbox {
  readonly #queue: PlayMessage[] = [];
  #wake: () => void = () => undefined;
  #isOver = false;

  push(message: PlayMessage): void {
    this.#queue.push(message);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *messages(): AsyncGenerator<PlayMessage, void, undefined> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else if (this.#isOver) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

const idOf = (episode: number): string => `episode-${episode}`;

/**
 * Episodes over one stream to the environment service. A failure that may pass (a service that is away, too many episodes) rejects,
 * so that the whole group is tried again; any other, and an action that is not answered in time, is the end of its episode.
 */
export function openEpisodeStream(options: EpisodeStreamOptions): EpisodeStream {
  const { client, streamMs, commandMs, signal, traceparent } = options;
  const outbox = new Outbox();
  const waiting = new Map<string, Waiting>();
  let broken: Error | null = null;

  const breakAll = (error: Error): void => {
    broken ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const read = async (): Promise<void> => {
    try {
      const call = { deadlineMs: streamMs, signal, ...(traceparent !== undefined && { traceparent }) };
      for await (const message of client.play(outbox.messages(), call)) {
        const { episodeId, result } = episodeResponseFromProto(message);
        waiting.get(episodeId)?.resolve(result);
        waiting.delete(episodeId);
      }
      breakAll(
        new ResidencyError('service_unavailable', 'environment stream: found its end, wanted an answer'),
      );
    } catch (thrown) {
      breakAll(toResidencyError(thrown));
    }
  };
  const reading = read();

  const ask = async (episode: number, command: EpisodeCommand): Promise<EpisodeResult> => {
    if (broken !== null) throw broken;
    const episodeId = idOf(episode);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<EpisodeResult>((resolve, reject) => {
        waiting.set(episodeId, { resolve, reject });
        const late = `${episodeId}: found no answer to ${command.kind} in ${commandMs} ms`;
        timer = setTimeout(() => reject(new ResidencyError('deadline_exceeded', late)), commandMs);
        outbox.push(episodeRequestToProto({ episodeId, command }));
      });
    } finally {
      clearTimeout(timer);
      waiting.delete(episodeId);
    }
  };
  const answered = async (episode: number, command: EpisodeCommand): Promise<HostAnswer> => {
    const result = await ask(episode, command).catch((thrown: unknown): EpisodeResult => {
      return { kind: 'failure', error: toResidencyError(thrown) };
    });
    if (result.kind === 'failure') {
      const { error } = result;
      const isOwn = command.kind === 'act' && error.code === 'deadline_exceeded' && broken === null;
      if (error.entry.retryable && !isOwn) throw error;
      return { kind: 'failure', failure: { code: error.code, message: error.message } };
    }
    if (result.kind === 'closed')
      return { kind: 'failure', failure: { code: 'environment_failed', message: 'it closed the episode' } };
    const { info, ...view } = result.view;
    const { isValid, won, outcome } = info;
    return {
      kind: 'view',
      view: {
        ...view,
        // An environment that does not say so offers whatever it was asked.
        isAdmissible: isValid !== false,
        won: won === true,
        outcome: typeof outcome === 'string' ? outcome : null,
      },
    };
  };
  return {
    open: (episode, opening) => answered(episode, { kind: 'open', ...opening }),
    act: (episode, action) => answered(episode, { kind: 'act', action }),
    close: async (episode) => {
      // What cannot be told any more is closed with its stream.
      if (broken === null) await ask(episode, { kind: 'close' }).catch(() => undefined);
    },
    end: async () => {
      outbox.end();
      await reading;
    },
  };
}
