import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from './common-config.js';

export type { Logger } from 'pino';

/** A JSON logger of one service: one object per line, with the service's name. */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  const options = { level, base: { service }, timestamp: () => `,"time":"${new Date().toISOString()}"` };
  return destination === undefined ? pino(options) : pino(options, destination);
}
