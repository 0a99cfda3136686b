import { type Environment, type Episode, environments } from '@residency/environments';
import {
  type EpisodeCommand,
  type EpisodeResult,
  type EpisodeView,
  ResidencyError,
} from '@residency/protocol';

/** How many episodes of the whole service are open; shared by all streams. */
export class EpisodeSlots {
  readonly #limit: number;
  readonly #onChange: (open: number) => void;
  #open = 0;

  constructor(limit: number, onChange: (open: number) => void) {
    this.#limit = limit;
    this.#onChange = onChange;
  }

  /** @throws ResidencyError `episode_limit`. */
  take(): void {
    if (this.#open >= this.#limit) {
      throw new ResidencyError(
        'episode_limit',
        `episodes: found ${this.#open} open, wanted fewer than ${this.#limit}`,
      );
    }
    this.#open += 1;
    this.#onChange(this.#open);
  }

  give(): void {
    this.#open -= 1;
    this.#onChange(this.#open);
  }
}

/** Why an episode ended. */
export type EpisodeOutcome = 'done' | 'closed' | 'failed' | 'expired' | 'abandoned';

export interface EpisodesOptions {
  readonly slots: EpisodeSlots;
  /** Milliseconds without a command after which an episode is given up. */
  readonly idleMs: number;
  readonly onEnd: (outcome: EpisodeOutcome) => void;
}

interface OpenEpisode {
  readonly episode: Episode;
  timer: NodeJS.Timeout;
}

type Handler<K extends EpisodeCommand['kind']> = (
  id: string,
  command: Extract<EpisodeCommand, { kind: K }>,
) => EpisodeResult;

const nothingYet = { reward: 0, done: false, info: {} };

function environmentOf(name: string): Environment {
  const environment = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (environment !== undefined) return environment;
  throw new ResidencyError(
    'environment_unknown',
    `environment: found ${JSON.stringify(name)}, wanted one of ${Object.keys(environments).sort().join(', ')}`,
    { param: 'environment' },
  );
}

/** The episodes of one stream. */
export class Episodes {
  readonly #options: EpisodesOptions;
  readonly #open: Map<string, OpenEpisode> = new Map();
  /** Ids whose episode idled too long, so that the next command is told why. */
  readonly #expired: Set<string> = new Set();
  readonly #handlers: { readonly [K in EpisodeCommand['kind']]: Handler<K> } = {
    open: (id, command) => this.#start(id, command),
    act: (id, command) => this.#act(id, command.action),
    close: (id) => this.#close(id),
  };

  constructor(options: EpisodesOptions) {
    this.#options = options;
  }

  /** Carries out a command; whatever goes wrong is this episode's failure, the others go on. */
  handle(id: string, command: EpisodeCommand): EpisodeResult {
    try {
      // The table is total over `kind`, which TypeScript cannot correlate with the command.
      return (this.#handlers[command.kind] as Handler<EpisodeCommand['kind']>)(id, command as never);
    } catch (thrown) {
      if (thrown instanceof ResidencyError) return { kind: 'failure', error: thrown };
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#end(id, 'failed');
      return { kind: 'failure', error: new ResidencyError('environment_failed', reason, { cause: thrown }) };
    }
  }

  /** Ends what is still open. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.#end(id, 'abandoned');
  }

  #start(id: string, command: Extract<EpisodeCommand, { kind: 'open' }>): EpisodeResult {
    if (this.#open.has(id)) {
      throw new ResidencyError(
        'invalid_request',
        `episode_id: found ${JSON.stringify(id)} open, wanted a new id`,
        {
          param: 'episode_id',
        },
      );
    }
    const environment = environmentOf(command.environment);
    this.#options.slots.take();
    let episode: Episode;
    try {
      episode = environment.open({ task: command.task, seed: command.seed });
    } catch (cause) {
      this.#options.slots.give();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ResidencyError('environment_failed', `${command.environment}: ${reason}`, { cause });
    }
    this.#expired.delete(id);
    this.#open.set(id, { episode, timer: this.#idleTimer(id) });
    const { text, admissible, anchor } = episode.observe();
    return { kind: 'observation', view: { text, admissible, anchor, ...nothingYet } };
  }

  #act(id: string, action: string): EpisodeResult {
    const open = this.#open.get(id);
    if (open === undefined) throw this.#unknown(id);
    clearTimeout(open.timer);
    open.timer = this.#idleTimer(id);
    const { text, admissible, anchor, reward, done, info } = open.episode.act(action);
    const view: EpisodeView = { text, admissible, anchor, reward, done, info: { ...info } };
    if (done) this.#end(id, 'done');
    return { kind: 'observation', view };
  }

  #close(id: string): EpisodeResult {
    // Closing what has ended is no mistake: the player may not know yet.
    this.#end(id, 'closed');
    return { kind: 'closed' };
  }

  #unknown(id: string): ResidencyError {
    if (this.#expired.has(id)) {
      return new ResidencyError(
        'deadline_exceeded',
        `episode ${JSON.stringify(id)}: found no command for ${this.#options.idleMs} ms, wanted one in time`,
      );
    }
    return new ResidencyError(
      'episode_unknown',
      `episode_id: found ${JSON.stringify(id)}, wanted an open episode`,
      {
        param: 'episode_id',
      },
    );
  }

  #idleTimer(id: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.#expired.add(id);
      this.#end(id, 'expired');
    }, this.#options.idleMs);
  }

  #end(id: string, outcome: EpisodeOutcome): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    clearTimeout(open.timer);
    this.#open.delete(id);
    this.#options.slots.give();
    this.#options.onEnd(outcome);
  }
}
