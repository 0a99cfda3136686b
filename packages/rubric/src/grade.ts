import type { GraderFailure } from './openai/reasons.js';

/** A half-open range [start, end) of UTF-16 offsets into the completion, as `String.prototype.slice` takes it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One rule's verdict on a completion. */
export interface GradeComponent {
  readonly name: string;
  /** What the rule gave, before its weight. */
  readonly value: number;
  /** What the value is multiplied by in the total; 0 for a component that is only reported. */
  readonly weight: number;
  /** Evidence in the completion, at most `MAX_SPANS` ranges. */
  readonly spans: readonly Span[];
  /** Why the value is what it is, on one line. */
  readonly reason: string;
}

export interface Grade {
  /** Sum of value * weight over the components, in their order. */
  readonly total: number;
  readonly components: readonly GradeComponent[];
  /** What went wrong while grading, in the order of the rules; absent where nothing did. */
  readonly failures?: readonly GraderFailure[];
}

/** The row of the data set that a completion answers. */
export type Item = Readonly<Record<string, unknown>>;

export interface GradeRequest {
  readonly item: Item;
  readonly completion: string;
}

export interface Grader {
  readonly name: string;
  /** Every completion gets a grade; only an item that cannot be graded throws RubricError. */
  grade(request: GradeRequest): Grade;
}

/** Evidence is for people to read: more ranges than this are left out. */
export const MAX_SPANS = 64;

/** A value with its evidence, before a profile gives it a name and a weight. */
export interface Finding {
  readonly value: number;
  readonly spans: readonly Span[];
  readonly reason: string;
}
