import { ConfigError } from './config.js';
import { createLogger, type Logger } from './logger.js';
import type { Shutdown } from './shutdown.js';

/** A service that is up. */
export interface RunningService {
  readonly name: string;
  /** What it listens on, such as `{ http: '127.0.0.1:8080' }`; the ports are the real ones. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly shutdown: Shutdown;
  readonly shutdownMs: number;
  readonly log: Logger;
}

/** Grace for a log line to be written before the process is ended by force. */
const LAST_WORDS_MS = 500;

/** Stops a service; false where something failed to stop in time. */
export async function stopService(service: RunningService): Promise<boolean> {
  const failures = await service.shutdown.run(service.shutdownMs, service.log);
  service.log.info({ failures }, 'stopped');
  return failures.length === 0;
}

/**
 * Owns the process of a service: starts it, logs where it listens, stops it on SIGTERM or SIGINT under its deadline.
 * Exit codes: 0 stopped in order, 1 failed to start or to stop in time, 2 bad configuration.
 */
export async function runService(name: string, start: () => Promise<RunningService>): Promise<void> {
  const boot = createLogger(name, 'info');
  // A library's stray rejection must not end the work of others: failures of work itself are awaited where it is done.
  process.on('unhandledRejection', (error) => boot.error({ err: error }, 'unhandled rejection'));
  let service: RunningService | undefined;
  let stopSignal: NodeJS.Signals | undefined;
  const stop = (running: RunningService, signal: NodeJS.Signals): void => {
    running.log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), running.shutdownMs + LAST_WORDS_MS).unref();
    stopService(running).then(
      (isClean) => process.exit(isClean ? 0 : 1),
      () => process.exit(1),
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopSignal !== undefined) return;
    stopSignal = signal;
    // One that is still starting is stopped when it is up.
    if (service !== undefined) stop(service, signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    service = await start();
  } catch (error) {
    boot.error({ err: error }, error instanceof Error ? error.message : 'failed to start');
    process.exitCode = error instanceof ConfigError ? 2 : 1;
    // Whatever start had opened would keep the process alive.
    setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
    return;
  }
  service.log.info({ addresses: service.addresses }, 'listening');
  if (stopSignal !== undefined) stop(service, stopSignal);
}
