import type { Grade } from '@residency/rubric';
import type { Choice } from './answer.js';
import type { MeasureName } from './judge/measures.js';

/** One reply of a judge about one completion. */
export interface Judgement {
  readonly judge: string;
  readonly measure: MeasureName;
  /** What was counted; null where the reply names no count, or none came. */
  readonly count: number | null;
  /** `unparsable`: a reply without a count; `failed`: no reply, after all attempts. */
  readonly outcome: 'counted' | 'unparsable' | 'failed';
}

/** One completion and what was found in it. */
export interface Answer extends Choice {
  readonly completion: string;
  /** Length in tokens, the one that ended it included. */
  readonly tokens: number;
  /** Whether it ran into the limit of tokens instead of ending. */
  readonly truncated: boolean;
  /** The rubric's verdict; null without a rubric. */
  readonly grade: Grade | null;
  /** In the order of judges, then measures; empty without judges. */
  readonly judgements: readonly Judgement[];
}

/** A question of the data. */
export interface Question {
  readonly id: string;
  readonly question: string;
  /** Texts by letter, in the order of the row; null where the row lists none. */
  readonly options: Readonly<Record<string, string>> | null;
  /** One capital letter. */
  readonly gold: string;
  readonly subject: string | null;
}

/** A question with one model's answers to it. */
export interface Outcome extends Question {
  /** At least one, in the order of sampling. */
  readonly answers: readonly Answer[];
}
