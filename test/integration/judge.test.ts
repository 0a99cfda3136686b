import type { ChatQuestion, TokenUsage } from '@residency/rubric';
import { parseGraderSpec } from '@residency/rubric';
import { JudgeClient, type JudgeSettings, judgeRetryPolicy } from '@residency/service-reward-rubric';
import { describe, expect, it } from 'vitest';
import { type ChatReply, chatServer, completionOf } from '../support/chat-server.js';

const never = new AbortController().signal;
const retry = { ...judgeRetryPolicy, baseMs: 1, maxMs: 4 };
const settings: JudgeSettings = {
  url: null,
  apiKey: 'secret',
  models: ['judge'],
  timeoutMs: 20_000,
  concurrency: 2,
};
const grader = {
  type: 'score_model',
  name: 'judge',
  model: 'judge',
  input: [{ role: 'user', content: '{{sample.output_text}}' }],
};

function question(completion: string, model = 'judge'): ChatQuestion {
  const spec = parseGraderSpec({ ...grader, model });
  if (spec.type !== 'score_model') throw new Error('another grader');
  return { grader: spec, sample: { item: {}, completion }, model, body: { model, messages: [completion] } };
}

const busy: ChatReply = { status: 503, body: 'overloaded' };

describe('a judging endpoint', () => {
  it('is asked with the key, and its answer and its cost are told', async () => {
    await using server = await chatServer(() => completionOf({ result: 1 }));
    const usages: TokenUsage[] = [];
    const client = new JudgeClient(
      { ...settings, url: server.url },
      { retry, onUsage: (_, usage) => usages.push(usage) },
    );

    const outcome = await client.ask(question('a'), never);

    expect(outcome).toMatchObject({ ok: true, body: expect.stringContaining('choices') });
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer secret' },
      body: { model: 'judge', messages: ['a'] },
    });
    expect(usages).toEqual([{ prompt: 11, completion: 7, cached: 3 }]);
  });

  it('is not asked for a model that the operator does not name, or without an endpoint', async () => {
    await using server = await chatServer(() => completionOf({ result: 1 }));
    const client = new JudgeClient({ ...settings, url: server.url }, { retry });

    const outcomes = [
      await client.ask(question('a', 'other'), never),
      await new JudgeClient(settings, { retry }).ask(question('a'), never),
    ];

    for (const outcome of outcomes) expect(outcome).toMatchObject({ ok: false, code: 'model_not_allowed' });
    expect(server.seen).toHaveLength(0);
  });

  it('is asked again while it is busy or hangs up, as often as the policy says', async () => {
    const replies: ChatReply[] = [
      busy,
      'hang up',
      { status: 429, body: '', headers: { 'retry-after-ms': '2' } },
    ];
    await using server = await chatServer((_, count) => replies[count - 1] ?? completionOf({ result: 1 }));
    await using down = await chatServer(() => busy);

    const client = new JudgeClient({ ...settings, url: server.url }, { retry });
    const outcome = await client.ask(question('a'), never);
    const failed = await new JudgeClient({ ...settings, url: down.url }, { retry }).ask(question('a'), never);

    expect(outcome.ok).toBe(true);
    expect(server.seen).toHaveLength(4);
    expect(failed).toEqual({ ok: false, code: 'model_unavailable', detail: 'status 503: overloaded' });
    expect(down.seen).toHaveLength(retry.attempts);
  });

  it('that answers no completion is asked again, and such an answer is not kept', async () => {
    const nothing: ChatReply = { status: 200, body: '<html>' };
    await using server = await chatServer((_, count) => (count <= 4 ? nothing : completionOf({ result: 1 })));
    const client = new JudgeClient({ ...settings, url: server.url }, { retry });

    const outcomes = [await client.ask(question('a'), never), await client.ask(question('a'), never)];

    expect(outcomes).toMatchObject([
      { ok: false, code: 'model_unavailable', detail: 'no completion: <html>' },
      { ok: true },
    ]);
  });

  it.each([
    [{ status: 401, body: 'who are you' }, 'status 401: who are you'],
    [
      { status: 302, body: 'elsewhere', headers: { location: 'http://127.0.0.1:9/' } },
      'status 302: elsewhere',
    ],
    [{ status: 200, body: 'x'.repeat(2 ** 20 + 1) }, 'the answer has more than 1048576 bytes'],
  ] as const)('that rejects is asked once (%#)', async (reply, detail) => {
    await using server = await chatServer(() => reply);
    const client = new JudgeClient({ ...settings, url: server.url }, { retry });

    const outcome = await client.ask(question('a'), never);

    expect(outcome).toEqual({ ok: false, code: 'model_rejected', detail });
    expect(server.seen).toHaveLength(1);
  });

  it('that stays silent costs the sample its grade, at the deadline', async () => {
    await using server = await chatServer(() => 'silence');
    const client = new JudgeClient({ ...settings, url: server.url, timeoutMs: 150 }, { retry });

    const outcome = await client.ask(question('a'), never);

    expect(outcome).toEqual({ ok: false, code: 'model_deadline', detail: 'no answer within 150 ms' });
  });

  it('is left by a caller that gives up, whose reason is thrown', async () => {
    await using server = await chatServer(() => 'silence');
    const client = new JudgeClient({ ...settings, url: server.url }, { retry });
    const giveUp = new AbortController();

    const asking = client.ask(question('a'), giveUp.signal);
    await expect.poll(() => server.seen.length).toBe(1);
    giveUp.abort(new Error('the run was cancelled'));

    await expect(asking).rejects.toThrow('the run was cancelled');
  });

  it('is asked once for equal graders and samples, and by no more at once than allowed', async () => {
    await using server = await chatServer(() => completionOf({ result: 1 }));
    const client = new JudgeClient({ ...settings, url: server.url }, { retry });
    const texts = ['a', 'b', 'c', 'a', 'd', 'b', 'e', 'a'];

    const outcomes = await Promise.all(texts.map((text) => client.ask(question(text), never)));
    await client.ask(question('c'), never);

    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(server.seen.map(({ body }) => body['messages']).sort()).toEqual([
      ['a'],
      ['b'],
      ['c'],
      ['d'],
      ['e'],
    ]);
    expect(server.busiest()).toBeLessThanOrEqual(2);
  });

  it('is asked anew by those who wait, when the first caller of an equal question gives up', async () => {
    await using server = await chatServer((_, count) =>
      count === 1 ? 'silence' : completionOf({ result: 1 }),
    );
    const client = new JudgeClient({ ...settings, url: server.url }, { retry });
    const giveUp = new AbortController();

    const first = client.ask(question('a'), giveUp.signal);
    const second = client.ask(question('a'), never);
    await expect.poll(() => server.seen.length).toBe(1);
    giveUp.abort(new Error('enough'));

    await expect(first).rejects.toThrow('enough');
    expect((await second).ok).toBe(true);
  });
});
