import { readConfig, stopService } from '@residency/service';
import { orchestratorFields, startOrchestrator } from '@residency/service-orchestrator';
import { describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.js';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.js';

const start = (redis: TestRedis, folder: TemporaryFolder) =>
  startOrchestrator(
    readConfig(orchestratorFields, {
      REDIS_URL: redis.url,
      RESIDENCY_QUEUE_PREFIX: redis.prefix(),
      RESIDENCY_STORE_DIR: folder.path,
      RESIDENCY_HTTP_PORT: '0',
      RESIDENCY_LOG_LEVEL: 'silent',
      RESIDENCY_SHUTDOWN_MS: '5000',
    }),
  );

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`metrics: ${response.status}`);
  return await response.text();
}

/** A sample of the gauge, not its description. */
const sample = /^residency_queue_jobs\{.*queue="steps".*\} 0$/m;

describe('an orchestrator without Redis', () => {
  it('answers /metrics without the queues, and with them again when Redis is back', async () => {
    await using redis = await startRedis();
    await using folder = await temporaryFolder();
    const service = await start(redis, folder);
    const url = `http://${service.addresses['http']}`;
    await expect.poll(() => scrape(url), { timeout: 15_000 }).toMatch(sample);
    await redis.kill();

    const away = await scrape(url);

    expect(away).toContain('process_cpu_seconds_total');
    expect(away).not.toMatch(/^residency_queue_jobs\{/m);
    await redis.start();
    await expect.poll(() => scrape(url), { timeout: 30_000 }).toMatch(sample);
    await stopService(service);
  });
});
