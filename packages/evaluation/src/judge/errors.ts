/** Every way a judge gives no reply: code -> what it means. */
export const judgeErrors = {
  JUDGE_CONFIG: 'the settings of a judge cannot be used',
  JUDGE_REFUSED: 'the endpoint refuses the request, and would again',
  JUDGE_UNAVAILABLE: 'the endpoint does not answer, or fails, as often as it is asked',
  JUDGE_REPLY: 'the endpoint answers with something other than a chat completion',
} as const;

export type JudgeErrorCode = keyof typeof judgeErrors;

/** A judge without a reply. Its message never holds the key, nor does a cause, so there is none. */
export class JudgeError extends Error {
  readonly code: JudgeErrorCode;

  constructor(code: JudgeErrorCode, message: string) {
    super(message);
    this.name = 'JudgeError';
    this.code = code;
  }
}
