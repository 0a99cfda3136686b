import type { PolicyRef } from './job-spec.js';
import type { Phase } from './unit.js';

/** One completion as the sampler recorded it; the learner trains on these ids, nothing is tokenised again. */
export interface SampledCompletion {
  readonly ids: readonly number[];
  /** Natural-log probability of each id under the distribution it was drawn from. */
  readonly logprobs: readonly number[];
  /** 0 means greedy. */
  readonly temperature: number;
  readonly stopReason: 'stop' | 'length';
  /** The decoded completion, without the id that ended it. */
  readonly text: string;
  /** Of an agent: the turns that the ids are the responses of. */
  readonly episode?: SampledEpisode;
}

/** One response of an agent, and what came of it. */
export interface EpisodeTurn {
  /** How many ids of the turn before's prompt this prompt begins with, and those behind them. */
  readonly promptKeeps: number;
  readonly promptAdds: readonly number[];
  /** How many of the episode's ids are this response's; they follow those of the turns before. */
  readonly tokens: number;
  readonly stopReason: 'stop' | 'length';
  readonly observation: string;
  /** Identifies the state that the response was given in. */
  readonly anchor: string;
  /** What the response was read as. */
  readonly action: string;
  /** Whether it had the form asked for. */
  readonly isValid: boolean;
  /** Whether the environment offered the action. */
  readonly isAdmissible: boolean;
  readonly reward: number;
}

/** An episode in the order of time. */
export interface SampledEpisode {
  readonly turns: readonly EpisodeTurn[];
  readonly won: boolean;
  /** How it ended. */
  readonly outcome: string;
  /** Why it ended abnormally; null where it did not. Such an episode has no reward. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** The completions of one prompt of one unit, as they stand in the ledger. */
export interface SampledGroup {
  readonly phase: Phase;
  readonly step: number;
  readonly index: number;
  /** Row of the dataset, from 0. */
  readonly item: number;
  readonly policy: PolicyRef;
  readonly promptIds: readonly number[];
  readonly samples: readonly SampledCompletion[];
}

/** A part of a reward, with the places of the completion that earned it. */
export interface RewardComponent {
  readonly name: string;
  readonly value: number;
  /** What the value counts for in the total; 0 where it is only reported. */
  readonly weight: number;
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  readonly reason: string;
}

/** Why a sample has no reward. */
export type UngradedReason =
  | 'episode_failed'
  | 'grader_deadline'
  | 'grader_failed'
  | 'item_variable_missing'
  | 'model_deadline'
  | 'model_not_allowed'
  | 'model_rejected'
  | 'model_unavailable'
  | 'python_crashed'
  | 'python_deadline'
  | 'text_too_long';

/** The error fields of a sample (fine-tuning specification 5): booleans, and texts that may be null. */
export type SampleErrors = Readonly<Record<string, boolean | string | null>>;

/**
 * The reward of one sample, or the reason for its absence; an absent reward is never counted as 0. Errors are there
 * where something went wrong, also where it counts as a reward of 0.
 */
export type SampleGrade =
  | {
      readonly graded: true;
      readonly total: number;
      readonly components: readonly RewardComponent[];
      readonly errors?: SampleErrors;
    }
  | {
      readonly graded: false;
      readonly reason: UngradedReason;
      readonly message: string;
      readonly errors?: SampleErrors;
    };

/** The grades of one group, in sample order. */
export interface GroupGrades {
  readonly index: number;
  readonly grades: readonly SampleGrade[];
}
