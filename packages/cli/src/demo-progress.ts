import type { JobEventObject, JobObject } from '@residency/protocol';
import type { Terminal } from './terminal.js';

/** Numbers of one committed step, as its metrics event carries them; null where it does not. */
interface StepNumbers {
  readonly step: number;
  readonly reward: number | null;
  readonly accuracy: number | null;
  readonly tokens: number | null;
}

/** Short enough for the whole line, remaining time included, to stand in 80 columns. */
const BAR_WIDTH = 10;

function numberAt(data: unknown, ...path: readonly string[]): number | null {
  let value = data;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    // An own property of an object.
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'number' ? value : null;
}

function stepNumbers({ data }: JobEventObject): StepNumbers | null {
  const step = numberAt(data, 'step');
  if (step === null) return null;
  return {
    step,
    reward: numberAt(data, 'train_mean_reward'),
    accuracy: numberAt(data, 'components', 'accuracy'),
    tokens: numberAt(data, 'tokens'),
  };
}

/** Seconds as minutes and seconds: 4:07. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`;
}

/** Shows a job's way: a bar that moves where lines can be rewritten, else a line for each step. */
export class DemoProgress {
  readonly #terminal: Terminal;
  /** Seconds since some fixed moment; for display only. */
  readonly #clock: () => number;
  /** Events that were shown already. */
  readonly #seen = new Set<string>();
  /** The newest step's numbers. */
  #newest: StepNumbers | null = null;
  /** When the job was first seen in a phase that does this work. */
  #evaluationStart: number | null = null;
  #trainingStart: number | null = null;
  #stepTime: number | null = null;
  /** Tokens per second of the newest step. */
  #speed: number | null = null;
  /** The phase that was last announced. */
  #announced = '';

  constructor(terminal: Terminal, clock: () => number) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** Takes a job and its newest events, newest first, as the gateway lists them. */
  update(job: JobObject, events: readonly JobEventObject[]): void {
    const now = this.#clock();
    const { phase, step, total_steps: total } = job.x_residency.progress;
    if (phase === 'evaluating' && step === 0) this.#evaluationStart ??= now;
    if (phase === 'training' && this.#trainingStart === null) {
      this.#trainingStart = now;
      this.#stepTime = now;
    }
    for (const event of [...events].reverse()) {
      if (this.#seen.has(event.id)) continue;
      this.#seen.add(event.id);
      if (event.level !== 'info') this.#terminal.line(`${event.level}: ${event.message}`);
      const numbers = event.type === 'metrics' ? stepNumbers(event) : null;
      if (numbers !== null) this.#takeStep(numbers, total, now);
    }
    const line = this.#line(phase, step, total, now);
    if (this.#terminal.isInteractive) {
      this.#terminal.status(line);
    } else if (phase !== 'training' && this.#announced !== `${phase} ${step}`) {
      this.#announced = `${phase} ${step}`;
      this.#terminal.line(line);
    }
  }

  #takeStep(numbers: StepNumbers, total: number, now: number): void {
    const seconds = now - (this.#stepTime ?? now);
    // Steps that arrive together have no time of their own.
    if (seconds > 0 && numbers.tokens !== null) this.#speed = numbers.tokens / seconds;
    this.#stepTime = now;
    this.#newest = numbers;
    if (!this.#terminal.isInteractive) this.#terminal.line(this.#line('training', numbers.step, total, now));
  }

  #line(
    phase: JobObject['x_residency']['progress']['phase'],
    step: number,
    total: number,
    now: number,
  ): string {
    switch (phase) {
      case 'waiting':
        return 'waiting for the run to open';
      case 'evaluating':
        return step === 0 ? 'measuring the starting policy' : 'measuring the trained policy';
      case 'training':
        return this.#trainingLine(step, total, now);
      case 'done':
        return 'done';
    }
  }

  #trainingLine(step: number, total: number, now: number): string {
    const { reward = null, accuracy = null } = this.#newest ?? {};
    const left = this.#secondsLeft(step, total, now);
    return [
      `${bar(step / total)} step ${step}/${total}`,
      ...(reward === null ? [] : [`reward ${reward.toFixed(2)}`]),
      ...(accuracy === null ? [] : [`accuracy ${(100 * accuracy).toFixed(0)} %`]),
      ...(this.#speed === null ? [] : [`${Math.round(this.#speed)} tokens/s`]),
      ...(left === null ? [] : [`${formatSeconds(left)} left`]),
    ].join('  ');
  }

  /** The last evaluation takes about as long as the first one did. */
  #secondsLeft(step: number, total: number, now: number): number | null {
    if (step === 0 || this.#trainingStart === null) return null;
    const perStep = (now - this.#trainingStart) / step;
    const evaluation = this.#evaluationStart === null ? 0 : this.#trainingStart - this.#evaluationStart;
    return perStep * (total - step) + evaluation;
  }
}
