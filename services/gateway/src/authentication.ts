import { createHash, timingSafeEqual } from 'node:crypto';
import { ResidencyError } from '@residency/protocol';
import type { FastifyInstance } from 'fastify';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Demands `Authorization: Bearer <key>` of every `/v1` route; without a key the API is open. */
export function addAuthentication(app: FastifyInstance, apiKey: string | null): void {
  if (apiKey === null) return;
  const wanted = digest(`Bearer ${apiKey}`);
  app.addHook('onRequest', async (request) => {
    // The matched route, not the text of the request: a path may be spelled in many ways.
    if (request.routeOptions.url?.startsWith('/v1/') !== true) return;
    // Equal lengths and constant time: digests are compared, not the keys.
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) return;
    const found = request.headers.authorization === undefined ? 'no Authorization header' : 'another key';
    throw new ResidencyError('invalid_api_key', `Authorization: found ${found}, wanted a valid bearer token`);
  });
}
