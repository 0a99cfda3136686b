import {
  errorCatalogue,
  isErrorCode,
  ResidencyError,
  toErrorResponse,
  toResidencyError,
} from '@residency/protocol';
import { describe, expect, it } from 'vitest';

describe('the error catalogue', () => {
  it('keeps its codes and statuses, which clients depend on', () => {
    const contract = Object.entries(errorCatalogue).map(
      ([code, { http, grpc, retryable }]) => `${code} ${http} ${grpc} ${retryable ? 'retry' : 'final'}`,
    );

    expect(contract).toMatchInlineSnapshot(`
      [
        "artifact_corrupt 500 DATA_LOSS final",
        "artifact_not_found 404 NOT_FOUND final",
        "body_too_large 413 RESOURCE_EXHAUSTED final",
        "cancelled 499 CANCELLED final",
        "deadline_exceeded 504 DEADLINE_EXCEEDED retry",
        "engine_deadline 504 DEADLINE_EXCEEDED final",
        "engine_failed 500 INTERNAL retry",
        "environment_failed 500 INTERNAL final",
        "environment_unknown 404 NOT_FOUND final",
        "episode_expired 504 DEADLINE_EXCEEDED retry",
        "episode_limit 429 RESOURCE_EXHAUSTED retry",
        "episode_unknown 404 NOT_FOUND final",
        "file_not_found 404 NOT_FOUND final",
        "group_missing 500 INTERNAL retry",
        "group_ungraded 422 FAILED_PRECONDITION final",
        "idempotency_key_reused 409 ALREADY_EXISTS final",
        "internal 500 INTERNAL retry",
        "invalid_api_key 401 UNAUTHENTICATED final",
        "invalid_dataset 400 INVALID_ARGUMENT final",
        "invalid_grader 400 INVALID_ARGUMENT final",
        "invalid_payload 500 INVALID_ARGUMENT final",
        "invalid_request 400 INVALID_ARGUMENT final",
        "job_not_cancellable 409 FAILED_PRECONDITION final",
        "job_not_found 404 NOT_FOUND final",
        "learn_conflict 409 ALREADY_EXISTS final",
        "memory_exceeded 422 RESOURCE_EXHAUSTED final",
        "model_invalid 422 FAILED_PRECONDITION final",
        "model_not_found 404 NOT_FOUND final",
        "policy_mismatch 409 FAILED_PRECONDITION final",
        "policy_not_found 404 NOT_FOUND final",
        "prompt_too_long 422 INVALID_ARGUMENT final",
        "redis_unavailable 503 UNAVAILABLE retry",
        "route_not_found 404 NOT_FOUND final",
        "run_conflict 409 ALREADY_EXISTS final",
        "service_unavailable 503 UNAVAILABLE retry",
        "store_unavailable 503 UNAVAILABLE retry",
        "unknown_parameter 400 INVALID_ARGUMENT final",
        "unsupported_media_type 415 INVALID_ARGUMENT final",
        "unsupported_parameter 400 INVALID_ARGUMENT final",
      ]
    `);
  });

  it('knows its own codes and no inherited property names', () => {
    expect(isErrorCode('model_not_found')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode(404)).toBe(false);
  });
});

describe('toResidencyError', () => {
  it('keeps an error of the catalogue as it is', () => {
    const error = new ResidencyError('job_not_found', 'job: found none');

    expect(toResidencyError(error)).toBe(error);
  });

  it.each([
    ['ENGINE_ABORTED', 'cancelled'],
    ['ENGINE_CRASHED', 'engine_failed'],
    ['ENGINE_DEADLINE', 'engine_deadline'],
    ['ENGINE_CLOSED', 'engine_failed'],
    ['MODEL_CONFIG', 'model_invalid'],
    ['MODEL_MEMORY', 'memory_exceeded'],
    ['EACCES', 'internal'],
  ])('maps the foreign code %s to %s and keeps the cause', (code, wanted) => {
    const thrown = Object.assign(new Error('why'), { code });

    const error = toResidencyError(thrown);

    expect(error.code).toBe(wanted);
    expect(error.message).toBe('why');
    expect(error.cause).toBe(thrown);
  });

  it('maps an abort to cancelled and a thrown text to internal', () => {
    expect(toResidencyError(new DOMException('stop', 'AbortError')).code).toBe('cancelled');
    expect(toResidencyError('text').code).toBe('internal');
  });
});

describe('toErrorResponse', () => {
  it('gives the shape and the status of the API', () => {
    const error = new ResidencyError('invalid_dataset', 'training_file line 3: bad', {
      param: 'training_file',
    });

    expect(toErrorResponse(error)).toEqual({
      status: 400,
      body: {
        error: {
          message: 'training_file line 3: bad',
          type: 'invalid_request_error',
          param: 'training_file',
          code: 'invalid_dataset',
        },
      },
    });
  });

  it('does not show the message of an unexpected failure', () => {
    const { status, body } = toErrorResponse(new Error('password=hunter2'));

    expect(status).toBe(500);
    expect(body.error.code).toBe('internal');
    expect(body.error.message).not.toContain('hunter2');
  });
});
