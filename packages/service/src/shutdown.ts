import type { Logger } from './logger.js';

/** In the order in which they are stopped. */
const stages = ['intake', 'drain', 'clients'] as const;

/** `intake`: take nothing new; `drain`: finish what runs; `clients`: close what others were using. */
export type ShutdownStage = (typeof stages)[number];

/** Stops one thing; the signal aborts when its stage is out of time and it must let go. */
export type StopStep = (outOfTime: AbortSignal) => Promise<void>;

interface Step {
  readonly name: string;
  readonly stop: StopStep;
}

/** Share of the whole time that is over when a stage must be done; the last stage has what the others leave. */
const shareUntil: { readonly [S in ShutdownStage]: number } = { intake: 0.2, drain: 0.8, clients: 1 };

/** Collects what a service opened and closes it in order, under one deadline. */
export class Shutdown {
  /** Steps of each stage, in the order of registration. */
  readonly #steps: { readonly [S in ShutdownStage]: Step[] } = { intake: [], drain: [], clients: [] };
  /** The one run, so that a second stop waits for the first. */
  #running: Promise<readonly string[]> | undefined;

  on(stage: ShutdownStage, name: string, stop: StopStep): void {
    this.#steps[stage].push({ name, stop });
  }

  /** Stops everything; the answer names the steps that failed or did not end in time. */
  run(deadlineMs: number, log: Logger): Promise<readonly string[]> {
    this.#running ??= this.#run(deadlineMs, log);
    return this.#running;
  }

  async #run(deadlineMs: number, log: Logger): Promise<readonly string[]> {
    const start = performance.now();
    const failures: string[] = [];
    for (const stage of stages) {
      const left = Math.max(50, deadlineMs * shareUntil[stage] - (performance.now() - start));
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), left);
      // Letting go takes a moment of its own after the signal.
      const hard = left + Math.max(250, deadlineMs * 0.05);
      const outcomes = await Promise.all(
        this.#steps[stage].map((step) => this.#stop(step, late.signal, hard, log)),
      );
      clearTimeout(timer);
      failures.push(...outcomes.filter((outcome) => outcome !== null));
    }
    return failures;
  }

  async #stop(step: Step, late: AbortSignal, hardMs: number, log: Logger): Promise<string | null> {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<'overdue'>((resolve) => {
      timer = setTimeout(() => resolve('overdue'), hardMs);
    });
    try {
      if ((await Promise.race([step.stop(late), overdue])) !== 'overdue') return null;
      log.warn({ step: step.name }, 'did not stop in time');
    } catch (error) {
      log.warn({ step: step.name, err: error }, 'failed to stop');
    } finally {
      clearTimeout(timer);
    }
    return step.name;
  }
}
