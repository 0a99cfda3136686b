/** What an episode is of: with the actions that are taken, it decides everything that is seen. */
export interface EpisodeOpening {
  readonly environment: string;
  /** In the environment's own form; plain JSON data. */
  readonly task: unknown;
  /** An integer in [0, 2^32). */
  readonly seed: number;
}

/** What is seen after opening or acting. */
export interface HostView {
  readonly text: string;
  readonly admissible: readonly string[];
  /** Names the state: equal anchors of one group are the same decision. */
  readonly anchor: string;
  /** Of the action just taken; 0 on opening. */
  readonly reward: number;
  readonly done: boolean;
  /** Whether the action was one of the admissible ones. */
  readonly isAdmissible: boolean;
  /** Whether the task is fulfilled. */
  readonly won: boolean;
  /** Why the environment ended the episode; null while it runs, or where it does not say. */
  readonly outcome: string | null;
}

/** An episode that cannot go on. */
export interface EpisodeFailure {
  /** Reason code. */
  readonly code: string;
  readonly message: string;
}

export type HostAnswer =
  | { readonly kind: 'view'; readonly view: HostView }
  | { readonly kind: 'failure'; readonly failure: EpisodeFailure };

/** Where episodes are played: in this process, or behind a network. Episodes are numbered by who plays them. */
export interface EpisodeHost {
  /** Opens an episode. Rejects where no episode can be played at all, such as by a service that is away. */
  open(episode: number, opening: EpisodeOpening): Promise<HostAnswer>;
  act(episode: number, action: string): Promise<HostAnswer>;
  /** Ends an episode before its end. */
  close(episode: number): Promise<void>;
}
