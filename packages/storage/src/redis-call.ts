import { ResidencyError } from '@residency/protocol';

const OUTAGE = /connect|closed|writeable|max retries|timed out|ECONN|EPIPE|LOADING|READONLY/i;

/**
 * The outcome of a Redis command, with an outage as `redis_unavailable`.
 * A reply that Redis itself made (wrong type, script error) is a fault of this program and stays what it is.
 */
export async function redisCall<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const isReply = cause.name === 'ReplyError' && !/^(LOADING|READONLY)/.test(cause.message);
    if (isReply || !OUTAGE.test(`${cause.name} ${cause.message}`)) throw cause;
    throw new ResidencyError('redis_unavailable', `Redis: ${cause.message}`, { cause });
  }
}
