import { randomBytes } from 'node:crypto';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import { type FilePurpose, ResidencyError, uploadPurposes } from '@residency/protocol';
import type { ArtifactInfo, ArtifactStore, FileRecord } from '@residency/storage';

interface StoredPart extends ArtifactInfo {
  readonly filename: string;
}

async function storePart(part: MultipartFile, store: ArtifactStore, maxBytes: number): Promise<StoredPart> {
  const info = await store.put(part.file, { maxBytes }).catch((cause: unknown) => {
    if (cause instanceof ResidencyError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ResidencyError('invalid_request', `file: found a part that breaks off (${reason})`, {
      param: 'file',
      cause,
    });
  });
  // The parser ends a part that is over its own limit as if it were complete.
  if (part.file.truncated) {
    throw new ResidencyError(
      'body_too_large',
      `file: found more than ${maxBytes} bytes, wanted at most ${maxBytes}`,
      {
        param: 'file',
      },
    );
  }
  return { ...info, filename: part.filename };
}

function purposeOf(value: unknown): FilePurpose {
  const purpose = uploadPurposes.find((known) => known === value);
  if (purpose !== undefined) return purpose;
  const found = value === undefined ? 'nothing' : JSON.stringify(value);
  throw new ResidencyError(
    'invalid_request',
    `purpose: found ${found}, wanted one of ${uploadPurposes.join(', ')}`,
    {
      param: 'purpose',
    },
  );
}

/**
 * Takes the parts of an upload in whatever order they come: the file goes to the store as it arrives, and the whole
 * is checked at the end. Bytes of a refused upload stay in the store under their hash and no file points at them.
 * @throws ResidencyError `invalid_request`, `unknown_parameter`, `body_too_large`, `store_unavailable`.
 */
export async function receiveUpload(
  parts: AsyncIterable<Multipart>,
  store: ArtifactStore,
  maxBytes: number,
): Promise<FileRecord> {
  let stored: StoredPart | undefined;
  let purpose: unknown;
  for await (const part of parts) {
    if (part.type === 'file' && part.fieldname === 'file') {
      if (stored !== undefined) {
        throw new ResidencyError('invalid_request', 'file: found two files, wanted one', { param: 'file' });
      }
      stored = await storePart(part, store, maxBytes);
    } else if (part.type === 'field' && part.fieldname === 'purpose') {
      purpose = part.value;
    } else {
      const param = part.fieldname;
      throw new ResidencyError(
        'unknown_parameter',
        `${param}: found an unknown part, wanted file and purpose`,
        {
          param,
        },
      );
    }
  }
  if (stored === undefined) {
    throw new ResidencyError('invalid_request', 'file: found nothing, wanted a file', { param: 'file' });
  }
  const { sha256, bytes, filename } = stored;
  return {
    id: `file-${randomBytes(12).toString('hex')}`,
    bytes,
    createdAt: Math.floor(Date.now() / 1_000),
    filename: filename === '' ? 'upload' : filename,
    purpose: purposeOf(purpose),
    sha256,
  };
}
