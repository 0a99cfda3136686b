import { type ResidencyError, toResidencyError } from '../errors.js';

/** The body of every failed request. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 404) return 'not_found_error';
  if (status === 409) return 'conflict_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** Status and body for anything thrown by a route; the message of an unexpected failure is not shown. */
export function toErrorResponse(thrown: unknown): { status: number; body: ErrorBody } {
  const error: ResidencyError = toResidencyError(thrown);
  const status = error.entry.http;
  const message =
    error.code === 'internal' ? 'internal error; see the log under this request id' : error.message;
  return {
    status,
    body: { error: { message, type: errorType(status), param: error.param, code: error.code } },
  };
}
