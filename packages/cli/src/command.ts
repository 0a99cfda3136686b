import type { Terminal } from './terminal.js';

/** What a command gets from the process that runs it. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborts when the user asks to stop. */
  readonly signal: AbortSignal;
  /** Aborts when the user asks a second time. */
  readonly hurry: AbortSignal;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The arguments after the command's name. @returns the exit code @throws CliError */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}
