import {
  EnvironmentService,
  type EpisodeCommand,
  type EpisodeResponse,
  type EpisodeResult,
  type EpisodeView,
  episodeRequestToProto,
  episodeResponseFromProto,
  openClient,
} from '@residency/protocol';
import type { RunningService } from '@residency/service';
import { signalled } from './signalled.js';

export type PlayMessage = ReturnType<typeof episodeRequestToProto>;

/** A player of one stream: sends commands, each answered in its own time. */
export interface Player extends AsyncDisposable {
  send(episodeId: string, command: EpisodeCommand): Promise<EpisodeResponse>;
  /** Sends a message as it is. */
  sendMessage(message: PlayMessage): Promise<EpisodeResponse>;
  /** Sends a command that has to be answered with a view. */
  view(episodeId: string, command: EpisodeCommand): Promise<EpisodeView>;
  /** Cancels the stream. */
  cancel(): void;
}

/** A stream of messages that are put into it, until it is ended. */
function messageQueue(): {
  readonly messages: AsyncIterable<PlayMessage>;
  put(message: PlayMessage): void;
  end(): void;
} {
  const queue: PlayMessage[] = [];
  let wake = signalled();
  let isOver = false;
  const messages = async function* () {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (isOver) return;
      else {
        await wake.promise;
        wake = signalled();
      }
    }
  };
  return {
    messages: messages(),
    put(message) {
      queue.push(message);
      wake.resolve();
    },
    end() {
      isOver = true;
      wake.resolve();
    },
  };
}

interface Waiting {
  resolve(answer: EpisodeResponse): void;
  reject(reason: unknown): void;
}

/** Opens a stream to an environment service; answers find their command by the episode's id and their order. */
export function openPlayer(service: RunningService, deadlineMs = 60_000): Player {
  const client = openClient(EnvironmentService, { address: service.addresses['grpc'] ?? '' });
  const requests = messageQueue();
  const stop = new AbortController();
  const waiting = new Map<string, Waiting[]>();
  const read = async (): Promise<void> => {
    let failure: unknown = new Error('the stream ended');
    try {
      for await (const message of client.play(requests.messages, { deadlineMs, signal: stop.signal })) {
        const answer = episodeResponseFromProto(message);
        const first = waiting.get(answer.episodeId)?.shift();
        if (first === undefined) throw new Error(`an answer that nobody waits for: ${answer.episodeId}`);
        first.resolve(answer);
      }
    } catch (thrown) {
      failure = thrown;
    }
    for (const { reject } of [...waiting.values()].flat()) reject(failure);
  };
  const reading = read();
  const sendMessage = (message: PlayMessage): Promise<EpisodeResponse> =>
    new Promise((resolve, reject) => {
      const id = message.episodeId ?? '';
      waiting.set(id, [...(waiting.get(id) ?? []), { resolve, reject }]);
      requests.put(message);
    });
  const send = (episodeId: string, command: EpisodeCommand) =>
    sendMessage(episodeRequestToProto({ episodeId, command }));
  return {
    send,
    sendMessage,
    view: async (episodeId, command) => viewIn((await send(episodeId, command)).result),
    cancel: () => stop.abort(),
    async [Symbol.asyncDispose]() {
      requests.end();
      await reading;
      client.close();
    },
  };
}

function viewIn(result: EpisodeResult): EpisodeView {
  if (result.kind === 'observation') return result.view;
  throw new Error(result.kind === 'failure' ? `${result.error.code}: ${result.error.message}` : 'closed');
}

/** What a service shows to Prometheus. */
export async function scrape(service: RunningService): Promise<string> {
  return await (await fetch(`http://${service.addresses['http']}/metrics`)).text();
}
