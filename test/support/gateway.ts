import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningService, readConfig, stopService } from '@residency/service';
import { gatewayFields, startGateway } from '@residency/service-gateway';
import { MODEL } from './platform.js';
import { startRedis, type TestRedis } from './redis.js';
import { temporaryFolder } from './temporary-folder.js';

/** A gateway with its Redis, its store and a model that can be named. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly redis: TestRedis;
  /** Starts another one on the same store; its starter stops it. */
  start(env: Readonly<Record<string, string>>): Promise<RunningService>;
}

export async function startTestGateway(): Promise<TestGateway> {
  const redis = await startRedis();
  const folder = await temporaryFolder();
  const models = join(folder.path, 'models');
  await mkdir(join(models, MODEL), { recursive: true });
  await writeFile(join(models, MODEL, 'config.json'), '{}');
  const start = (env: Readonly<Record<string, string>>): Promise<RunningService> =>
    startGateway(
      readConfig(gatewayFields, {
        REDIS_URL: redis.url,
        RESIDENCY_QUEUE_PREFIX: redis.prefix(),
        RESIDENCY_STORE_DIR: join(folder.path, 'store'),
        RESIDENCY_MODELS_DIR: models,
        RESIDENCY_HTTP_PORT: '0',
        RESIDENCY_LOG_LEVEL: 'silent',
        ...env,
      }),
    );
  const gateway = await start({});
  return {
    url: `http://${gateway.addresses['http']}`,
    redis,
    start,
    async [Symbol.asyncDispose]() {
      await stopService(gateway);
      await folder[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}
