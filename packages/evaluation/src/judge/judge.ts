/** A message to a judge. */
export interface JudgeMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** A model that reads completions and replies with counts. */
export interface Judge {
  /** What its results are reported under; two judges of one evaluation differ in it. */
  readonly name: string;
  /** The reply's text. Rejects where none can be had, and with the signal's reason once that aborts. */
  complete(messages: readonly JudgeMessage[], signal: AbortSignal): Promise<string>;
}
