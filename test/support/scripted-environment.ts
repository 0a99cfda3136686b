import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { type Environment, type Episode, environments } from '@residency/environments';
import {
  EnvironmentService,
  type EpisodeRequest,
  type EpisodeResult,
  type EpisodeView,
  episodeRequestFromProto,
  episodeResponseToProto,
  serviceDefinition,
} from '@residency/protocol';

/** A message of the contract, right or wrong. */
export type Answer = ReturnType<typeof episodeResponseToProto>;

/** The server's side of one stream. */
export interface ScriptedStream {
  write(answer: Answer): void;
  /** Ends the stream as one that has nothing more to say. */
  end(): void;
}

/** What the server does with each request. */
export type Script = (request: EpisodeRequest, stream: ScriptedStream) => void;

export interface ScriptedEnvironment extends AsyncDisposable {
  readonly address: string;
  /** Every request so far. */
  readonly requests: readonly EpisodeRequest[];
  /** Streams that have not ended. */
  openStreams(): number;
}

type PlayCall = ServerDuplexStream<Parameters<typeof episodeRequestFromProto>[0], Answer>;

/** Starts an environment server that does what the script says, on a free port or the given one. */
export async function startScripted(script: Script, port = 0): Promise<ScriptedEnvironment> {
  const server = new Server();
  const requests: EpisodeRequest[] = [];
  const open = new Set<PlayCall>();
  const play = (call: PlayCall): void => {
    open.add(call);
    call.on('cancelled', () => open.delete(call));
    call.on('error', () => undefined);
    call.on('end', () => {
      open.delete(call);
      call.end();
    });
    call.on('data', (message: Parameters<typeof episodeRequestFromProto>[0]) => {
      const request = episodeRequestFromProto(message);
      requests.push(request);
      script(request, { write: (answer) => void call.write(answer), end: () => call.end() });
    });
  };
  server.addService(serviceDefinition(EnvironmentService), { play });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
  return {
    address: `127.0.0.1:${bound}`,
    requests,
    openStreams: () => open.size,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

/** A view with a few facts of one's own. */
export const seen = (view: Partial<EpisodeView> = {}): EpisodeResult => ({
  kind: 'observation',
  view: { text: 'seen', admissible: [], anchor: 'a', reward: 0, done: false, info: {}, ...view },
});

/** An answer of the contract. */
export const answerOf = (episodeId: string, result: EpisodeResult): Answer =>
  episodeResponseToProto({ episodeId, result });

/** What an honest server does: it hosts an environment of this repository. */
export function honest(environment: Environment | undefined = environments['triage']): Script {
  if (environment === undefined) throw new Error('no such environment');
  const episodes = new Map<string, Episode>();
  return ({ episodeId, command }, { write }) => {
    const result = (): EpisodeResult => {
      if (command.kind === 'open') {
        const episode = environment.open(command);
        episodes.set(episodeId, episode);
        return seen(episode.observe());
      }
      if (command.kind === 'close') return { kind: 'closed' };
      const step = episodes.get(episodeId)?.act(command.action);
      return seen(step && { ...step, info: { ...step.info } });
    };
    write(answerOf(episodeId, result()));
  };
}
