import {
  boundPort,
  type ConfigField,
  type ConfigOf,
  defaultPorts,
  integerField,
  modelsDirField,
  openRedis,
  optionalSecretField,
  type ProcessFields,
  processFields,
  type RedisFields,
  type RunningService,
  redisFields,
  redisReady,
  type Shutdown,
  startService,
  storeDirField,
} from '@residency/service';
import { FileStore, Files, Jobs, ModelsFolder } from '@residency/storage';
import type { FastifyInstance } from 'fastify';
import { buildHttpApi } from './http-api.js';

interface GatewayFields extends ProcessFields, RedisFields {
  readonly storeDir: ConfigField<string>;
  readonly modelsDir: ConfigField<string>;
  readonly apiKey: ConfigField<string | null>;
  readonly maxFileBytes: ConfigField<number>;
  readonly requestTimeoutMs: ConfigField<number>;
}

/** The settings of the gateway. */
export const gatewayFields: GatewayFields = {
  ...processFields(defaultPorts.gateway.http),
  ...redisFields(),
  storeDir: storeDirField(),
  modelsDir: modelsDirField(),
  apiKey: optionalSecretField('RESIDENCY_API_KEY'),
  maxFileBytes: integerField('RESIDENCY_MAX_FILE_BYTES', 1, 2 ** 40, 512 * 1024 * 1024),
  requestTimeoutMs: integerField('RESIDENCY_REQUEST_TIMEOUT_MS', 100, 86_400_000, 600_000),
};

export type GatewayConfig = ConfigOf<GatewayFields>;

const REDIS_START_MS = 5_000;

/** Requests at work are waited for in `drain`, so that what they use is closed after them. */
function stopInOrder(app: FastifyInstance, shutdown: Shutdown): void {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= app.close().then(() => undefined);
    return closing;
  };
  shutdown.on('intake', 'http', async () => {
    // Its failure is that of the same promise in `drain`.
    close().catch(() => undefined);
  });
  shutdown.on('drain', 'http', async (outOfTime) => {
    const breakOff = (): void => app.server.closeAllConnections();
    outOfTime.addEventListener('abort', breakOff);
    try {
      if (outOfTime.aborted) breakOff();
      await close();
    } finally {
      outOfTime.removeEventListener('abort', breakOff);
    }
  });
}

/** Starts the gateway: the REST API. It computes nothing and holds no state of its own. */
export function startGateway(config: GatewayConfig): Promise<RunningService> {
  return startService('gateway', config, async ({ log, metrics, shutdown }) => {
    const store = await FileStore.open(config.storeDir);
    const redis = openRedis(config.redisUrl, 'request', log);
    shutdown.on('clients', 'redis', async () => redis.disconnect());
    // Starting without Redis is allowed: requests answer 503 until it is there.
    if (!(await redisReady(redis, REDIS_START_MS))) log.warn('starting while Redis is away');
    const app = await buildHttpApi({
      jobs: new Jobs(redis, config.queuePrefix),
      files: new Files(redis, config.queuePrefix),
      store,
      models: new ModelsFolder(config.modelsDir),
      apiKey: config.apiKey,
      maxFileBytes: config.maxFileBytes,
      requestTimeoutMs: config.requestTimeoutMs,
      checks: {
        redis: async () => {
          await redis.ping();
        },
      },
      metrics,
      log,
    });
    await app.listen({ host: config.host, port: config.httpPort });
    stopInOrder(app, shutdown);
    return { checks: null, addresses: { http: `${config.host}:${boundPort(app)}` } };
  });
}
