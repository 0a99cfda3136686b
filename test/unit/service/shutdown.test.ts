import { createLogger, Shutdown } from '@residency/service';
import { describe, expect, it } from 'vitest';

const log = createLogger('test', 'silent');

describe('Shutdown', () => {
  it('stops intake, then drains, then closes clients, whatever the order of registration', async () => {
    const order: string[] = [];
    const shutdown = new Shutdown();
    shutdown.on('clients', 'redis', async () => void order.push('redis'));
    shutdown.on('drain', 'worker', async () => void order.push('worker'));
    shutdown.on('intake', 'http', async () => void order.push('http'));
    shutdown.on('clients', 'grpc', async () => void order.push('grpc'));

    const failures = await shutdown.run(1_000, log);

    expect(order).toEqual(['http', 'worker', 'redis', 'grpc']);
    expect(failures).toEqual([]);
  });

  it('tells a step that is late to let go, and goes on', async () => {
    const shutdown = new Shutdown();
    shutdown.on(
      'drain',
      'slow',
      (outOfTime) => new Promise((resolve) => outOfTime.addEventListener('abort', () => resolve())),
    );
    let isClosed = false;
    shutdown.on('clients', 'redis', async () => {
      isClosed = true;
    });

    const failures = await shutdown.run(300, log);

    expect(failures).toEqual([]);
    expect(isClosed).toBe(true);
  });

  it('leaves a step behind that never ends, and names it', async () => {
    const shutdown = new Shutdown();
    shutdown.on('drain', 'stuck', () => new Promise(() => undefined));
    shutdown.on('drain', 'broken', () => Promise.reject(new Error('no')));

    const failures = await shutdown.run(200, log);

    expect(failures).toEqual(['stuck', 'broken']);
  });

  it('runs once however often it is asked', async () => {
    let count = 0;
    const shutdown = new Shutdown();
    shutdown.on('intake', 'http', async () => {
      count += 1;
    });

    await Promise.all([shutdown.run(500, log), shutdown.run(500, log)]);

    expect(count).toBe(1);
  });
});
