import { type Client, EnvironmentService, openClient, type ResidencyError } from '@residency/protocol';
import type { EpisodeHost } from './episode-host.js';
import type { RegisteredEnvironments } from './registered-environments.js';
import { RemoteStream } from './remote-stream.js';

export interface RemoteEnvironmentsOptions {
  readonly addresses: RegisteredEnvironments;
  /** Milliseconds in which an environment has to answer a command. */
  readonly timeoutMs: number;
  /** Told where a stream to an environment ends by itself. */
  readonly onBroken: (environment: string, error: ResidencyError) => void;
}

/** What one player has of the registered environments. */
export interface RemoteHosts {
  /** The host of a registered name, else undefined. */
  find(name: string): EpisodeHost | undefined;
  /** Ends every stream that was opened. */
  close(): Promise<void>;
}

/** The environments that are registered by address; connections are made when first wanted. */
export class RemoteEnvironments {
  readonly #options: RemoteEnvironmentsOptions;
  readonly #clients: ReadonlyMap<string, Client<typeof EnvironmentService>>;

  constructor(options: RemoteEnvironmentsOptions) {
    this.#options = options;
    this.#clients = new Map(
      [...options.addresses].map(([name, address]) => [name, openClient(EnvironmentService, { address })]),
    );
  }

  get names(): readonly string[] {
    return [...this.#clients.keys()];
  }

  /** The hosts for one player's stream, which may last `deadlineMs` more: a stream of its own to each environment. */
  hosts(deadlineMs: number): RemoteHosts {
    const { timeoutMs, onBroken } = this.#options;
    const streams = new Map<string, RemoteStream>();
    return {
      find: (name) => {
        const client = this.#clients.get(name);
        const known = streams.get(name);
        if (client === undefined || known?.isOver === false) return known;
        const stream = new RemoteStream({
          name,
          client,
          timeoutMs,
          deadlineMs,
          onBroken: (error) => onBroken(name, error),
        });
        streams.set(name, stream);
        return stream;
      },
      close: async () => {
        await Promise.all([...streams.values()].map((stream) => stream.close()));
      },
    };
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
