import { randomBytes } from 'node:crypto';
import multipart from '@fastify/multipart';
import { addProbes, type Logger, type Metrics, type ReadyChecks } from '@residency/service';
import fastify, { type FastifyInstance } from 'fastify';
import { addAuthentication } from './authentication.js';
import { addErrorHandler } from './error-handler.js';
import { addFileRoutes } from './routes/files.js';
import { addJobRoutes, type JobRoutesOptions } from './routes/jobs.js';
import { addModelRoutes } from './routes/models.js';

export interface HttpApiOptions extends JobRoutesOptions {
  readonly apiKey: string | null;
  readonly maxFileBytes: number;
  /** Milliseconds that receiving a request may take. */
  readonly requestTimeoutMs: number;
  readonly checks: ReadyChecks;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Bytes of a JSON body. */
const BODY_LIMIT = 1024 * 1024;

/** Clients label requests without a body as JSON: an empty body is no body. */
function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}

function addRequestMetrics(app: FastifyInstance, metrics: Metrics): void {
  const requests = metrics.counter('residency_http_requests_total');
  const seconds = metrics.histogram('residency_http_request_seconds');
  app.addHook('onResponse', async (request, reply) => {
    // The pattern, not the path: ids would make a series of each.
    const route = request.routeOptions.url ?? 'none';
    const { method } = request;
    requests.inc({ method, route, status: reply.statusCode });
    seconds.observe({ method, route }, reply.elapsedTime / 1_000);
  });
}

/** Builds the REST API on explicit dependencies; nothing listens yet. */
export async function buildHttpApi(options: HttpApiOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: options.requestTimeoutMs,
    forceCloseConnections: 'idle',
    genReqId: () => `req_${randomBytes(12).toString('hex')}`,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true },
    },
    routerOptions: { maxParamLength: 256 },
  });
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  addErrorHandler(app, options.log);
  addAuthentication(app, options.apiKey);
  addJsonParser(app);
  addRequestMetrics(app, options.metrics);
  await app.register(multipart, {
    limits: { fileSize: options.maxFileBytes + 1, files: 2, fields: 8, parts: 10, fieldSize: 1_024 },
    throwFileSizeLimit: false,
  });
  addProbes(app, options.checks, options.metrics);
  addJobRoutes(app, options);
  addFileRoutes(app, options);
  addModelRoutes(app, options.models);
  return app;
}
