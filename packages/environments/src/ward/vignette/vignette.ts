import type { FindingKind } from '../findings.js';

/** A fact of a real case. */
export interface VignetteFact {
  readonly kind: FindingKind;
  /** How it is asked for by name; a case has no two of one kind and name. */
  readonly name: string;
  readonly text: string;
  /** Text whose words it is found by. */
  readonly keywords: string;
}

/** A real case that plays as a patient of the ward; plain JSON data. */
export interface Vignette {
  /** Where it is from, such as `mediq_dev.jsonl row 3`. */
  readonly source: string;
  /** What is told at first. */
  readonly presentation: string;
  readonly question: string;
  readonly facts: readonly VignetteFact[];
  /** Answers to choose from; null where the diagnosis is stated as text. */
  readonly options: readonly string[] | null;
  /** The right answer: one of the options where there are any. */
  readonly diagnosis: string;
}
