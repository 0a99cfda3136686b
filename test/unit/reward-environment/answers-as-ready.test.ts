import { describe, expect, it } from 'vitest';
import { answersAsReady } from '../../../services/reward-environment/src/answers-as-ready.js';
import { signalled } from '../../support/signalled.js';

const never = new AbortController().signal;
const options = { limit: 10, signal: never };

/** Requests that never end: after these, none comes. */
async function* idleAfter<T>(...requests: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* requests;
  await new Promise(() => undefined);
}

async function* endingAfter<T>(...requests: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* requests;
}

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const answer of answers) found.push(answer);
  return found;
}

describe('answersAsReady', () => {
  it('answers each request once and ends', async () => {
    const answers = answersAsReady(endingAfter(1, 2, 3), async (request) => 10 * request, options);

    expect(await all(answers)).toEqual([10, 20, 30]);
    expect(await all(answersAsReady(endingAfter<number>(), async (request) => request, options))).toEqual([]);
  });

  it('hands on what is ready before what came first, and waits for all', async () => {
    const slow = signalled<string>();
    const answer = async (request: string) => (request === 'slow' ? await slow.promise : request);
    const answers = answersAsReady(endingAfter('slow', 'quick'), answer, options);

    expect(await answers.next()).toEqual({ done: false, value: 'quick' });
    slow.resolve('done');
    expect(await answers.next()).toEqual({ done: false, value: 'done' });
    expect(await answers.next()).toEqual({ done: true, value: undefined });
  });

  it('takes no more requests than the limit before answers are handed on', async () => {
    const taken: number[] = [];
    const answer = async (request: number) => {
      taken.push(request);
      return request;
    };
    const answers = answersAsReady(endingAfter(1, 2, 3, 4, 5), answer, { limit: 2, signal: never });

    expect(await answers.next()).toEqual({ done: false, value: 1 });
    // The first answer is on its way and not yet handed on: two are taken.
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    expect(taken).toEqual([1, 2]);
    expect(await all(answers)).toEqual([2, 3, 4, 5]);
  });

  it('ends at once with the reason of its signal, while requests idle and answers are due', async () => {
    const stop = new AbortController();
    const answer = () => new Promise<number>(() => undefined);
    const answers = answersAsReady(idleAfter(1), answer, { limit: 1, signal: stop.signal });
    const outcome = expect(answers.next()).rejects.toThrow('enough');
    stop.abort(new Error('enough'));
    await outcome;

    const late = answersAsReady(endingAfter(1), answer, { limit: 1, signal: stop.signal });
    await expect(late.next()).rejects.toThrow('enough');
  });

  it('throws what the requests throw, and what an answer throws', async () => {
    const broken = async function* () {
      yield 1;
      throw new Error('broken');
    };
    const refuse = async () => {
      throw new Error('refused');
    };

    await expect(all(answersAsReady(broken(), () => new Promise(() => undefined), options))).rejects.toThrow(
      'broken',
    );
    await expect(all(answersAsReady(idleAfter(1), refuse, options))).rejects.toThrow('refused');
  });

  it('reads no further once nobody wants answers', async () => {
    let isReturned = false;
    const requests = async function* () {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        isReturned = true;
      }
    };
    const answers = answersAsReady(requests(), async (request) => request, { limit: 1, signal: never });
    for await (const answer of answers) if (answer === 3) break;

    await expect.poll(() => isReturned).toBe(true);
  });
});
