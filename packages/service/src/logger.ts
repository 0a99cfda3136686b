import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from './common-config.js';

export type { Logger } from 'pino';

/** An error as the log shows it. */
interface LoggedError {
  readonly type: string;
  readonly message?: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly cause?: LoggedError;
}

/** Causes below an error that are shown; causes may go in a circle. */
const MAX_CAUSES = 8;

function isErrorLike(thrown: unknown): thrown is { readonly message: string } {
  return (
    typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string'
  );
}

/** Names what it keeps: errors of clients carry what was sent (passwords, text of patients) in fields of their own. */
function loggedError(thrown: unknown, depth = 0): LoggedError {
  if (!isErrorLike(thrown)) {
    if (typeof thrown === 'object' || typeof thrown === 'function') return { type: typeof thrown };
    return { type: typeof thrown, message: String(thrown) };
  }
  const { message } = thrown;
  const type = thrown.constructor.name;
  const stack = 'stack' in thrown && typeof thrown.stack === 'string' ? { stack: thrown.stack } : {};
  const code =
    'code' in thrown && (typeof thrown.code === 'string' || typeof thrown.code === 'number')
      ? { code: thrown.code }
      : {};
  const hasCause = depth < MAX_CAUSES && 'cause' in thrown && thrown.cause !== undefined;
  const cause = hasCause ? { cause: loggedError(thrown.cause, depth + 1) } : {};
  return { type, message, ...stack, ...code, ...cause };
}

/**
 * A JSON logger of one service: one object per line, with the service's name. Of an error under `err` it shows type,
 * message, stack, code and causes, and no other field.
 */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { err: (thrown: unknown) => loggedError(thrown) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
