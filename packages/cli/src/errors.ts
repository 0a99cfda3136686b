/** Every way a command fails that its user can do something about: code -> what it means. */
export const cliErrors = {
  CLI_USAGE: 'the command line is not understood',
  CLI_ALREADY_RUNNING: 'another platform runs in the same folder',
  CLI_REDIS_MISSING: 'no Redis server can be started',
  CLI_REDIS_UNREACHABLE: 'Redis does not answer in time',
  CLI_PORT_TAKEN: 'a port that was asked for is in use',
  CLI_PROCESS_DIED: 'a process of the platform ended by itself',
  CLI_NOT_READY: 'a service did not become ready in time',
  CLI_GATEWAY: 'the gateway refused a request or did not answer',
  CLI_JOB_FAILED: 'a training job ended without success',
  CLI_ARTIFACT: 'a downloaded artifact is not what it should be',
  CLI_MODEL: 'a model or an adapter cannot be read or written',
  CLI_IMPORT: 'a model cannot be imported',
  CLI_INPUT: 'a line of the input is not what it should be',
  CLI_OUTPUT: 'the output cannot be written',
  CLI_DATA: 'a data set cannot be read or written',
  CLI_PLAY: 'a game or a file of commands cannot be read or played',
  CLI_EVALUATION: 'an evaluation lacks something that it needs, or its data is not what it should be',
  CLI_STOPPED: 'the user stopped the command',
} as const;

export type CliErrorCode = keyof typeof cliErrors;

/** A failure whose message is all that the user needs; anything else thrown is a defect. */
export class CliError extends Error {
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.code = code;
  }
}

/** What an unknown error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
