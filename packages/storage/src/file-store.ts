import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ResidencyError } from '@residency/protocol';
import {
  type ArtifactInfo,
  type ArtifactStore,
  type ByteRange,
  isSha256,
  type PutOptions,
} from './artifact-store.js';

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

function unavailable(what: string, cause: unknown): ResidencyError {
  if (cause instanceof ResidencyError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ResidencyError('store_unavailable', `artifact store: ${what}: ${reason}`, { cause });
}

/** For `catch`: what the file system refused. A failure of the bytes' source is the caller's and stays as it is. */
const failed =
  (what: string) =>
  (cause: unknown): never => {
    throw unavailable(what, cause);
  };

function notFound(sha256: string): ResidencyError {
  return new ResidencyError('artifact_not_found', `artifact: found no ${sha256}`, { param: 'sha256' });
}

/** A rename is durable once the folder that holds it is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function write(
  handle: FileHandle,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<ArtifactInfo> {
  const hash = createHash('sha256');
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  for await (const chunk of source) {
    options.signal?.throwIfAborted();
    bytes += chunk.byteLength;
    if (bytes > limit) {
      throw new ResidencyError(
        'body_too_large',
        `upload: found more than ${limit} bytes, wanted at most ${limit}`,
      );
    }
    hash.update(chunk);
    await handle.writeFile(chunk).catch(failed('write'));
  }
  await handle.sync().catch(failed('write'));
  return { sha256: hash.digest('hex'), bytes };
}

const REFERENCE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** Artifacts in a folder: `artifacts/<first two digits>/<sha256>`, references in `references/<name>`. */
export class FileStore implements ArtifactStore {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Opens a store, making its folders. Several processes may share one. */
  static async open(root: string): Promise<FileStore> {
    try {
      for (const folder of ['artifacts', 'references', 'temporary']) {
        await mkdir(join(root, folder), { recursive: true });
      }
    } catch (cause) {
      throw unavailable(`open ${root}`, cause);
    }
    return new FileStore(root);
  }

  async put(source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<ArtifactInfo> {
    const temporary = this.#temporary();
    try {
      const handle = await open(temporary, 'wx').catch(failed('put'));
      let info: ArtifactInfo;
      try {
        info = await write(handle, source, options);
      } finally {
        await handle.close();
      }
      await this.#adopt(temporary, info.sha256).catch(failed('put'));
      return info;
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    }
  }

  async get(sha256: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const info = await this.head(sha256);
    if (info === null) throw notFound(sha256);
    const span = range === undefined ? {} : { start: range.start, end: range.end - 1 };
    if (range !== undefined && range.end <= range.start) return (async function* () {})();
    return createReadStream(this.#path(sha256), { highWaterMark: 256 * 1024, ...span });
  }

  async head(sha256: string): Promise<ArtifactInfo | null> {
    if (!isSha256(sha256)) return null;
    try {
      const { size } = await stat(this.#path(sha256));
      return { sha256, bytes: size };
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return null;
      throw unavailable('head', cause);
    }
  }

  async *list(): AsyncGenerator<ArtifactInfo, void, undefined> {
    const root = join(this.#root, 'artifacts');
    for (const folder of (await readdir(root)).sort()) {
      for (const name of (await readdir(join(root, folder))).sort()) {
        const info = await this.head(name);
        if (info !== null) yield info;
      }
    }
  }

  async delete(sha256: string): Promise<boolean> {
    if ((await this.head(sha256)) === null) return false;
    try {
      await rm(this.#path(sha256), { force: true });
    } catch (cause) {
      throw unavailable('delete', cause);
    }
    return true;
  }

  async writeReference(name: string, sha256: string): Promise<string> {
    const path = this.#referencePath(name);
    const temporary = this.#temporary();
    try {
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(sha256);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await mkdir(dirname(path), { recursive: true });
      // link, unlike rename, never replaces: the first writer wins.
      await link(temporary, path);
      await syncFolder(dirname(path));
      return sha256;
    } catch (cause) {
      if (!hasCode(cause, 'EEXIST')) throw unavailable(`reference ${name}`, cause);
      return (await this.readReference(name)) ?? sha256;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async readReference(name: string): Promise<string | null> {
    try {
      return await readFile(this.#referencePath(name), 'utf8');
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return null;
      throw unavailable(`reference ${name}`, cause);
    }
  }

  async #adopt(temporary: string, sha256: string): Promise<void> {
    const path = this.#path(sha256);
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  }

  #temporary(): string {
    return join(this.#root, 'temporary', randomUUID());
  }

  #path(sha256: string): string {
    return join(this.#root, 'artifacts', sha256.slice(0, 2), sha256);
  }

  #referencePath(name: string): string {
    if (!REFERENCE_NAME.test(name)) {
      throw new ResidencyError('invalid_request', `reference: found ${JSON.stringify(name)}, wanted a/b/c`);
    }
    return join(this.#root, 'references', name);
  }
}
