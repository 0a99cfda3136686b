import { ResidencyError, toErrorResponse, toResidencyError } from '@residency/protocol';
import type { Logger } from '@residency/service';
import type { FastifyInstance } from 'fastify';
import { type SchemaProblem, schemaError } from './validation-error.js';

// What fastify and its multipart plugin throw before a route runs.
const fastifyCodes: Readonly<
  Record<string, 'body_too_large' | 'unsupported_media_type' | 'invalid_request'>
> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_REQ_FILE_TOO_LARGE: 'body_too_large',
  FST_FIELDS_LIMIT: 'body_too_large',
  FST_PARTS_LIMIT: 'body_too_large',
  FST_FILES_LIMIT: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_request',
};

function translate(thrown: unknown): ResidencyError {
  if (thrown instanceof Error && 'validation' in thrown && Array.isArray(thrown.validation)) {
    const part = 'validationContext' in thrown ? String(thrown.validationContext) : 'body';
    return schemaError(thrown.validation as SchemaProblem[], part);
  }
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    const code = fastifyCodes[thrown.code];
    if (code !== undefined) return new ResidencyError(code, thrown.message, { cause: thrown });
  }
  if (thrown instanceof Error && 'statusCode' in thrown && thrown.statusCode === 400) {
    return new ResidencyError('invalid_request', thrown.message, { cause: thrown });
  }
  return toResidencyError(thrown);
}

/** Answers every failure in one shape; clients must not repeat a request that met a conflict. */
export function addErrorHandler(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = translate(thrown);
    const { status, body } = toErrorResponse(error);
    if (status >= 500) log.error({ err: error, request: request.id }, 'request failed');
    if (status === 409) void reply.header('x-should-retry', 'false');
    return reply.status(status).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    const { pathname } = new URL(request.url, 'http://gateway');
    const { status, body } = toErrorResponse(
      new ResidencyError('route_not_found', `${request.method} ${pathname}: found no such route`),
    );
    return reply.status(status).send(body);
  });
}
