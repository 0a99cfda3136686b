import { planServices, serviceNames, serviceTable } from '@residency/cli';
import { defaultPorts } from '@residency/service';
import { describe, expect, test } from 'vitest';

const plan = (rolloutWorkers: number) =>
  planServices({
    redisUrl: 'redis://127.0.0.1:1',
    queuePrefix: 'plan',
    storeDir: '/store',
    modelsDir: '/models',
    logsDir: '/logs',
    gatewayPort: { preferred: 0, isFlexible: true },
    prefersDefaultPorts: false,
    rolloutWorkers,
    shutdownMs: 1_000,
  });

describe('planServices', () => {
  test('plans every service once, and as many rollout workers as are asked for', async () => {
    expect((await plan(1)).map(({ process }) => process.name)).toEqual(serviceNames);
    expect((await plan(3)).map(({ process }) => process.name)).toEqual(
      serviceNames.flatMap((name) => (name === 'rollout' ? ['rollout-1', 'rollout-2', 'rollout-3'] : [name])),
    );
  });

  test('gives every process ports and a log file of its own', async () => {
    const planned = await plan(3);
    const ports = planned.flatMap(({ service, process: { env } }) => [
      env['RESIDENCY_HTTP_PORT'],
      ...(serviceTable[service].hasGrpc ? [env['RESIDENCY_GRPC_PORT']] : []),
    ]);

    expect(new Set(ports).size).toBe(planned.length + 3);
    expect(new Set(planned.map(({ process }) => process.logFile)).size).toBe(planned.length);
    for (const { url, process } of planned)
      expect(url).toBe(`http://127.0.0.1:${process.env['RESIDENCY_HTTP_PORT']}`);
  });

  test('tells everybody where the gRPC services listen', async () => {
    const planned = await plan(1);
    const portOf = (name: string) =>
      planned.find(({ service }) => service === name)?.process.env['RESIDENCY_GRPC_PORT'];

    for (const { process } of planned) {
      expect(process.env).toMatchObject({
        RESIDENCY_LEARNER_ADDRESS: `127.0.0.1:${portOf('learner')}`,
        RESIDENCY_ADVANTAGE_ADDRESS: `127.0.0.1:${portOf('advantage')}`,
        RESIDENCY_REWARD_ENVIRONMENT_ADDRESS: `127.0.0.1:${portOf('reward-environment')}`,
      });
    }
  });

  test('computes with the same threads however many workers there are', async () => {
    const threads = (await Promise.all([1, 2, 4].map(plan)))
      .flat()
      .map(({ process }) => process.env['RESIDENCY_THREADS']);

    expect(new Set(threads).size).toBe(1);
  });

  test('has gRPC exactly where the default ports say so', () => {
    for (const name of serviceNames) expect(serviceTable[name].hasGrpc).toBe('grpc' in defaultPorts[name]);
  });
});
