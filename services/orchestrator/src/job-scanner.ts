import { type Logger, pause } from '@residency/service';
import type { Jobs } from '@residency/storage';

export interface JobScannerOptions {
  readonly jobs: Jobs;
  readonly intervalMs: number;
  readonly log: Logger;
  readonly advance: (jobId: string) => Promise<void>;
}

/**
 * Looks at every active job again and again. It is how jobs start and how they recover: what a crash left undone,
 * the next scan of any orchestrator finds.
 */
export class JobScanner {
  readonly #options: JobScannerOptions;
  readonly #stop: AbortController = new AbortController();
  /** Jobs being advanced by this process; one move at a time each. */
  readonly #moving: Map<string, Promise<void>> = new Map();
  readonly #loop: Promise<void>;

  constructor(options: JobScannerOptions) {
    this.#options = options;
    this.#loop = this.#scan();
  }

  /** Advances a job now, in turn with the scan; failures are logged and left to the next scan. */
  async nudge(jobId: string): Promise<void> {
    const before = this.#moving.get(jobId) ?? Promise.resolve();
    const move = before.then(() => this.#advance(jobId));
    this.#moving.set(jobId, move);
    await move;
    if (this.#moving.get(jobId) === move) this.#moving.delete(jobId);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all(this.#moving.values());
  }

  async #advance(jobId: string): Promise<void> {
    if (this.#stop.signal.aborted) return;
    try {
      await this.#options.advance(jobId);
    } catch (error) {
      this.#options.log.warn({ job: jobId, err: error }, 'a job could not be advanced');
    }
  }

  async #scan(): Promise<void> {
    const { jobs, intervalMs, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        const active = await jobs.active();
        // A job whose move takes long (a model being loaded) must not hold up the others.
        for (const jobId of active) if (!this.#moving.has(jobId)) this.nudge(jobId).catch(() => undefined);
      } catch (error) {
        log.warn({ err: error }, 'the scan of active jobs failed');
      }
      await pause(intervalMs, this.#stop.signal);
    }
  }
}
