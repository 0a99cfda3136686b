import { Server, ServerCredentials } from '@grpc/grpc-js';
import {
  AdvantageService,
  addService,
  type CallContext,
  type Client,
  EnvironmentService,
  type Handlers,
  LearnerService,
  openClient,
  ResidencyError,
} from '@residency/protocol';
import { describe, expect, it } from 'vitest';
import { signalled } from '../../support/signalled.js';

type AdvantageHandlers = Handlers<typeof AdvantageService>;
type EnvironmentHandlers = Handlers<typeof EnvironmentService>;
type LearnerHandlers = Handlers<typeof LearnerService>;

interface Harness extends AsyncDisposable {
  readonly port: number;
  readonly advantage: Client<typeof AdvantageService>;
  readonly environment: Client<typeof EnvironmentService>;
  readonly learner: Client<typeof LearnerService>;
  readonly errors: { method: string; thrown: unknown }[];
}

const unused = (): never => {
  throw new ResidencyError('internal', 'not part of this test');
};

const noEpisodes: EnvironmentHandlers = { play: unused };
const noLearner: LearnerHandlers = { openRun: unused, getPolicy: unused, learn: unused, score: unused };
const echo: AdvantageHandlers = {
  estimateSteps: unused,
  estimate: async ({ groups }) => ({
    groups: groups.map(({ index, rewards }) => ({ index, advantages: rewards, mean: 0, std: 1 })),
  }),
};

async function harness(
  handlers: {
    readonly advantage?: AdvantageHandlers;
    readonly environment?: EnvironmentHandlers;
    readonly learner?: LearnerHandlers;
  } = {},
  port = 0,
): Promise<Harness> {
  const server = new Server();
  const errors: { method: string; thrown: unknown }[] = [];
  const onError = (thrown: unknown, method: string): void => {
    errors.push({ method, thrown });
  };
  addService(server, AdvantageService, handlers.advantage ?? echo, onError);
  addService(server, EnvironmentService, handlers.environment ?? noEpisodes, onError);
  addService(server, LearnerService, handlers.learner ?? noLearner, onError);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
  const address = `127.0.0.1:${bound}`;
  const clients = {
    advantage: openClient(AdvantageService, { address }),
    environment: openClient(EnvironmentService, { address }),
    learner: openClient(LearnerService, { address }),
  };
  return {
    ...clients,
    port: bound,
    errors,
    async [Symbol.asyncDispose]() {
      for (const client of Object.values(clients)) client.close();
      server.forceShutdown();
    },
  };
}

const question = { estimator: 'grpo', groups: [{ index: 0, rewards: [1, 0.1] }] };
const deadlineMs = 5_000;

