import type { LearnStepMetrics } from '@residency/protocol';
import { type ArtifactStore, isSha256, putJson, readJson } from '@residency/storage';

/** A policy version as the store keeps it: what it consists of, and what it was made from. */
export interface PolicyManifest {
  readonly jobId: string;
  readonly version: number;
  readonly model: string;
  /** Base model that the adapter belongs to. */
  readonly modelSha256: string;
  readonly adapterSha256: string;
  readonly optimizerSha256: string;
  /** SHA-256 of everything that decided this version besides its parent. */
  readonly inputsSha256: string;
  /** Of version 0: the adapter of another run that this one began with, which its penalties keep to. */
  readonly parentSha256?: string;
  /** Of the step that made it; null for version 0. */
  readonly metrics: LearnStepMetrics | null;
}

const reference = (jobId: string, version: number): string => `runs/${jobId}/policy-${version}`;

const policyReference = (sha256: string): string => `policies/${sha256}`;

/** The policy versions of all runs; each is written once. */
export class PolicyManifests {
  readonly #store: ArtifactStore;

  constructor(store: ArtifactStore) {
    this.#store = store;
  }

  async read(jobId: string, version: number): Promise<PolicyManifest | null> {
    const sha256 = await this.#store.readReference(reference(jobId, version));
    // Written by `write` only, and checked against its hash when read.
    return sha256 === null ? null : ((await readJson(this.#store, sha256)) as PolicyManifest);
  }

  /** Whether a hash is that of a version's adapter: the store holds much else, which is nobody's policy. */
  async hasAdapter(sha256: string): Promise<boolean> {
    return isSha256(sha256) && (await this.#store.readReference(policyReference(sha256))) !== null;
  }

  /** Keeps a version, or answers with the one that another learner kept first. */
  async write(manifest: PolicyManifest): Promise<PolicyManifest> {
    const { adapterSha256 } = manifest;
    // Before the version: one that is kept can be fetched, whenever this process ends.
    await this.#store.writeReference(policyReference(adapterSha256), adapterSha256);
    const { sha256 } = await putJson(this.#store, manifest);
    const winner = await this.#store.writeReference(reference(manifest.jobId, manifest.version), sha256);
    return winner === sha256 ? manifest : ((await readJson(this.#store, winner)) as PolicyManifest);
  }
}
