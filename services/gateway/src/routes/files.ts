import { Readable } from 'node:stream';
import { type FileObject, ResidencyError } from '@residency/protocol';
import { type ArtifactStore, type FileRecord, type Files, isSha256 } from '@residency/storage';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { toFileObject } from '../job-object.js';
import { receiveUpload } from '../upload.js';

export interface FileRoutesOptions {
  readonly files: Files;
  readonly store: ArtifactStore;
  /** Largest upload in bytes. */
  readonly maxFileBytes: number;
}

interface IdParams {
  readonly id: string;
}

async function sendArtifact(
  reply: FastifyReply,
  store: ArtifactStore,
  sha256: string,
): Promise<FastifyReply> {
  const info = isSha256(sha256) ? await store.head(sha256) : null;
  if (info === null) {
    throw new ResidencyError('artifact_not_found', `artifact: found none of ${JSON.stringify(sha256)}`, {
      param: 'sha256',
    });
  }
  const stream = await store.get(sha256);
  return reply
    .header('content-length', info.bytes)
    .header('etag', `"${sha256}"`)
    .type('application/octet-stream')
    .send(Readable.from(stream, { objectMode: false }));
}

/** Routes of files and of the artifacts that jobs name by their hash. */
export function addFileRoutes(app: FastifyInstance, options: FileRoutesOptions): void {
  const { files, store, maxFileBytes } = options;
  const find = async (id: string): Promise<FileRecord> => {
    const file = await files.get(id);
    if (file !== null) return file;
    throw new ResidencyError('file_not_found', `file: found none with id ${JSON.stringify(id)}`, {
      param: 'id',
    });
  };

  app.post('/v1/files', { bodyLimit: maxFileBytes + 64 * 1024 }, async (request): Promise<FileObject> => {
    if (!request.isMultipart()) {
      throw new ResidencyError(
        'unsupported_media_type',
        'body: wanted multipart/form-data with file and purpose',
      );
    }
    const record = await receiveUpload(request.parts(), store, maxFileBytes);
    await files.create(record);
    return toFileObject(record);
  });

  app.get<{ Params: IdParams }>('/v1/files/:id', async (request) =>
    toFileObject(await find(request.params.id)),
  );

  app.get<{ Params: IdParams }>('/v1/files/:id/content', async (request, reply) => {
    const { sha256 } = await find(request.params.id);
    return sendArtifact(reply, store, sha256);
  });

  app.get<{ Params: { readonly sha256: string } }>('/v1/artifacts/:sha256', (request, reply) =>
    sendArtifact(reply, store, request.params.sha256),
  );
}
