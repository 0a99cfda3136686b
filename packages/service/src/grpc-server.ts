import { Server, ServerCredentials } from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES, ResidencyError, toResidencyError } from '@residency/protocol';
import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 asks for a free port. */
  readonly port: number;
  /** Adds the services; `onError` is to be handed to `addService`. */
  readonly add: (server: Server, onError: (thrown: unknown, method: string) => void) => void;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A gRPC server that answers grpc.health.v1 too. */
export interface RunningGrpcServer {
  readonly port: number;
  /** Reports NOT_SERVING and refuses new calls; running calls go on. */
  stopIntake(): void;
  /** Waits for running calls, or ends them when the signal aborts. */
  stop(outOfTime: AbortSignal): Promise<void>;
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        reject(new ResidencyError('internal', `gRPC on ${host}:${port}: ${error.message}`, { cause: error }));
      } else resolve(bound);
    });
  });
}

export async function startGrpcServer(options: GrpcServerOptions): Promise<RunningGrpcServer> {
  const { log, metrics } = options;
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 30_000,
  });
  const errors = metrics.counter('residency_grpc_errors_total');
  options.add(server, (thrown, method) => {
    const error = toResidencyError(thrown);
    errors.inc({ method, code: error.code });
    log.warn({ method, code: error.code, err: error }, 'call failed');
  });
  const health = new HealthImplementation({ '': 'SERVING' });
  health.addToServer(server);
  const port = await bind(server, options.host, options.port);
  let draining: Promise<void> | undefined;
  const stopIntake = (): void => {
    health.setStatus('', 'NOT_SERVING');
    draining ??= new Promise((resolve) => server.tryShutdown(() => resolve()));
  };
  return {
    port,
    stopIntake,
    async stop(outOfTime) {
      stopIntake();
      const force = (): void => server.forceShutdown();
      outOfTime.addEventListener('abort', force);
      try {
        if (outOfTime.aborted) force();
        await draining;
      } finally {
        outOfTime.removeEventListener('abort', force);
      }
    },
  };
}
