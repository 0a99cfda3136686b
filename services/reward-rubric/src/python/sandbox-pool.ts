import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ResidencyError } from '@residency/protocol';
import { oneLine, type PythonCall, type PythonOutcome } from '@residency/rubric';
import { Semaphore } from '@residency/service';
import type { PythonReply, PythonTask } from './message.js';

export interface SandboxOptions {
  /** Processes at most; each keeps a warm interpreter. */
  readonly size: number;
  /** Milliseconds that one call may take, by the clock and so by the processor too. */
  readonly timeoutMs: number;
  /** Megabytes of Python's memory. */
  readonly memoryMb: number;
}

const START_TIMEOUT_MS = 120_000;
/** Of the process's own JavaScript, which Python cannot fill. */
const HEAP_LIMIT_MB = 192;

/**
 * The script of a sandbox: the compiled one, also where this file runs as source, since a loader of sources would
 * need more permissions than a sandbox may have.
 */
function childScript(): string {
  const isSource = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(
    new URL(isSource ? '../../dist/python/child.mjs' : './child.mjs', import.meta.url),
  );
  if (existsSync(path)) return path;
  throw new ResidencyError('internal', `python sandbox: found no ${path}, wanted it built (npm run build)`);
}

/** Node's permission model under its name of this version: no files but these, no processes, threads or add-ons. */
function permissionFlags(folders: readonly string[]): string[] {
  const isStable = process.allowedNodeEnvironmentFlags.has('--permission');
  const permission = isStable ? '--permission' : '--experimental-permission';
  return [permission, ...folders.map((folder) => `--allow-fs-read=${folder}/`)];
}

interface Sandbox {
  readonly child: ChildProcess;
  /** The source it has loaded, which it need not load again. */
  source: string | null;
}

type Heard = PythonReply | { readonly kind: 'late' } | { readonly kind: 'lost'; readonly detail: string };

interface Hearing {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly ask?: PythonTask;
}

/** The next thing that a sandbox says, its death included; `late` after the deadline or when the signal aborts. */
function hear({ child }: Sandbox, { timeoutMs, signal, ask }: Hearing): Promise<Heard> {
  return new Promise((resolve) => {
    const finish = (heard: Heard): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onLate);
      child.off('message', onMessage);
      child.off('error', onError);
      child.off('exit', onExit);
      resolve(heard);
    };
    // The child sends nothing else.
    const onMessage = (reply: unknown): void => finish(reply as PythonReply);
    const onError = (error: Error): void => finish({ kind: 'lost', detail: error.message });
    const onExit = (code: number | null, ended: string | null): void =>
      finish({ kind: 'lost', detail: `the process ended with ${ended ?? code}` });
    const onLate = (): void => finish({ kind: 'late' });
    const timer = setTimeout(onLate, timeoutMs);
    signal?.addEventListener('abort', onLate);
    if (signal?.aborted === true) onLate();
    child.on('message', onMessage);
    child.on('error', onError);
    child.on('exit', onExit);
    if (ask !== undefined) child.send(ask, (error) => error && onError(error));
  });
}

type Outcomes = {
  readonly [K in Heard['kind']]: (
    heard: Extract<Heard, { readonly kind: K }>,
    timeoutMs: number,
  ) => PythonOutcome;
};

const crashed = (detail: string): PythonOutcome => ({
  ok: false,
  code: 'python_crashed',
  detail: oneLine(detail),
});

const outcomes: Outcomes = {
  broken: ({ detail }) => crashed(detail),
  exception: ({ detail }) => ({ ok: false, code: 'python_exception', detail }),
  late: (_, timeoutMs) => ({
    ok: false,
    code: 'python_deadline',
    detail: `not graded within ${timeoutMs} ms`,
  }),
  lost: ({ detail }) => crashed(detail),
  not_number: ({ detail }) => ({ ok: false, code: 'python_not_number', detail }),
  ready: () => crashed('the process answered out of turn'),
  value: ({ value }) => ({ ok: true, value }),
};

function outcomeOf<K extends Heard['kind']>(
  heard: Extract<Heard, { readonly kind: K }>,
  timeoutMs: number,
): PythonOutcome {
  // The row of its own kind.
  return outcomes[heard.kind as K](heard, timeoutMs);
}

/**
 * Runs Python graders in processes without files, network, environment or other processes. Interpreters stay warm, and
 * every call starts from the same memory: nothing that a grade leaves behind is there in the next one. A process that
 * is late or broken is killed, and a fresh one takes its place.
 */
export class PythonSandboxes {
  readonly #options: SandboxOptions;
  readonly #places: Semaphore;
  /** Started and idle. */
  readonly #idle: Sandbox[] = [];
  /** All that exist; at most `size`. */
  readonly #all: Set<Sandbox> = new Set();

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#places = new Semaphore(options.size);
  }

  /**
   * What `grade(sample, item)` of a source gives.
   * @throws ResidencyError `internal` where no sandbox can be started; the signal's reason, where it aborts
   */
  async run(call: PythonCall, signal: AbortSignal): Promise<PythonOutcome> {
    return await this.#places.run(async () => {
      const sandbox = await this.#take(call.source);
      sandbox.source = call.source;
      const { timeoutMs } = this.#options;
      const heard = await hear(sandbox, { timeoutMs, signal, ask: { ...call } });
      const isUsable = heard.kind === 'value' || heard.kind === 'exception' || heard.kind === 'not_number';
      if (isUsable) this.#idle.push(sandbox);
      else await this.#end(sandbox);
      signal.throwIfAborted();
      return outcomeOf(heard, timeoutMs);
    }, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((sandbox) => this.#end(sandbox)));
  }

  async #take(source: string): Promise<Sandbox> {
    const at = this.#idle.findIndex((sandbox) => sandbox.source === source);
    const [idle] = this.#idle.splice(at === -1 ? 0 : at, 1);
    return idle ?? (await this.#start());
  }

  async #start(): Promise<Sandbox> {
    const script = childScript();
    const entry = import.meta.resolve('pyodide');
    const child = fork(script, [entry, String(this.#options.memoryMb)], {
      env: {},
      execArgv: [
        '--disallow-code-generation-from-strings',
        '--no-warnings',
        `--max-old-space-size=${HEAP_LIMIT_MB}`,
        ...permissionFlags([dirname(script), dirname(fileURLToPath(entry))]),
      ],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const sandbox: Sandbox = { child, source: null };
    this.#all.add(sandbox);
    // One that dies while idle must not be handed out.
    child.on('error', () => undefined);
    child.on('exit', () => this.#forget(sandbox));
    const heard = await hear(sandbox, { timeoutMs: START_TIMEOUT_MS });
    if (heard.kind === 'ready') return sandbox;
    await this.#end(sandbox);
    throw new ResidencyError(
      'internal',
      `python sandbox: ${heard.kind === 'lost' ? heard.detail : 'did not start'}`,
    );
  }

  #forget(sandbox: Sandbox): void {
    this.#all.delete(sandbox);
    const at = this.#idle.indexOf(sandbox);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  async #end(sandbox: Sandbox): Promise<void> {
    this.#forget(sandbox);
    const { child } = sandbox;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }
}
