/** gRPC status names that the catalogue maps to; the numbers are those of grpc-js `status`. */
export type GrpcStatusName =
  | 'ABORTED'
  | 'ALREADY_EXISTS'
  | 'CANCELLED'
  | 'DATA_LOSS'
  | 'DEADLINE_EXCEEDED'
  | 'FAILED_PRECONDITION'
  | 'INTERNAL'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAUTHENTICATED'
  | 'UNAVAILABLE';

/** How one error code travels: over HTTP, over gRPC, and whether doing the same again can help. */
export interface ErrorEntry {
  readonly http: number;
  readonly grpc: GrpcStatusName;
  readonly retryable: boolean;
  readonly meaning: string;
}

/** Every code that a service may answer or record with. */
export type ErrorCode =
  | 'artifact_corrupt'
  | 'artifact_not_found'
  | 'body_too_large'
  | 'cancelled'
  | 'deadline_exceeded'
  | 'engine_deadline'
  | 'engine_failed'
  | 'environment_failed'
  | 'environment_unknown'
  | 'episode_expired'
  | 'episode_limit'
  | 'episode_unknown'
  | 'file_not_found'
  | 'group_missing'
  | 'group_ungraded'
  | 'idempotency_key_reused'
  | 'internal'
  | 'invalid_api_key'
  | 'invalid_dataset'
  | 'invalid_grader'
  | 'invalid_payload'
  | 'invalid_request'
  | 'job_not_cancellable'
  | 'job_not_found'
  | 'learn_conflict'
  | 'memory_exceeded'
  | 'model_invalid'
  | 'model_not_found'
  | 'policy_mismatch'
  | 'policy_not_found'
  | 'prompt_too_long'
  | 'redis_unavailable'
  | 'route_not_found'
  | 'run_conflict'
  | 'service_unavailable'
  | 'store_unavailable'
  | 'unknown_parameter'
  | 'unsupported_media_type'
  | 'unsupported_parameter';

const entry = (http: number, grpc: GrpcStatusName, retryable: boolean, meaning: string): ErrorEntry => ({
  http,
  grpc,
  retryable,
  meaning,
});

/** The catalogue: codes and statuses are a contract with clients. */
export const errorCatalogue: { readonly [C in ErrorCode]: ErrorEntry } = {
  artifact_corrupt: entry(500, 'DATA_LOSS', false, 'stored bytes do not hash to their name'),
  artifact_not_found: entry(404, 'NOT_FOUND', false, 'no artifact has this SHA-256'),
  body_too_large: entry(413, 'RESOURCE_EXHAUSTED', false, 'the request or payload exceeds its size limit'),
  cancelled: entry(499, 'CANCELLED', false, 'the job or call was cancelled'),
  deadline_exceeded: entry(504, 'DEADLINE_EXCEEDED', true, 'a wait passed its deadline'),
  engine_deadline: entry(504, 'DEADLINE_EXCEEDED', false, 'the compute engine passed its deadline'),
  engine_failed: entry(500, 'INTERNAL', true, 'the compute engine failed or crashed'),
  environment_failed: entry(500, 'INTERNAL', false, 'an environment refused a task or an action'),
  environment_unknown: entry(404, 'NOT_FOUND', false, 'no environment has this name'),
  episode_expired: entry(504, 'DEADLINE_EXCEEDED', true, 'an episode had no command for too long'),
  episode_limit: entry(429, 'RESOURCE_EXHAUSTED', true, 'as many episodes are open as the service allows'),
  episode_unknown: entry(404, 'NOT_FOUND', false, 'the stream has no open episode with this id'),
  file_not_found: entry(404, 'NOT_FOUND', false, 'no file has this id'),
  group_missing: entry(500, 'INTERNAL', true, 'the ledger lacks a group that was reported done'),
  group_ungraded: entry(422, 'FAILED_PRECONDITION', false, 'no sample of a group could be graded'),
  idempotency_key_reused: entry(409, 'ALREADY_EXISTS', false, 'the key was used with another request'),
  internal: entry(500, 'INTERNAL', true, 'an unexpected failure'),
  invalid_api_key: entry(401, 'UNAUTHENTICATED', false, 'the bearer token is missing or wrong'),
  invalid_dataset: entry(400, 'INVALID_ARGUMENT', false, 'a dataset line is malformed'),
  invalid_grader: entry(400, 'INVALID_ARGUMENT', false, 'the grader does not validate'),
  invalid_payload: entry(500, 'INVALID_ARGUMENT', false, 'a queue payload does not match its schema'),
  invalid_request: entry(400, 'INVALID_ARGUMENT', false, 'a value is missing or out of range'),
  job_not_cancellable: entry(409, 'FAILED_PRECONDITION', false, 'the job has already ended'),
  job_not_found: entry(404, 'NOT_FOUND', false, 'no job has this id'),
  learn_conflict: entry(409, 'ALREADY_EXISTS', false, 'the step was already taken from other groups'),
  memory_exceeded: entry(422, 'RESOURCE_EXHAUSTED', false, 'a run needs more memory than there is'),
  model_invalid: entry(422, 'FAILED_PRECONDITION', false, 'the model folder or adapter cannot be used'),
  model_not_found: entry(404, 'NOT_FOUND', false, 'the models folder has no such model'),
  policy_mismatch: entry(
    409,
    'FAILED_PRECONDITION',
    false,
    'a group was sampled from another policy version',
  ),
  policy_not_found: entry(404, 'NOT_FOUND', false, 'no policy version has this name'),
  prompt_too_long: entry(422, 'INVALID_ARGUMENT', false, 'prompt and completion exceed the positions'),
  redis_unavailable: entry(503, 'UNAVAILABLE', true, 'Redis cannot be reached'),
  route_not_found: entry(404, 'NOT_FOUND', false, 'no route has this method and path'),
  run_conflict: entry(409, 'ALREADY_EXISTS', false, 'the run exists with other settings'),
  service_unavailable: entry(503, 'UNAVAILABLE', true, 'a service cannot be reached'),
  store_unavailable: entry(503, 'UNAVAILABLE', true, 'the artifact store cannot be read or written'),
  unknown_parameter: entry(400, 'INVALID_ARGUMENT', false, 'the request has a key that nothing reads'),
  unsupported_media_type: entry(415, 'INVALID_ARGUMENT', false, 'the body has another content type'),
  unsupported_parameter: entry(400, 'INVALID_ARGUMENT', false, 'a known parameter that is not offered'),
};

