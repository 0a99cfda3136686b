import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { type ErrorCode, isErrorCode, ResidencyError, toResidencyError } from '../errors.js';

const CODE_KEY = 'residency-code';
const PARAM_KEY = 'residency-param';

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  [status.CANCELLED]: 'cancelled',
  [status.DEADLINE_EXCEEDED]: 'deadline_exceeded',
  [status.INVALID_ARGUMENT]: 'invalid_request',
  [status.RESOURCE_EXHAUSTED]: 'body_too_large',
  [status.UNAVAILABLE]: 'service_unavailable',
  [status.UNAUTHENTICATED]: 'invalid_api_key',
};

/** The status a server answers with; the code of the catalogue travels in trailing metadata. */
export function toGrpcStatus(thrown: unknown): StatusObject {
  const error = toResidencyError(thrown);
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error.code);
  // Metadata values are printable ASCII only.
  if (error.param !== null) metadata.set(PARAM_KEY, error.param.replaceAll(/[^\x20-\x7e]/g, '?'));
  return { code: status[error.entry.grpc], details: error.message, metadata };
}

/** The error a caller sees: the server's own code where it sent one, else what the status implies. */
export function fromServiceError(error: ServiceError, method: string): ResidencyError {
  const [sent] = error.metadata?.get(CODE_KEY) ?? [];
  const [param] = error.metadata?.get(PARAM_KEY) ?? [];
  const options = { cause: error, ...(typeof param === 'string' ? { param } : {}) };
  if (isErrorCode(sent)) return new ResidencyError(sent, error.details, options);
  const code = codeOfStatus[error.code] ?? 'internal';
  return new ResidencyError(code, `${method}: ${error.details || error.message}`, options);
}

/** True for what grpc-js emits on a failed call. */
export function isServiceError(thrown: unknown): thrown is ServiceError {
  return (
    thrown instanceof Error && 'details' in thrown && 'code' in thrown && typeof thrown.code === 'number'
  );
}
