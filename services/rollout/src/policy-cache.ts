import type { AdapterRef } from '@residency/model';
import { type Client, type LearnerService, type PolicyRef, policyFromProto } from '@residency/protocol';

export interface PolicyCacheOptions {
  readonly learner: Client<typeof LearnerService>;
  /** Adapters kept in memory. @defaultValue 4 */
  readonly limit?: number;
  readonly onFetch: (bytes: number) => void;
}

/** Adapters by their hash, fetched from the learner when first wanted and checked against it. */
export class PolicyCache {
  readonly #options: PolicyCacheOptions;
  /** At most `limit` entries, least recently used first. */
  readonly #known: Map<string, Uint8Array> = new Map();

  constructor(options: PolicyCacheOptions) {
    this.#options = options;
  }

  /** @throws ResidencyError `policy_not_found`, `artifact_corrupt`, `service_unavailable`, `deadline_exceeded`. */
  async get(
    policy: PolicyRef,
    call: { readonly deadlineMs: number; readonly signal: AbortSignal; readonly traceparent?: string },
  ): Promise<AdapterRef> {
    const { sha256 } = policy;
    const bytes = this.#known.get(sha256) ?? (await this.#fetch(sha256, call));
    this.#known.delete(sha256);
    this.#known.set(sha256, bytes);
    const [oldest] = this.#known.keys();
    if (this.#known.size > (this.#options.limit ?? 4) && oldest !== undefined) this.#known.delete(oldest);
    return { sha256, bytes };
  }

  async #fetch(
    sha256: string,
    call: { readonly deadlineMs: number; readonly signal: AbortSignal; readonly traceparent?: string },
  ): Promise<Uint8Array> {
    const bytes = await policyFromProto(this.#options.learner.getPolicy({ sha256 }, call), sha256);
    this.#options.onFetch(bytes.byteLength);
    return bytes;
  }
}
