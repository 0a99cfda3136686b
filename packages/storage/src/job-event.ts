import { ResidencyError } from '@residency/protocol';
import type { Redis } from 'ioredis';

/** An entry of a job's log, as it is written. */
export interface JobEvent {
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly type: 'message' | 'metrics';
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredJobEvent extends JobEvent {
  readonly id: string;
}

export interface EventPage {
  readonly events: readonly StoredJobEvent[];
  readonly hasMore: boolean;
}

/** An event that says something. */
export function messageEvent(level: JobEvent['level'], message: string): JobEvent {
  return { createdAt: Math.floor(Date.now() / 1_000), level, message, type: 'message', data: {} };
}

/** An event that carries numbers. */
export function metricsEvent(message: string, data: JobEvent['data']): JobEvent {
  return { createdAt: Math.floor(Date.now() / 1_000), level: 'info', message, type: 'metrics', data };
}

// Events are never removed, so that a position in the list names one for ever.
const eventId = (jobId: string, position: number): string => `ftevent-${jobId}-${position}`;

function positionOf(jobId: string, id: string): number {
  const position = id.startsWith(`ftevent-${jobId}-`) ? Number(id.slice(`ftevent-${jobId}-`.length)) : -1;
  if (!Number.isInteger(position) || position < 0) {
    throw new ResidencyError(
      'invalid_request',
      `after: found ${JSON.stringify(id)}, wanted an event of ${jobId}`,
      {
        param: 'after',
      },
    );
  }
  return position;
}

/** A page of events, newest first. */
export async function eventPage(
  redis: Redis,
  key: string,
  jobId: string,
  after: string | null,
  limit: number,
): Promise<EventPage> {
  const end = after === null ? await redis.llen(key) : positionOf(jobId, after);
  const start = Math.max(0, end - limit);
  if (end === 0) return { events: [], hasMore: false };
  const texts = await redis.lrange(key, start, end - 1);
  const events = texts.map((text, offset) => ({
    ...(JSON.parse(text) as JobEvent),
    id: eventId(jobId, start + offset),
  }));
  return { events: events.reverse(), hasMore: start > 0 };
}
