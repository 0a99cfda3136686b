import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './errors.js';
import type { Reaper } from './reaper.js';

/** How to start a process. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process. */
  readonly env: NodeJS.ProcessEnv;
  /** Gets both outputs, appended. */
  readonly logFile: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An exit as a message says it. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

const LOG_TAIL_LINES = 15;

/** The last lines of a log file, indented; empty where there are none. */
export async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .slice(-LOG_TAIL_LINES)
    .map((line) => `\n    ${line}`)
    .join('');
}

/** A child in a process group of its own: a ctrl-C at the terminal reaches its owner only, who ends it in order. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly pid: number;
  /** Settles once the process itself has ended; never rejects. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #reaper: Reaper;
  /** Set when the process has ended. */
  #exit: Exit | null = null;

  private constructor(spec: ProcessSpec, child: ChildProcess, pid: number, reaper: Reaper) {
    this.spec = spec;
    this.pid = pid;
    this.#child = child;
    this.#reaper = reaper;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  /** @throws CliError CLI_PROCESS_DIED where the program cannot be started at all */
  static async start(spec: ProcessSpec, reaper: Reaper): Promise<ManagedProcess> {
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, 'a');
    try {
      const child = spawn(spec.command, spec.args, {
        cwd: spec.cwd,
        env: spec.env,
        detached: true,
        stdio: ['ignore', log, log],
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (error) => {
          reject(new CliError('CLI_PROCESS_DIED', `${spec.name}: ${error.message}`, { cause: error }));
        });
      });
      const { pid } = child;
      if (pid === undefined) throw new Error(`internal: ${spec.name} was started without a process id`);
      reaper.add(pid);
      return new ManagedProcess(spec, child, pid, reaper);
    } finally {
      closeSync(log);
    }
  }

  get hasExited(): boolean {
    return this.#exit !== null;
  }

  /**
   * Asks with SIGTERM, and after `graceMs`, or at once when `hurry` aborts, kills the process with all its children;
   * leaves nothing behind.
   */
  async stop(graceMs: number, hurry?: AbortSignal): Promise<void> {
    if (this.#exit === null) this.#child.kill('SIGTERM');
    const kill = (): void => this.#killGroup();
    const timer = setTimeout(kill, graceMs);
    hurry?.addEventListener('abort', kill);
    if (hurry?.aborted === true) kill();
    await this.exited;
    clearTimeout(timer);
    hurry?.removeEventListener('abort', kill);
    // A child that ended badly may have left children of its own.
    this.#killGroup();
    this.#reaper.remove(this.pid);
  }

  #killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'ESRCH' && code !== 'EPERM') throw error;
    }
  }
}
