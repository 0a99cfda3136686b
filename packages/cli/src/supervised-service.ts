import { CliError } from './errors.js';
import { describeExit, logTail, ManagedProcess } from './managed-process.js';
import type { Reaper } from './reaper.js';
import type { PlannedService } from './service-table.js';
import { delay, pollUntil } from './wait.js';

/** A service that ends more often than this within the window is given up. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
const RESTART_DELAY_MS = 500;

const READY_INTERVAL_MS = 100;
const REQUEST_DEADLINE_MS = 2_000;

export interface SupervisionOptions {
  readonly reaper: Reaper;
  /** Milliseconds within which a started service must be ready. */
  readonly readyMs: number;
  readonly signal: AbortSignal;
  /** Told of a service that ended by itself and is started again. */
  readonly onRestart: (message: string) => void;
  /** Told once, when a service is given up. */
  readonly onFailure: (error: CliError) => void;
}

async function readyProblem(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(REQUEST_DEADLINE_MS) });
    const text = await answer.text();
    return answer.ok ? null : `/readyz answers ${answer.status} ${text.slice(0, 300)}`;
  } catch {
    return 'does not answer yet';
  }
}

/** A service that is started again when it ends by itself, until it is stopped or given up. */
export class SupervisedService {
  readonly plan: PlannedService;
  readonly #options: SupervisionOptions;
  /** The present process; replaced by a restart. */
  #process: ManagedProcess;
  /** True from the moment somebody wants it stopped. */
  #isStopping = false;
  /** Clock readings of restarts, oldest first. */
  #restarts: number[] = [];

  private constructor(plan: PlannedService, options: SupervisionOptions, process: ManagedProcess) {
    this.plan = plan;
    this.#options = options;
    this.#process = process;
  }

  /** Starts the process; whether it becomes ready is asked with `ready`. */
  static async start(plan: PlannedService, options: SupervisionOptions): Promise<SupervisedService> {
    return new SupervisedService(plan, options, await ManagedProcess.start(plan.process, options.reaper));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** @throws CliError CLI_PROCESS_DIED, CLI_NOT_READY, with the end of the service's log */
  async ready(): Promise<void> {
    const started = this.#process;
    let problem: string | null = 'does not answer yet';
    const ask = async (): Promise<true | null> => {
      if (started.hasExited) return true;
      problem = await readyProblem(this.plan.url);
      return problem === null ? true : null;
    };
    const { readyMs, signal } = this.#options;
    await pollUntil(ask, { intervalMs: READY_INTERVAL_MS, deadlineMs: readyMs, signal });
    const { name, logFile } = this.plan.process;
    if (started.hasExited) {
      const how = describeExit(await started.exited);
      throw new CliError(
        'CLI_PROCESS_DIED',
        `${name} ended with ${how}; ${logFile}:${await logTail(logFile)}`,
      );
    }
    if (problem === null) return;
    throw new CliError(
      'CLI_NOT_READY',
      `${name} is not ready after ${readyMs / 1_000} s: ${problem}; ${logFile}:${await logTail(logFile)}`,
    );
  }

  /** From now on an end of the process is answered with a restart. */
  supervise(): void {
    const watched = this.#process;
    watched.exited
      .then(async (exit) => {
        if (this.#isStopping) return;
        await this.#restart(describeExit(exit));
      })
      .catch((error: unknown) => {
        if (this.#isStopping) return;
        const cause = error instanceof Error ? error.message : String(error);
        this.#options.onFailure(
          error instanceof CliError ? error : new CliError('CLI_PROCESS_DIED', cause, { cause: error }),
        );
      });
  }

  async stop(graceMs: number, hurry: AbortSignal): Promise<void> {
    this.#isStopping = true;
    await this.#process.stop(graceMs, hurry);
  }

  async #restart(how: string): Promise<void> {
    const { name, logFile } = this.plan.process;
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
    // Whatever the dead process left in its group must not live on beside its successor.
    await this.#process.stop(0);
    if (this.#restarts.length > MAX_RESTARTS) {
      throw new CliError(
        'CLI_PROCESS_DIED',
        `${name} ended with ${how}, for the ${this.#restarts.length}th time within a minute; ` +
          `${logFile}:${await logTail(logFile)}`,
      );
    }
    this.#options.onRestart(`${name} ended with ${how}; starting it again`);
    await delay(RESTART_DELAY_MS, this.#options.signal);
    const next = await ManagedProcess.start(this.plan.process, this.#options.reaper);
    this.#process = next;
    // A stop that came while the new process was being started has not seen it.
    if (this.#isStopping) await next.stop(0);
    else this.supervise();
  }
}
