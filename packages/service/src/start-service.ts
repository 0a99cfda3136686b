import type { LogLevel } from './common-config.js';
import { startProbeServer } from './http-server.js';
import { createLogger, type Logger } from './logger.js';
import { Metrics } from './metrics.js';
import type { ReadyChecks } from './probes.js';
import type { RunningService } from './run-service.js';
import { Shutdown } from './shutdown.js';

/** What a service is built with: everything it opens it hands to `shutdown`. */
export interface ServiceBase {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
}

/** What a service is once built. */
export interface BuiltService {
  /** Conditions for `/readyz`; null where the service answers the probes itself. */
  readonly checks: ReadyChecks | null;
  /** What it listens on besides the probe server. */
  readonly addresses?: Readonly<Record<string, string>>;
}

export interface ServiceSettings {
  readonly host: string;
  readonly httpPort: number;
  readonly logLevel: LogLevel;
  readonly shutdownMs: number;
}

/** Builds a service and starts its probe server; what was opened is closed again where building fails. */
export async function startService(
  name: string,
  settings: ServiceSettings,
  build: (base: ServiceBase) => Promise<BuiltService>,
): Promise<RunningService> {
  const log = createLogger(name, settings.logLevel);
  const shutdown = new Shutdown();
  const metrics = new Metrics(name);
  const { host, httpPort, shutdownMs } = settings;
  try {
    const built = await build({ log, metrics, shutdown });
    const addresses = { ...built.addresses };
    if (built.checks !== null) {
      const probes = await startProbeServer({ host, port: httpPort, checks: built.checks, metrics });
      shutdown.on('clients', 'probes', () => probes.app.close());
      addresses['http'] = `${host}:${probes.port}`;
    }
    return { name, addresses, shutdown, shutdownMs, log };
  } catch (error) {
    await shutdown.run(shutdownMs, log);
    throw error;
  }
}