export interface ResidencyErrorOptions {
  /** The request field, dataset line or variable that the error is about. */
  readonly param?: string;
  readonly cause?: unknown;
}

/** An error with a code of the catalogue; the message names what, what was found and what was wanted. */
export class ResidencyError extends Error {
  override readonly name = 'ResidencyError';
  readonly code: ErrorCode;
  readonly param: string | null;

  constructor(code: ErrorCode, message: string, options: ResidencyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param ?? null;
  }

  get entry(): ErrorEntry {
    return errorCatalogue[this.code];
  }
}

/** True for a string that is a code of the catalogue. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

// Codes of other packages, thrown as plain `error.code`.
const foreignCodes: Readonly<Record<string, ErrorCode>> = {
  ENGINE_ABORTED: 'cancelled',
  ENGINE_CRASHED: 'engine_failed',
  ENGINE_DEADLINE: 'engine_deadline',
  MODEL_MEMORY: 'memory_exceeded',
};

/**
 * Turns anything thrown into a ResidencyError, once, at a boundary (RPC handler, route, queue processor).
 * Engine codes are mapped; an abort becomes `cancelled`; everything unknown becomes `internal` with its cause kept.
 */
export function toResidencyError(thrown: unknown): ResidencyError {
  if (thrown instanceof ResidencyError) return thrown;
  if (!(thrown instanceof Error)) return new ResidencyError('internal', String(thrown), { cause: thrown });
  const code = 'code' in thrown ? thrown.code : undefined;
  if (thrown.name === 'ResidencyError' && isErrorCode(code)) {
    return new ResidencyError(code, thrown.message, { cause: thrown });
  }
  const foreign = typeof code === 'string' ? foreignCodes[code] : undefined;
  if (foreign !== undefined) return new ResidencyError(foreign, thrown.message, { cause: thrown });
  if (typeof code === 'string' && code.startsWith('MODEL_')) {
    return new ResidencyError('model_invalid', thrown.message, { cause: thrown });
  }
  if (typeof code === 'string' && code.startsWith('ENGINE_')) {
    return new ResidencyError('engine_failed', thrown.message, { cause: thrown });
  }
  if (thrown.name === 'AbortError') return new ResidencyError('cancelled', thrown.message, { cause: thrown });
  return new ResidencyError('internal', thrown.message, { cause: thrown });
}
