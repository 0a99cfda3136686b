import { Worker } from 'node:worker_threads';
import { ResidencyError, type RewardComponent } from '@residency/protocol';
import { failedGrade, type Grade, type GraderFailure } from '@residency/rubric';

/** What a grading thread is asked. */
export interface GradeTask {
  readonly grader: unknown;
  readonly item: Readonly<Record<string, unknown>>;
  readonly completion: string;
}

/** What a grading thread says. */
export type GradeReply =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'grade';
      readonly total: number;
      readonly components: readonly RewardComponent[];
      readonly failures?: readonly GraderFailure[];
    }
  | { readonly kind: 'failure'; readonly message: string };

export interface GraderPoolOptions {
  /** Threads at most. */
  readonly size: number;
  /** Milliseconds that one sample may take. */
  readonly timeoutMs: number;
  /** Script of the threads. @defaultValue this package's grade-thread */
  readonly script?: URL;
}

const START_TIMEOUT_MS = 60_000;
const HEAP_LIMIT_MB = 512;

function defaultScript(): URL {
  // Next to this file, as source or as compiled.
  return new URL(`./grade-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}

/** Runs a TypeScript source: on Node 20 a thread does not inherit the loader that `--import` registers. */
const SOURCE_BOOT = `
const [api, script] = process.argv.slice(-2);
import(api).then(({ register }) => { register(); return import(script); });
`;

function startThread(script: URL): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_LIMIT_MB };
  if (!script.pathname.endsWith('.ts')) return new Worker(script, { resourceLimits });
  return new Worker(SOURCE_BOOT, {
    eval: true,
    argv: [import.meta.resolve('tsx/esm/api'), script.href],
    execArgv: ['--conditions=source'],
    resourceLimits,
  });
}

type Heard = GradeReply | { readonly kind: 'late' } | { readonly kind: 'lost'; readonly message: string };

/** The next thing that a thread says, its death included; `late` after the deadline. */
function hear(thread: Worker, timeoutMs: number, ask: () => void): Promise<Heard> {
  return new Promise((resolve) => {
    const finish = (heard: Heard): void => {
      clearTimeout(timer);
      thread.off('message', onMessage);
      thread.off('error', onError);
      thread.off('exit', onExit);
      resolve(heard);
    };
    const onMessage = (reply: GradeReply): void => finish(reply);
    const onError = (error: Error): void => finish({ kind: 'lost', message: error.message });
    const onExit = (code: number): void => finish({ kind: 'lost', message: `the thread ended with ${code}` });
    const timer = setTimeout(() => finish({ kind: 'late' }), timeoutMs);
    thread.on('message', onMessage);
    thread.on('error', onError);
    thread.on('exit', onExit);
    ask();
  });
}

const failed = (detail: string): Grade => failedGrade('grader', { code: 'grader_failed', detail });

function toGrade(heard: Heard, timeoutMs: number): Grade {
  if (heard.kind === 'grade') {
    const { kind: _, ...grade } = heard;
    return Number.isFinite(grade.total) ? grade : failed(`total: found ${grade.total}, wanted a number`);
  }
  if (heard.kind === 'late') {
    return failedGrade('grader', { code: 'grader_deadline', detail: `not graded within ${timeoutMs} ms` });
  }
  return failed(heard.kind === 'ready' ? 'the thread answered out of turn' : heard.message);
}

/**
 * Grades in threads, so that a grader that computes long neither blocks this process's loop nor outlives its
 * deadline: a late thread is ended and a fresh one takes its place.
 */
export class GraderPool {
  readonly #options: GraderPoolOptions;
  readonly #script: URL;
  /** Threads that are started and idle. */
  readonly #idle: Worker[] = [];
  /** Threads that exist, idle or at work; at most `size`. */
  readonly #all: Set<Worker> = new Set();
  /** Callers waiting for a place, first come first served. */
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  constructor(options: GraderPoolOptions) {
    this.#options = options;
    this.#script = options.script ?? defaultScript();
  }

  /** The grade of one completion, with the reason where it is none. @throws ResidencyError `cancelled`, `internal`. */
  async grade(task: GradeTask, signal: AbortSignal): Promise<Grade> {
    await this.#enter();
    try {
      signal.throwIfAborted();
      const thread = await this.#thread();
      const { timeoutMs } = this.#options;
      const heard = await hear(thread, timeoutMs, () => thread.postMessage(task));
      if (heard.kind === 'late' || heard.kind === 'lost') await this.#end(thread);
      else this.#idle.push(thread);
      return toGrade(heard, timeoutMs);
    } finally {
      this.#leave();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => this.#end(thread)));
  }

  async #thread(): Promise<Worker> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const thread = startThread(this.#script);
    this.#all.add(thread);
    // A thread that dies while idle must not be handed out.
    thread.on('error', () => undefined);
    thread.on('exit', () => this.#forget(thread));
    const heard = await hear(thread, START_TIMEOUT_MS, () => undefined);
    if (heard.kind === 'ready') return thread;
    await this.#end(thread);
    throw new ResidencyError(
      'internal',
      `grading thread: ${heard.kind === 'lost' ? heard.message : 'did not start'}`,
    );
  }

  #forget(thread: Worker): void {
    this.#all.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  async #end(thread: Worker): Promise<void> {
    this.#forget(thread);
    await thread.terminate();
  }

  async #enter(): Promise<void> {
    if (this.#atWork < this.#options.size) {
      this.#atWork += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    // The place goes to the longest waiter.
    if (next === undefined) this.#atWork -= 1;
    else next();
  }
}
