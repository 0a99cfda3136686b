import { type ChildProcess, fork } from 'node:child_process';
import { TensorError, type TensorErrorCode } from '../errors.js';
import { entryCommand } from './entry.js';
import type { Request, Response } from './message.js';

export interface ComputeProcessOptions {
  /** Module that calls `serve`; TypeScript source in development, JavaScript when built. */
  readonly entry: URL;
  /** First message of every child: whatever the entry needs to be ready. */
  readonly init: unknown;
  /** Environment variables of the child beside those of this process. @defaultValue none */
  readonly env?: Readonly<Record<string, string>>;
  /** Builds the error of a failed call from the child's error code. */
  readonly toError?: (code: string | null, message: string) => Error;
}

export interface CallLimits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Bytes of a crashed child's stderr that its error carries. */
const STDERR_TAIL = 2_000;

/**
 * A child process that computes, so that native code never blocks or takes down the caller. Calls are answered in order.
 * A call past its deadline, or aborted, kills the child, which also frees its memory; the next call starts a fresh one.
 */
export class ComputeProcess {
  readonly #options: ComputeProcessOptions;
  /** The running child; null before the first call and after a crash, a kill or `close`. */
  #child: ChildProcess | null = null;
  /** Calls the running child has not answered. */
  readonly #pending = new Map<number, Pending>();
  /** Ends when the call before has ended: calls go to the child one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #nextId = 0;
  #isClosed = false;

  constructor(options: ComputeProcessOptions) {
    this.#options = options;
  }

  /**
   * @throws TensorError `PROCESS_DEADLINE`, `PROCESS_ABORTED`, `PROCESS_CRASHED` (with the end of its stderr),
   *   `PROCESS_CLOSED`; or what `toError` makes of an error in the child. The deadline includes waiting for its turn.
   */
  call<T>(method: string, payload: unknown, limits: CallLimits): Promise<T> {
    let isSent = false;
    const work = async (): Promise<unknown> => {
      if (limits.signal?.aborted || isOver) return undefined;
      isSent = true;
      return await this.#send(method, payload);
    };
    let isOver = false;
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        isOver = true;
        clearTimeout(timer);
        limits.signal?.removeEventListener('abort', onAbort);
        finish();
      };
      const stop = (code: TensorErrorCode, reason: string): void => {
        if (isOver) return;
        settle(() => reject(new TensorError(code, `${method}: ${reason}`)));
        if (isSent) this.#kill(code, `${method}: ${reason}`);
      };
      const onAbort = (): void => stop('PROCESS_ABORTED', 'aborted by the caller');
      const timer = setTimeout(
        () => stop('PROCESS_DEADLINE', `no answer within ${limits.deadlineMs} ms`),
        limits.deadlineMs,
      );
      limits.signal?.addEventListener('abort', onAbort, { once: true });
      if (limits.signal?.aborted) onAbort();
      turn.then(
        // The entry and its owner share the method's types.
        (value) => isOver || settle(() => resolve(value as T)),
        (error: Error) => isOver || settle(() => reject(error)),
      );
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await exited;
  }

  async #send(method: string, payload: unknown): Promise<unknown> {
    if (this.#isClosed) throw new TensorError('PROCESS_CLOSED', `${method}: the compute process is closed`);
    const child = this.#child ?? this.#start();
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const request: Request = { kind: 'call', id, method, payload };
      child.send(request, (error) => {
        if (error) this.#fail('PROCESS_CRASHED', `${method}: ${error.message}`);
      });
    });
  }

  #start(): ChildProcess {
    const { path, execArgv } = entryCommand(this.#options.entry);
    const child = fork(path, [], {
      serialization: 'advanced',
      execArgv: [...execArgv],
      env: { ...process.env, ...this.#options.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_TAIL);
    });
    child.on('message', (raw) => this.#receive(raw as Response)); // the child sends nothing else
    child.once('close', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#fail(
        'PROCESS_CRASHED',
        `the compute process ended (${signal ?? `exit code ${code}`}): ${stderr.trim() || 'nothing on stderr'}`,
      );
    });
    child.on('error', (error) => {
      if (this.#child === child) this.#kill('PROCESS_CRASHED', error.message);
    });
    const init: Request = { kind: 'init', payload: this.#options.init };
    child.send(init);
    this.#child = child;
    return child;
  }

  #receive(response: Response): void {
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if (!pending) return;
    if (response.kind === 'result') pending.resolve(response.payload);
    else
      pending.reject(this.#options.toError?.(response.code, response.message) ?? new Error(response.message));
  }

  #kill(code: TensorErrorCode, reason: string): void {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    this.#fail(code, reason);
  }

  #fail(code: TensorErrorCode, reason: string): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(new TensorError(code, reason));
  }
}
