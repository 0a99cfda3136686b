import { type EpisodeCommand, type EpisodeResult, ResidencyError } from '@residency/protocol';
import type { FindHost, HostedEpisode, OpenedEpisode } from './episode-host.js';
import type { EpisodeSlots } from './episode-slots.js';

/** Why an episode ended. */
export type EpisodeOutcome = 'done' | 'closed' | 'failed' | 'expired' | 'abandoned';

export interface EpisodesOptions {
  readonly findHost: FindHost;
  readonly slots: EpisodeSlots;
  /** Milliseconds without a command after which an episode is given up. */
  readonly idleMs: number;
  readonly onEnd: (outcome: EpisodeOutcome) => void;
}

interface OpenEpisode {
  readonly episode: HostedEpisode;
  /** Runs while no command is under way. */
  timer: NodeJS.Timeout;
}

type Handler<K extends EpisodeCommand['kind']> = (
  id: string,
  command: Extract<EpisodeCommand, { kind: K }>,
) => Promise<EpisodeResult>;

/** The episodes of one stream. */
export class Episodes {
  readonly #options: EpisodesOptions;
  readonly #open: Map<string, OpenEpisode> = new Map();
  /** Why episodes ended between two commands, so that the next one is told. */
  readonly #reasons: Map<string, ResidencyError> = new Map();
  /** The last command of each id that is under way: those of one episode are carried out in their order. */
  readonly #turns: Map<string, Promise<EpisodeResult>> = new Map();
  /** Nothing is opened any more. */
  #isClosed = false;
  readonly #handlers: { readonly [K in EpisodeCommand['kind']]: Handler<K> } = {
    open: (id, command) => this.#start(id, command),
    act: (id, command) => this.#act(id, command.action),
    close: (id) => this.#close(id),
  };

  constructor(options: EpisodesOptions) {
    this.#options = options;
  }

  /**
   * Carries out a command, after those of the same episode and beside those of others; whatever goes wrong is this
   * episode's failure, the others go on.
   */
  async handle(id: string, command: EpisodeCommand): Promise<EpisodeResult> {
    const turn = this.#inTurn(this.#turns.get(id), id, command);
    this.#turns.set(id, turn);
    const result = await turn;
    if (this.#turns.get(id) === turn) this.#turns.delete(id);
    return result;
  }

  /** Ends what is still open. */
  close(): void {
    this.#isClosed = true;
    for (const id of [...this.#open.keys()]) this.#end(id, 'abandoned');
  }

  async #inTurn(
    before: Promise<EpisodeResult> | undefined,
    id: string,
    command: EpisodeCommand,
  ): Promise<EpisodeResult> {
    await before;
    try {
      // The table is total over `kind`, which TypeScript cannot correlate with the command.
      return await (this.#handlers[command.kind] as Handler<EpisodeCommand['kind']>)(id, command as never);
    } catch (thrown) {
      if (thrown instanceof ResidencyError) return { kind: 'failure', error: thrown };
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      return { kind: 'failure', error: new ResidencyError('environment_failed', reason, { cause: thrown }) };
    }
  }

  async #start(id: string, command: Extract<EpisodeCommand, { kind: 'open' }>): Promise<EpisodeResult> {
    if (this.#open.has(id)) {
      throw new ResidencyError(
        'invalid_request',
        `episode_id: found ${JSON.stringify(id)} open, wanted a new id`,
        { param: 'episode_id' },
      );
    }
    const { environment, task, seed } = command;
    const host = this.#options.findHost(environment);
    this.#options.slots.take();
    let opened: OpenedEpisode;
    try {
      opened = await host.open({ task, seed, onLost: (error) => this.#lose(id, error) });
      // The stream may have ended meanwhile.
      if (this.#isClosed) {
        opened.episode.close();
        throw new ResidencyError('cancelled', 'the stream has ended');
      }
    } catch (thrown) {
      this.#options.slots.give();
      throw thrown;
    }
    this.#reasons.delete(id);
    this.#open.set(id, { episode: opened.episode, timer: this.#idleTimer(id) });
    return { kind: 'observation', view: opened.view };
  }

  async #act(id: string, action: string): Promise<EpisodeResult> {
    const open = this.#open.get(id);
    if (open === undefined) throw this.#unknown(id);
    clearTimeout(open.timer);
    try {
      const view = await open.episode.act(action);
      if (view.done) this.#end(id, 'done');
      else if (this.#open.get(id) === open) open.timer = this.#idleTimer(id);
      return { kind: 'observation', view };
    } catch (thrown) {
      this.#end(id, 'failed');
      throw thrown;
    }
  }

  async #close(id: string): Promise<EpisodeResult> {
    // Closing what has ended is no mistake: the player may not know yet.
    this.#end(id, 'closed');
    this.#reasons.delete(id);
    return { kind: 'closed' };
  }

  #unknown(id: string): ResidencyError {
    return (
      this.#reasons.get(id) ??
      new ResidencyError(
        'episode_unknown',
        `episode_id: found ${JSON.stringify(id)}, wanted an open episode`,
        { param: 'episode_id' },
      )
    );
  }

  #idleTimer(id: string): NodeJS.Timeout {
    const { idleMs } = this.#options;
    return setTimeout(() => {
      this.#reasons.set(
        id,
        new ResidencyError(
          'episode_expired',
          `episode ${JSON.stringify(id)}: found no command for ${idleMs} ms, wanted one in time`,
        ),
      );
      this.#end(id, 'expired');
    }, idleMs);
  }

  #lose(id: string, error: ResidencyError): void {
    this.#reasons.set(id, error);
    this.#end(id, 'failed');
  }

  #end(id: string, outcome: EpisodeOutcome): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    clearTimeout(open.timer);
    this.#open.delete(id);
    open.episode.close();
    this.#options.slots.give();
    this.#options.onEnd(outcome);
  }
}
