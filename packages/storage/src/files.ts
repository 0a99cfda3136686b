import type { FilePurpose } from '@residency/protocol';
import type { Redis } from 'ioredis';
import { createKeys, type Keys } from './keys.js';
import { redisCall } from './redis-call.js';
import { createFileScript } from './scripts/create-file.js';
import { runScript } from './scripts/script.js';

/** What is kept of a file; its bytes are the artifact `sha256`. */
export interface FileRecord {
  readonly id: string;
  readonly bytes: number;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly filename: string;
  readonly purpose: FilePurpose;
  readonly sha256: string;
}

/** Metadata of uploaded and produced files. */
export class Files {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#keys = createKeys(prefix);
  }

  /** Registers a file; a second registration of the same id changes nothing. */
  async create(record: FileRecord): Promise<void> {
    const fields = {
      bytes: String(record.bytes),
      created_at: String(record.createdAt),
      filename: record.filename,
      purpose: record.purpose,
      sha256: record.sha256,
    };
    await redisCall(
      runScript(
        this.#redis,
        createFileScript,
        [this.#keys.file(record.id), this.#keys.files, this.#keys.fileSequence],
        [record.id, JSON.stringify(fields)],
      ),
    );
  }

  async get(id: string): Promise<FileRecord | null> {
    const fields = await redisCall(this.#redis.hgetall(this.#keys.file(id)));
    const { bytes, created_at: createdAt, filename, purpose, sha256 } = fields;
    if (filename === undefined || purpose === undefined || sha256 === undefined) return null;
    return {
      id,
      bytes: Number(bytes),
      createdAt: Number(createdAt),
      filename,
      // Written by create, from a FilePurpose.
      purpose: purpose as FilePurpose,
      sha256,
    };
  }
}
