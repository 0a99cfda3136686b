import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { AdvantageService, addService, openClient } from '@residency/protocol';
import { createLogger, Metrics, startGrpcServer, startService, stopService } from '@residency/service';
import { service as healthService } from 'grpc-health-check';
import { describe, expect, it } from 'vitest';
import { signalled } from '../../support/signalled.js';

const settings = { host: '127.0.0.1', httpPort: 0, logLevel: 'silent' as const, shutdownMs: 3_000 };

async function read(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return { status: response.status, text: await response.text() };
}

describe('a service', () => {
  it('answers its probes and exposes its metrics', async () => {
    let isWell = true;
    const service = await startService('advantage', settings, async ({ metrics }) => {
      metrics.counter('residency_advantage_groups_total').inc(2);
      return {
        checks: {
          redis: async () => {
            if (!isWell) throw new Error('no connection');
          },
        },
      };
    });
    const url = `http://${service.addresses['http']}`;

    expect(await read(`${url}/healthz`)).toEqual({ status: 200, text: '{"status":"ok"}' });
    expect((await read(`${url}/readyz`)).status).toBe(200);
    isWell = false;
    const unready = await read(`${url}/readyz`);
    expect(unready.status).toBe(503);
    expect(JSON.parse(unready.text)).toEqual({ status: 'unready', failed: { redis: 'no connection' } });
    expect((await read(`${url}/metrics`)).text).toContain(
      'residency_advantage_groups_total{service="advantage"} 2',
    );
    expect(await stopService(service)).toBe(true);
    await expect(read(`${url}/healthz`)).rejects.toThrow();
  });

  it('closes what it had opened when it cannot be built', async () => {
    const closed: string[] = [];

    const failed = startService('learner', settings, async ({ shutdown }) => {
      shutdown.on('clients', 'redis', async () => void closed.push('redis'));
      throw new Error('no model');
    });

    await expect(failed).rejects.toThrow('no model');
    expect(closed).toEqual(['redis']);
  });
});

describe('a gRPC server', () => {
  const start = (wait: Promise<void>, onEntered: () => void) =>
    startGrpcServer({
      host: '127.0.0.1',
      port: 0,
      log: createLogger('test', 'silent'),
      metrics: new Metrics('test'),
      add: (server, onError) =>
        addService(
          server,
          AdvantageService,
          {
            estimate: async () => {
              onEntered();
              await wait;
              return { groups: [] };
            },
            estimateSteps: async () => ({ groups: [] }),
          },
          onError,
        ),
    });
  const Health = makeGenericClientConstructor(healthService, 'grpc.health.v1.Health');
  const check = (port: number): Promise<unknown> => {
    const client = new Health(`127.0.0.1:${port}`, credentials.createInsecure());
    return new Promise((resolve, reject) => {
      client['check']?.(
        { service: '' },
        { deadline: Date.now() + 3_000 },
        (error: Error | null, value: unknown) => {
          client.close();
          if (error) reject(error);
          else resolve(value);
        },
      );
    });
  };

  it('reports its health and finishes running calls when it stops', async () => {
    const finish = signalled();
    const entered = signalled();
    const server = await start(finish.promise, entered.resolve);
    const client = openClient(AdvantageService, { address: `127.0.0.1:${server.port}` });
    expect(await check(server.port)).toMatchObject({ status: 'SERVING' });
    const running = client.estimate({}, { deadlineMs: 5_000 });
    await entered.promise;

    const stopping = server.stop(new AbortController().signal);
    finish.resolve();

    await expect(running).resolves.toMatchObject({ groups: [] });
    await stopping;
    client.close();
  });

  it('ends calls that do not finish when it is out of time', async () => {
    const entered = signalled();
    const server = await start(new Promise(() => undefined), entered.resolve);
    const client = openClient(AdvantageService, { address: `127.0.0.1:${server.port}` });
    const running = client.estimate({}, { deadlineMs: 30_000 });
    const outcome = expect(running).rejects.toBeInstanceOf(Error);
    await entered.promise;

    await server.stop(AbortSignal.abort());

    await outcome;
    client.close();
  });
});
