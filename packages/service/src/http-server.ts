import fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.js';
import { addProbes, type ReadyChecks } from './probes.js';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 asks for a free port. */
  readonly port: number;
  readonly checks: ReadyChecks;
  readonly metrics: Metrics;
}

/** The port that a listening app has. */
export function boundPort(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string')
    throw new Error('internal: the HTTP server is not bound to a port');
  return address.port;
}

/** Starts the small HTTP server of a service without an HTTP API: probes and metrics. */
export async function startProbeServer(
  options: HttpServerOptions,
): Promise<{ port: number; app: FastifyInstance }> {
  const app = fastify({ logger: false, forceCloseConnections: true });
  addProbes(app, options.checks, options.metrics);
  await app.listen({ host: options.host, port: options.port });
  return { port: boundPort(app), app };
}
