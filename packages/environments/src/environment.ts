/** What an agent sees. */
export interface Observation {
  readonly text: string;
  /** Actions that change something now, sorted; empty once the episode is over. */
  readonly admissible: readonly string[];
  /** Names the state: equal anchors of one group are the same decision (GiGPO specification 1.2). */
  readonly anchor: string;
}

export interface StepInfo {
  /** Whether the action was one of the admissible ones. */
  readonly isValid: boolean;
  /** Why the episode ended, or null while it runs. */
  readonly outcome: string | null;
  /** Actions taken so far, this one included. */
  readonly steps: number;
}

export interface Step extends Observation {
  /** Reward of this action. */
  readonly reward: number;
  readonly done: boolean;
  readonly info: StepInfo;
}

/** One run of an environment. It depends on the task, the seed and the actions alone. */
export interface Episode {
  /** What the agent is asked to do, where the environment says it apart from what is to be seen. */
  readonly task?: string;
  /** What is to be seen now; looking changes nothing. */
  observe(): Observation;
  /** Takes any text; one that is no admissible action leaves the world as it is and says so. */
  act(action: string): Step;
}

export interface EpisodeOptions {
  /** In the environment's own form; plain JSON data. */
  readonly task: unknown;
  /** An integer in [0, 2^32). */
  readonly seed: number;
}

export interface Environment {
  readonly name: string;
  /** @throws EnvironmentError ENVIRONMENT_TASK, ENVIRONMENT_SEED */
  open(options: EpisodeOptions): Episode;
}
