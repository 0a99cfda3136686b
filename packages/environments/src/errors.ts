/** Every way an episode is refused before it begins: code -> what it means. No action ever causes an error. */
export const environmentErrors = {
  ENVIRONMENT_UNKNOWN: 'no environment has the given name',
  ENVIRONMENT_SEED: 'a seed is not an unsigned 32-bit integer',
  ENVIRONMENT_TASK: 'a task does not have the form that its environment wants',
  ENVIRONMENT_GAME: 'a game file cannot be read, or its rules or texts are not those that are played',
  ENVIRONMENT_CASE: 'a file of cases or one of its rows cannot be read',
  ENVIRONMENT_TOO_LARGE: 'a task has more states than can be solved exactly',
} as const;

export type EnvironmentErrorCode = keyof typeof environmentErrors;

/** An episode that cannot be opened. */
export class EnvironmentError extends Error {
  readonly code: EnvironmentErrorCode;
  /** The field at fault, such as `task.maxSteps`. */
  readonly param: string;

  constructor(code: EnvironmentErrorCode, param: string, message: string) {
    super(message);
    this.name = 'EnvironmentError';
    this.code = code;
    this.param = param;
  }
}
