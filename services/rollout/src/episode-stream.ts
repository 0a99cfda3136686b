import type { EpisodeFailure, EpisodeHost, HostAnswer } from '@residency/agents';
import {
  type Client,
  type EnvironmentService,
  type EpisodeCommand,
  type EpisodeResult,
  episodeRequestToProto,
  episodeResponseFromProto,
  Outbox,
  ResidencyError,
  toResidencyError,
} from '@residency/protocol';

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

interface Question {
  readonly resolve: (result: EpisodeResult) => void;
  readonly reject: (error: Error) => void;
}

/** How long the service may take to end its side of a stream. */
const END_MS = 2_000;

const idOf = (episode: number): string => `episode-${episode}`;

/** One command that was not answered in time, while others were. */
const LATE = Symbol('late');

/**
 * Episodes over one stream to the environment service. What the service says of an episode is that episode's end; so is an action
 * that alone is not answered in time. Everything else rejects, so that the whole group is played again: a stream that breaks, a
 * service that answers nothing, a failure that may pass (a service that is away, too many episodes), and the end of the signal.
 */
export function openEpisodeStream(options: EpisodeStreamOptions): EpisodeStream {
  const { client, streamMs, commandMs, signal, traceparent } = options;
  const outbox = new Outbox<ReturnType<typeof episodeRequestToProto>>();
  const stop = new AbortController();
  const questions = new Map<string, Question>();
  let broken: ResidencyError | null = null;
  /** Answers so far: a service that answers others while one command waits is there. */
  let answers = 0;

  const breakWith = (error: ResidencyError): void => {
    broken ??= error;
    for (const { reject } of questions.values()) reject(broken);
    questions.clear();
    stop.abort();
  };
  const read = async (): Promise<void> => {
    try {
      const call = {
        deadlineMs: streamMs,
        signal: AbortSignal.any([signal, stop.signal]),
        ...(traceparent !== undefined && { traceparent }),
      };
      for await (const message of client.play(outbox, call)) {
        const { episodeId, result } = episodeResponseFromProto(message);
        answers += 1;
        questions.get(episodeId)?.resolve(result);
        questions.delete(episodeId);
      }
      breakWith(
        new ResidencyError('service_unavailable', 'environment stream: found its end, wanted an answer'),
      );
    } catch (thrown) {
      const error = toResidencyError(thrown);
      // A stream that the other side cancels is a service that goes away; our own end stays what it is.
      const isOther = error.code === 'cancelled' && !signal.aborted;
      breakWith(isOther ? new ResidencyError('service_unavailable', error.message, { cause: error }) : error);
    }
  };
  const reading = read();

  const ask = async (episode: number, command: EpisodeCommand): Promise<EpisodeResult | typeof LATE> => {
    if (broken !== null) throw broken;
    const episodeId = idOf(episode);
    const before = answers;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<EpisodeResult | typeof LATE>((resolve, reject) => {
        questions.set(episodeId, { resolve, reject });
        timer = setTimeout(() => {
          if (answers > before) resolve(LATE);
          else
            breakWith(
              new ResidencyError(
                'service_unavailable',
                `environment stream: found no answer at all in ${commandMs} ms`,
              ),
            );
        }, commandMs);
        outbox.put(episodeRequestToProto({ episodeId, command }));
      });
    } finally {
      clearTimeout(timer);
      questions.delete(episodeId);
    }
  };
  /** Nobody waits for the answer: what is not closed now ends with its stream. */
  const giveBack = (episode: number): void => {
    outbox.put(episodeRequestToProto({ episodeId: idOf(episode), command: { kind: 'close' } }));
  };
  const end = (failure: EpisodeFailure): HostAnswer => ({ kind: 'failure', failure });
  const answered = async (episode: number, command: EpisodeCommand): Promise<HostAnswer> => {
    const result = await ask(episode, command);
    if (result === LATE) {
      const message = `${idOf(episode)}: found no answer to ${command.kind} in ${commandMs} ms, wanted one in time`;
      if (command.kind === 'open') throw new ResidencyError('deadline_exceeded', message);
      giveBack(episode);
      return end({ code: 'deadline_exceeded', message });
    }
    if (result.kind === 'closed')
      return end({ code: 'environment_failed', message: 'it closed the episode' });
    if (result.kind === 'failure') {
      const { error } = result;
      const isOwn = command.kind === 'act' && error.code === 'deadline_exceeded';
      if (error.entry.retryable && !isOwn) throw error;
      return end({ code: error.code, message: error.message });
    }
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
      if (broken === null) giveBack(episode);
    },
    end: async () => {
      outbox.end();
      const timer = setTimeout(() => stop.abort(), END_MS);
      await reading;
      clearTimeout(timer);
    },
  };
}
