import { createChatJudge, type JudgeMessage } from '@residency/evaluation';
import { describe, expect, test } from 'vitest';
import { completionOf, type JudgeAnswer, judgeEndpoint } from '../../support/judge-endpoint.js';

const KEY = 'sk-very-secret-0123456789';
const retry = { attempts: 3, firstDelayMs: 1, maxDelayMs: 2 };
const messages: readonly JudgeMessage[] = [{ role: 'user', content: 'Count.' }];
const never = new AbortController().signal;
const failing = (status: number, message = 'no', headers = {}): JudgeAnswer => ({
  status,
  body: JSON.stringify({ error: { message } }),
  headers,
});

/** How a call ended: its error's code and everything that could be logged of it. */
async function failureOf(call: Promise<string>): Promise<{ code: unknown; logged: string }> {
  const error: unknown = await call.then(
    (text) => new Error(`it answered ${text}`),
    (reason: unknown) => reason,
  );
  const { code, message, stack, cause }: Partial<Error & { code: unknown }> = Object(error);
  return { code, logged: [message, stack, String(cause), JSON.stringify(error)].join('\n') };
}

describe('createChatJudge', () => {
  test('asks as OpenAI does', async () => {
    await using server = await judgeEndpoint(() => completionOf('<count>3</count>'));
    const judge = createChatJudge({ baseUrl: `${server.url}/`, model: 'judge-8b', apiKey: KEY });

    expect(await judge.complete(messages, never)).toBe('<count>3</count>');
    expect(judge.name).toBe('judge-8b');
    expect(server.requests).toMatchObject([
      {
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      },
    ]);
    expect(server.requests[0]?.body).toEqual({ model: 'judge-8b', messages, temperature: 0 });
  });

  test('sends no key and no temperature where there is none', async () => {
    await using server = await judgeEndpoint(() => completionOf('fine'));
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: null, temperature: null });

    await judge.complete(messages, never);

    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.requests[0]?.body).toEqual({ model: 'm', messages });
  });

  test.each([408, 429, 500, 503])('repeats after status %d', async (status) => {
    await using server = await judgeEndpoint((_, index) =>
      index < 2 ? failing(status) : completionOf('at last'),
    );
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: KEY, retry });

    expect(await judge.complete(messages, never)).toBe('at last');
    expect(server.requests).toHaveLength(3);
  });

  test('waits no longer than its longest pause, whatever the server asks for', async () => {
    await using server = await judgeEndpoint((_, index) =>
      index === 0 ? failing(429, 'slow down', { 'retry-after': '3600' }) : completionOf('soon'),
    );
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: KEY, retry });

    expect(await judge.complete(messages, never)).toBe('soon');
  });

  const lost = [
    ['refuses', 401, failing(401, `Incorrect API key provided: ${KEY}`), 'JUDGE_REFUSED', 1, 'provided: ***'],
    [
      'redirects',
      302,
      failing(302, '', { location: 'http://127.0.0.1:1/' }),
      'JUDGE_REFUSED',
      1,
      'status 302',
    ],
    [
      'fails',
      503,
      failing(503, `${'x'.repeat(190)} ${KEY}`),
      'JUDGE_UNAVAILABLE',
      3,
      '3 attempts, the last: status 503',
    ],
    [
      'says something else',
      200,
      { status: 200, body: `{"choices":[{"text":"${KEY}"}]}` },
      'JUDGE_REPLY',
      1,
      '***',
    ],
    ['sends colours', 400, failing(400, 'a\u001b[31mb\n\n c'), 'JUDGE_REFUSED', 1, 'status 400: a [31mb c'],
    ['says nothing', 200, { status: 200, body: '' }, 'JUDGE_REPLY', 1, 'found nothing'],
  ] as const;

  test.each(lost)('an endpoint that %s (%d) never makes it show the key', async (...given) => {
    const [, , answer, code, requests, message] = given;
    await using server = await judgeEndpoint(() => answer);
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: KEY, retry });

    const failure = await failureOf(judge.complete(messages, never));

    expect(failure.code).toBe(code);
    expect(failure.logged).toContain(message);
    expect(failure.logged).not.toContain(KEY.slice(0, 12));
    expect(server.requests).toHaveLength(requests);
  });

  test('a key is hidden in the form that JSON gives it, too', async () => {
    const key = 'a"key\\with-escapes';
    await using server = await judgeEndpoint(() => ({ status: 200, body: JSON.stringify({ echo: key }) }));
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: key, retry });

    const failure = await failureOf(judge.complete(messages, never));

    expect(failure.logged).toContain('{"echo":"***"}');
    expect(failure.logged).not.toContain('with-escapes');
  });

  test('gives up on a server that does not answer in time', async () => {
    await using server = await judgeEndpoint(() => 'hang');
    const options = { baseUrl: server.url, model: 'm', apiKey: KEY, timeoutMs: 20 };
    const judge = createChatJudge({ ...options, retry: { ...retry, attempts: 2 } });

    const failure = await failureOf(judge.complete(messages, never));

    expect(failure.code).toBe('JUDGE_UNAVAILABLE');
    expect(failure.logged).toContain('2 attempts, the last: no answer within 20 ms');
  });

  test('gives up on a server that is not there', async () => {
    const { url } = await judgeEndpoint(() => 'hang').then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    const judge = createChatJudge({ baseUrl: url, model: 'm', apiKey: KEY, retry });

    expect((await failureOf(judge.complete(messages, never))).logged).toContain('ECONNREFUSED');
  });

  test('stops with the reason of its signal, during a request and during a pause', async () => {
    const stopped = new Error('stopped by the user');
    for (const answer of ['hang', failing(500)] as const) {
      const stop = new AbortController();
      await using server = await judgeEndpoint(() => {
        setImmediate(() => stop.abort(stopped));
        return answer;
      });
      const slow = { attempts: 3, firstDelayMs: 60_000, maxDelayMs: 60_000 };
      const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: KEY, retry: slow });

      await expect(judge.complete(messages, stop.signal)).rejects.toBe(stopped);
    }
  });

  test('keeps few requests open at once', async () => {
    let waiting: (() => void)[] = [];
    await using server = await judgeEndpoint(async () => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // Both that may be open are: let them go.
        if (waiting.length === 2) {
          for (const go of waiting) go();
          waiting = [];
        }
      });
      return completionOf('yes');
    });
    const judge = createChatJudge({ baseUrl: server.url, model: 'm', apiKey: null, concurrency: 2 });

    const replies = await Promise.all(Array.from({ length: 6 }, () => judge.complete(messages, never)));

    expect(replies).toEqual(Array(6).fill('yes'));
    expect(server.peak()).toBe(2);
  });

  test.each([
    ['nowhere', KEY, 'the base URL is none'],
    ['ftp://x/v1', KEY, 'begins with ftp:'],
    ['https://user:pw@x/v1', KEY, 'holds credentials'],
    ['https://x/v1', `${KEY}\n`, 'the key is empty or not of visible ASCII'],
    ['https://x/v1', '', 'the key is empty'],
  ])('refuses %s', (baseUrl, apiKey, message) => {
    expect(() => createChatJudge({ baseUrl, model: 'm', apiKey })).toThrowError(
      expect.objectContaining({ code: 'JUDGE_CONFIG', message: expect.stringContaining(message) }),
    );
    expect(() => createChatJudge({ baseUrl, model: 'm', apiKey })).not.toThrowError(KEY.slice(0, 12));
  });
});
