import { createLogger } from '@residency/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** The line that a logger writes for an error. */
function logged(err: unknown): string {
  const lines: string[] = [];
  createLogger('test', 'info', { write: (line) => void lines.push(line) }).error({ err }, 'failed');
  return lines.join('');
}

const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );

describe('the log of an error', () => {
  it('does not show what was sent to Redis, at any depth of causes', async () => {
    const client = redis.client();
    await client.set('text', 'x');
    const refused = [
      await rejection(client.lpush('text', 'patient has a fever')),
      await rejection(client.auth('hunter2')),
    ];

    for (const cause of refused) {
      // The client's error names its command: without it this test would show nothing.
      expect(JSON.stringify(cause)).toMatch(/patient has a fever|hunter2/);
      const middle = new Error('middle', { cause });
      for (const error of [cause, middle, new Error('outer', { cause: middle })]) {
        expect(logged(error)).toContain('ReplyError');
        expect(logged(error)).not.toMatch(/command|patient has a fever|hunter2/);
      }
    }
  });

  it('keeps type, message, stack, code and cause', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'E_INNER', body: 'patient' });
    const error = Object.assign(new Error('outer', { cause }), {
      code: 'E_OUTER',
      detail: { text: 'patient' },
    });

    expect(JSON.parse(logged(error)).err).toEqual({
      type: 'Error',
      message: 'outer',
      stack: error.stack,
      code: 'E_OUTER',
      cause: { type: 'TypeError', message: 'inner', stack: cause.stack, code: 'E_INNER' },
    });
  });

  it('ends where causes go in a circle, and takes what is no error', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });

    expect(JSON.parse(logged(first)).err.cause).toMatchObject({ message: 'second' });
    expect(JSON.parse(logged('a text')).err).toEqual({ type: 'string', message: 'a text' });
    expect(JSON.parse(logged({ command: { args: ['hunter2'] } })).err).toEqual({ type: 'object' });
  });
});
