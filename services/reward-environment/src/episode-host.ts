import type { Environment } from '@residency/environments';
import { type EpisodeView, ResidencyError } from '@residency/protocol';

/** An episode under way, wherever it runs. One action at a time. */
export interface HostedEpisode {
  /** @throws ResidencyError where the episode failed and is over, or anything that its environment threw. */
  act(action: string): Promise<EpisodeView>;
  /** Lets go of the episode, over or not; an action under way fails. */
  close(): void;
}

export interface EpisodeOpening {
  readonly task: unknown;
  readonly seed: number;
  /** Told once where the episode fails while nothing is asked of it. */
  readonly onLost: (error: ResidencyError) => void;
}

export interface OpenedEpisode {
  readonly episode: HostedEpisode;
  readonly view: EpisodeView;
}

/** Opens episodes of one environment. */
export interface EpisodeHost {
  /** @throws ResidencyError where the environment refuses the task or cannot be had. */
  open(opening: EpisodeOpening): Promise<OpenedEpisode>;
}

/** The environment of a name. @throws ResidencyError `environment_unknown`. */
export type FindHost = (name: string) => EpisodeHost;

const nothingYet = { reward: 0, done: false, info: {} };

/** Hosts an environment in this process. */
export function localHost(environment: Environment): EpisodeHost {
  return {
    async open({ task, seed }) {
      try {
        const episode = environment.open({ task, seed });
        const { text, admissible, anchor } = episode.observe();
        return {
          view: { text, admissible, anchor, ...nothingYet },
          episode: {
            async act(action) {
              const { info, ...step } = episode.act(action);
              return { ...step, info: { ...info } };
            },
            close: () => undefined,
          },
        };
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ResidencyError('environment_failed', `${environment.name}: ${reason}`, { cause });
      }
    },
  };
}
