/** When and how often a call that failed before reaching a handler is made again. */
export interface RetryPolicy {
  /** Tries in all, 1 to 5 (grpc-js clamps at 5). */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly backoffMultiplier: number;
  /** Status names that are worth another try. */
  readonly retryable: ReadonlySet<'UNAVAILABLE'>;
}

/**
 * Only UNAVAILABLE is retried: INTERNAL and DEADLINE_EXCEEDED leave open whether the handler ran, and repeating a
 * step is the queue's business, where attempts are counted and recorded.
 */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 4,
  initialBackoffMs: 100,
  maxBackoffMs: 2_000,
  backoffMultiplier: 2,
  retryable: new Set(['UNAVAILABLE']),
};

const seconds = (milliseconds: number): string => `${milliseconds / 1_000}s`;

/** The gRPC service config (JSON) that carries out a retry policy and balances over all addresses. */
export function serviceConfig(policy: RetryPolicy): string {
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [
      {
        name: [{}],
        retryPolicy: {
          maxAttempts: policy.maxAttempts,
          initialBackoff: seconds(policy.initialBackoffMs),
          maxBackoff: seconds(policy.maxBackoffMs),
          backoffMultiplier: policy.backoffMultiplier,
          retryableStatusCodes: [...policy.retryable].sort(),
        },
      },
    ],
  });
}
