import type { FastifyInstance } from 'fastify';
import { withDeadline } from './deadline.js';
import type { Metrics } from './metrics.js';

/** Named conditions for taking work; each rejects with the reason it does not hold. */
export type ReadyChecks = Readonly<Record<string, () => Promise<void>>>;

const READY_DEADLINE_MS = 1_000;

async function failedChecks(checks: ReadyChecks): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withDeadline(check(), READY_DEADLINE_MS, name);
      } catch (error) {
        failed[name] = error instanceof Error ? error.message : String(error);
      }
    }),
  );
  return failed;
}

/** Adds `/healthz` (the process answers), `/readyz` (200, or 503 with the failed checks) and `/metrics`. */
export function addProbes(app: FastifyInstance, checks: ReadyChecks, metrics: Metrics): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const failed = await failedChecks(checks);
    const isReady = Object.keys(failed).length === 0;
    return reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unready', failed });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
