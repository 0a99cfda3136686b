import { createHash } from 'node:crypto';
import { ResidencyError } from '@residency/protocol';

/** A stored artifact: its bytes never change, its name is their SHA-256. */
export interface ArtifactInfo {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface PutOptions {
  /** Refuse more than this; nothing is kept then. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** First byte, and the byte after the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Keeps artifacts and the names that point at them. Every driver gives the same guarantees: what `put` answered is
 * durable, a failed `put` leaves nothing behind, and the first write of a reference wins.
 * Methods throw ResidencyError `store_unavailable` where the medium fails.
 */
export interface ArtifactStore {
  /** @throws ResidencyError `body_too_large` above `maxBytes`. */
  put(source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ArtifactInfo>;
  /** The bytes as a stream, whole or a range. @throws ResidencyError `artifact_not_found`. */
  get(sha256: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array>>;
  head(sha256: string): Promise<ArtifactInfo | null>;
  /** All artifacts in the order of their names. */
  list(): AsyncIterable<ArtifactInfo>;
  /** Whether there was something to delete. */
  delete(sha256: string): Promise<boolean>;
  /** Points a name (`a-z A-Z 0-9 . _ -`, parts joined by `/`) at an artifact; answers with what it points at now. */
  writeReference(name: string, sha256: string): Promise<string>;
  readReference(name: string): Promise<string | null>;
}

/** True for a lower-case hexadecimal SHA-256. */
export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The SHA-256 of bytes, lower-case hexadecimal. */
export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Stores bytes that are in memory. */
export function putBytes(store: ArtifactStore, bytes: Uint8Array): Promise<ArtifactInfo> {
  const once = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes;
  };
  return store.put(once());
}

/**
 * Reads an artifact into memory and checks it against its name.
 * @throws ResidencyError `artifact_not_found`, `artifact_corrupt`.
 */
export async function readBytes(store: ArtifactStore, sha256: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.get(sha256)) chunks.push(chunk);
  const bytes = new Uint8Array(Buffer.concat(chunks));
  const found = sha256Of(bytes);
  if (found !== sha256) {
    throw new ResidencyError('artifact_corrupt', `artifact ${sha256}: found bytes of ${found}`);
  }
  return bytes;
}

/** Stores a value as JSON. */
export function putJson(store: ArtifactStore, value: unknown): Promise<ArtifactInfo> {
  return putBytes(store, new TextEncoder().encode(JSON.stringify(value)));
}

/** Reads a JSON artifact; the caller narrows it. */
export async function readJson(store: ArtifactStore, sha256: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readBytes(store, sha256)));
}
