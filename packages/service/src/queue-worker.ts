import {
  type ErrorCode,
  parsePayload,
  type QueueName,
  type QueueTypes,
  ResidencyError,
  toResidencyError,
} from '@residency/protocol';
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { pause } from './deadline.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { queueConnection } from './redis.js';

/** What a processor knows about its job. */
export interface WorkContext {
  /** Aborts when the run is no longer running, or the worker must let go. */
  readonly signal: AbortSignal;
  /** Tries so far, this one included. */
  readonly attempt: number;
  readonly log: Logger;
}

export interface QueueWorkerOptions<Q extends QueueName> {
  readonly queue: Q;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly concurrency: number;
  readonly lockMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Whether the run may go on; asked before a job starts and every second while it is at work. */
  readonly isRunning: (jobId: string) => Promise<boolean>;
  readonly process: (
    payload: QueueTypes[Q]['payload'],
    context: WorkContext,
  ) => Promise<QueueTypes[Q]['result']>;
}

/** A worker of one queue. */
export interface QueueWorker {
  /** Takes no new jobs; resolves when the queue is paused here. */
  stopIntake(): Promise<void>;
  /** Waits for jobs at work; when the signal aborts they are aborted and handed back to the queue. */
  stop(outOfTime: AbortSignal): Promise<void>;
}

/** A dependency that is away: the job waits for it without losing a try. */
const outages: ReadonlySet<ErrorCode> = new Set([
  // Others play; places come free.
  'episode_limit',
  'redis_unavailable',
  'service_unavailable',
  'store_unavailable',
]);
const OUTAGE_DELAY_MS = 1_000;
/** About a quarter of an hour of outage, after which it counts as a failure. */
const MAX_STARTS = 900;
/** A job whose workers died this often, all its tries together, is taken for the cause of it. */
const MAX_STALLS = 10;
const WATCH_MS = 1_000;

function notRunning(jobId: string): ResidencyError {
  return new ResidencyError('cancelled', `${jobId}: the run is no longer running`);
}

/** Aborts the controller when the run stops running; ends with `done`. */
async function watch(
  isRunning: (jobId: string) => Promise<boolean>,
  jobId: string,
  stop: AbortController,
  done: AbortSignal,
  log: Logger,
): Promise<void> {
  while (!done.aborted && !stop.signal.aborted) {
    await pause(WATCH_MS, done);
    if (done.aborted) return;
    try {
      if (!(await isRunning(jobId))) stop.abort(notRunning(jobId));
    } catch (error) {
      // Redis being away for a moment is no reason to drop work; the commit decides.
      log.debug({ err: error }, 'cannot ask whether the run is running');
    }
  }
}

/** The failure as BullMQ records it: `code: message`, final where another try cannot help. */
function asFailure(thrown: unknown): Error {
  const error = toResidencyError(thrown);
  const text = `${error.code}: ${error.message}`;
  return error.entry.retryable ? new Error(text, { cause: error }) : new UnrecoverableError(text);
}

/**
 * Opens a BullMQ worker with checked payloads, one error mapping, metrics, and cancellation with the run.
 * Locks are renewed while the processor awaits, so a processor must never block the event loop.
 */
export function openQueueWorker<Q extends QueueName>(options: QueueWorkerOptions<Q>): QueueWorker {
  const { queue, metrics, isRunning } = options;
  const outcomes = metrics.counter('residency_queue_jobs_total');
  const seconds = metrics.histogram('residency_queue_job_seconds');
  const letGo = new AbortController();

  const processor = async (job: Job, token?: string, cancelled?: AbortSignal): Promise<unknown> => {
    const log = options.log.child({ queue, queueJob: job.id, attempt: job.attemptsStarted });
    const end = seconds.startTimer({ queue });
    const done = new AbortController();
    const stop = new AbortController();
    try {
      const payload = parsePayload(queue, job.data);
      if (!(await isRunning(payload.jobId))) throw notRunning(payload.jobId);
      const watching = watch(isRunning, payload.jobId, stop, done.signal, log);
      const signals = [stop.signal, letGo.signal, ...(cancelled === undefined ? [] : [cancelled])];
      try {
        const context = { signal: AbortSignal.any(signals), attempt: job.attemptsMade + 1, log };
        const result = await options.process(payload, context);
        outcomes.inc({ queue, outcome: 'completed' });
        return result;
      } finally {
        done.abort();
        await watching;
      }
    } catch (thrown) {
      if (letGo.signal.aborted) {
        // A worker that must let go hands its job back untouched, so that another one starts it at once.
        await job.moveToWait(token);
        throw new WaitingError();
      }
      const reason = stop.signal.aborted ? stop.signal.reason : thrown;
      const { code } = toResidencyError(reason);
      if (outages.has(code) && job.attemptsStarted < MAX_STARTS) {
        log.info({ code, err: reason }, 'waiting for a dependency');
        await job.moveToDelayed(Date.now() + OUTAGE_DELAY_MS, token);
        throw new DelayedError();
      }
      outcomes.inc({ queue, outcome: code === 'cancelled' ? 'cancelled' : 'failed' });
      if (code !== 'cancelled') log.warn({ err: reason }, 'queue job failed');
      throw asFailure(reason);
    } finally {
      end();
    }
  };

  const worker = new Worker(queue, processor, {
    connection: queueConnection(options.redisUrl),
    prefix: options.prefix,
    concurrency: options.concurrency,
    lockDuration: options.lockMs,
    stalledInterval: Math.max(250, Math.floor(options.lockMs / 2)),
    maxStalledCount: MAX_STALLS,
    drainDelay: 5,
  });
  worker.on('error', (error) => options.log.debug({ queue, err: error }, 'queue connection'));
  worker.on('stalled', (jobId) =>
    options.log.warn({ queue, queueJob: jobId }, 'taken over from a lost worker'),
  );

  return {
    stopIntake: () => worker.pause(true),
    async stop(outOfTime) {
      const release = (): void => letGo.abort(new ResidencyError('cancelled', 'the worker is stopping'));
      if (outOfTime.aborted) release();
      outOfTime.addEventListener('abort', release);
      try {
        await worker.close();
      } finally {
        outOfTime.removeEventListener('abort', release);
      }
    },
  };
}