describe('a unary call', () => {
  it('carries doubles without loss and the trace context as metadata', async () => {
    const seen = signalled<string | null>();
    await using test = await harness({
      advantage: {
        estimateSteps: unused,
        estimate: (request, call) => {
          seen.resolve(call.traceparent);
          return echo.estimate(request, call);
        },
      },
    });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

    const answer = await test.advantage.estimate(question, { deadlineMs, traceparent });

    expect(answer.groups[0]?.advantages).toEqual([1, 0.1]);
    expect(await seen.promise).toBe(traceparent);
  });

  it('fails with the code, message and parameter that the handler threw', async () => {
    const thrown = new ResidencyError('invalid_request', 'estimator: found "x", wanted "grpo"', {
      param: 'estimator',
    });
    await using test = await harness({
      advantage: { estimateSteps: unused, estimate: () => Promise.reject(thrown) },
    });

    const failure = test.advantage.estimate(question, { deadlineMs });

    await expect(failure).rejects.toMatchObject({
      name: 'ResidencyError',
      code: 'invalid_request',
      message: 'estimator: found "x", wanted "grpo"',
      param: 'estimator',
    });
    expect(test.errors).toEqual([{ method: 'residency.v1.AdvantageService/Estimate', thrown }]);
  });

  it('ends at its deadline and tells the handler', async () => {
    const aborted = signalled<unknown>();
    await using test = await harness({
      advantage: {
        estimateSteps: unused,
        estimate: (_request, call) => {
          call.signal.addEventListener('abort', () => aborted.resolve(call.signal.reason));
          return new Promise(() => undefined);
        },
      },
    });

    await expect(test.advantage.estimate(question, { deadlineMs: 80 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    expect(await aborted.promise).toMatchObject({ code: 'cancelled' });
  });

  it('knows how much time the caller has left', async () => {
    const left = signalled<number>();
    await using test = await harness({
      advantage: {
        estimateSteps: unused,
        estimate: (request, call: CallContext) => {
          left.resolve(call.remainingMs());
          return echo.estimate(request, call);
        },
      },
    });

    await test.advantage.estimate(question, { deadlineMs: 4_000 });

    expect(await left.promise).toBeGreaterThan(2_000);
    expect(await left.promise).toBeLessThanOrEqual(4_000);
  });

  it('refuses to be made without a deadline', async () => {
    await using test = await harness();

    expect(() => test.advantage.estimate(question, { deadlineMs: Number.NaN })).toThrow(/deadlineMs/);
  });

  it('ends when its signal aborts, also one that was aborted before', async () => {
    await using test = await harness({
      advantage: { estimateSteps: unused, estimate: () => new Promise(() => undefined) },
    });
    const controller = new AbortController();
    const pending = test.advantage.estimate(question, { deadlineMs, signal: controller.signal });
    controller.abort();

    await expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await expect(
      test.advantage.estimate(question, { deadlineMs, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('is retried until a server that was away is there', async () => {
    const away = await harness();
    const { port } = away;
    await away[Symbol.asyncDispose]();
    const client = openClient(AdvantageService, {
      address: `127.0.0.1:${port}`,
      retry: {
        maxAttempts: 5,
        initialBackoffMs: 200,
        maxBackoffMs: 400,
        backoffMultiplier: 2,
        retryable: new Set(['UNAVAILABLE']),
      },
    });
    const pending = client.estimate(question, { deadlineMs });
    await using back = await harness({}, port);

    const answer = await pending;
    client.close();

    expect(back.port).toBe(port);
    expect(answer.groups).toHaveLength(1);
  });

  it('fails with service_unavailable where nobody listens', async () => {
    const gone = await harness();
    await gone[Symbol.asyncDispose]();
    const client = openClient(AdvantageService, { address: `127.0.0.1:${gone.port}` });

    await expect(client.estimate(question, { deadlineMs })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    client.close();
  });
});

describe('a server stream', () => {
  const chunk = new Uint8Array(512 * 1024).fill(7);

  it('delivers every message in order, bytes that do not alias each other included', async () => {
    await using test = await harness({
      learner: {
        ...noLearner,
        async *getPolicy() {
          for (let at = 0; at < 8; at++) {
            yield { part: { case: 'chunk' as const, value: new Uint8Array(1_000).fill(at) } };
          }
        },
      },
    });
    const received: Uint8Array[] = [];

    for await (const { part } of test.learner.getPolicy({ sha256: '' }, { deadlineMs })) {
      if (part.case === 'chunk') received.push(part.value);
    }

    expect(received.map((bytes) => [bytes.length, bytes[0], bytes[999]])).toEqual(
      Array.from({ length: 8 }, (_, at) => [1_000, at, at]),
    );
  });

  it('stops producing while the consumer does not read', async () => {
    let produced = 0;
    const total = 400;
    await using test = await harness({
      learner: {
        ...noLearner,
        async *getPolicy() {
          for (; produced < total; produced++) yield { part: { case: 'chunk' as const, value: chunk } };
        },
      },
    });
    const iterator = test.learner.getPolicy({ sha256: '' }, { deadlineMs: 30_000 })[Symbol.asyncIterator]();
    await iterator.next();
    // Unary calls of the same server go through while the stream is held back.
    for (let at = 0; at < 20; at++) await test.advantage.estimate(question, { deadlineMs });

    expect(produced).toBeLessThan(total / 4);
    await iterator.return?.();
  });

  it('ends the producer when the consumer breaks off', async () => {
    const ended = signalled();
    await using test = await harness({
      learner: {
        ...noLearner,
        async *getPolicy() {
          try {
            for (;;) yield { part: { case: 'chunk' as const, value: chunk } };
          } finally {
            ended.resolve();
          }
        },
      },
    });

    for await (const _ of test.learner.getPolicy({ sha256: '' }, { deadlineMs })) break;

    await ended.promise;
  });

  it('delivers what came before a failure, then the failure', async () => {
    await using test = await harness({
      learner: {
        ...noLearner,
        async *getPolicy() {
          yield { part: { case: 'header' as const, value: { sizeBytes: 3n } } };
          throw new ResidencyError('policy_not_found', 'gone');
        },
      },
    });
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { part } of test.learner.getPolicy({ sha256: '' }, { deadlineMs }))
        seen.push(String(part.case));
    };

    await expect(read()).rejects.toMatchObject({ code: 'policy_not_found', message: 'gone' });
    expect(seen).toEqual(['header']);
  });
});

describe('a client stream', () => {
  const group = (index: number) => ({
    part: { case: 'group' as const, value: { index, promptIds: [1, 2] } },
  });

  it('delivers every message in order and answers once', async () => {
    const indexes: number[] = [];
    await using test = await harness({
      learner: {
        ...noLearner,
        async learn(requests) {
          for await (const { part } of requests) if (part.case === 'group') indexes.push(part.value.index);
          return { policy: { version: indexes.length, sha256: 'x' } };
        },
      },
    });
    const requests = async function* () {
      for (let index = 0; index < 100; index++) yield group(index);
    };

    const answer = await test.learner.learn(requests(), { deadlineMs });

    expect(answer.policy?.version).toBe(100);
    expect(indexes).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('fails with its own error when the source fails', async () => {
    await using test = await harness({
      learner: {
        ...noLearner,
        async learn(requests) {
          for await (const _ of requests);
          return {};
        },
      },
    });
    const requests = async function* () {
      yield group(0);
      throw new Error('the source broke');
    };

    await expect(test.learner.learn(requests(), { deadlineMs })).rejects.toThrow('the source broke');
  });

  it('stops pulling the source when the server has answered early', async () => {
    const ended = signalled();
    await using test = await harness({
      learner: {
        ...noLearner,
        async learn(requests) {
          for await (const _ of requests) throw new ResidencyError('policy_mismatch', 'no further');
          return {};
        },
      },
    });
    const requests = async function* () {
      try {
        for (let index = 0; ; index++) {
          yield group(index);
          // An endless source that never lets go of the loop would starve the answer.
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        ended.resolve();
      }
    };

    await expect(test.learner.learn(requests(), { deadlineMs })).rejects.toMatchObject({
      code: 'policy_mismatch',
    });
    await ended.promise;
  });
});

describe('a bidirectional stream', () => {
  it('answers message by message while both sides are open', async () => {
    await using test = await harness({
      environment: {
        async *play(requests) {
          for await (const { episodeId } of requests)
            yield { episodeId, result: { case: 'closed' as const, value: {} } };
        },
      },
    });
    let answered = signalled();
    const requests = async function* () {
      for (let at = 0; at < 5; at++) {
        yield { episodeId: String(at) };
        await answered.promise;
        answered = signalled();
      }
    };
    const seen: string[] = [];

    for await (const { episodeId } of test.environment.play(requests(), { deadlineMs })) {
      seen.push(episodeId);
      answered.resolve();
    }

    expect(seen).toEqual(['0', '1', '2', '3', '4']);
  });

  it('ends the handler when the client goes away while its source is idle', async () => {
    const ended = signalled();
    await using test = await harness({
      environment: {
        async *play(requests) {
          try {
            for await (const { episodeId } of requests) {
              yield { episodeId, result: { case: 'closed' as const, value: {} } };
            }
          } finally {
            ended.resolve();
          }
        },
      },
    });
    const requests = async function* () {
      yield { episodeId: 'only' };
      await new Promise(() => undefined);
    };

    for await (const _ of test.environment.play(requests(), { deadlineMs })) break;

    await ended.promise;
  });
});
