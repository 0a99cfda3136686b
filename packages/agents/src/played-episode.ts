import type { EpisodeFailure } from './host.js';

/** One response of the policy, and what came of it. */
export interface PlayedTurn {
  readonly promptIds: readonly number[];
  readonly ids: readonly number[];
  /** Natural-log probability of each id under the distribution it was drawn from. */
  readonly logprobs: readonly number[];
  readonly stopReason: 'stop' | 'length';
  /** What was seen when the response was asked for. */
  readonly observation: string;
  readonly anchor: string;
  /** What the response was read as. */
  readonly action: string;
  /** Whether the response had the form that is asked for. */
  readonly isValid: boolean;
  /** Whether the environment offered the action. */
  readonly isAdmissible: boolean;
  readonly reward: number;
}

/** An episode from its opening to its end, its turns in the order of time. */
export interface PlayedEpisode {
  readonly turns: readonly PlayedTurn[];
  /** Whether it began. */
  readonly isOpened: boolean;
  readonly won: boolean;
  /** How it ended: in the environment's own words, `turn limit` or `context limit`. */
  readonly outcome: string;
  /** Why it ended abnormally; null where it did not. */
  readonly failure: EpisodeFailure | null;
  /** What was seen last. */
  readonly last: string;
}

/** Sum of an episode's rewards. */
export const returnOf = ({ turns }: Pick<PlayedEpisode, 'turns'>): number =>
  turns.reduce((sum, { reward }) => sum + reward, 0);
