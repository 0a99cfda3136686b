import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { ResidencyError } from '../errors.js';
import type { GetPolicyResponse, GetPolicyResponseSchema } from '../gen/residency/v1/learner_pb.js';

/** Bytes per message of a policy stream. */
export const POLICY_CHUNK_BYTES: number = 512 * 1024;

/** An adapter as messages: its size, then its bytes. */
export async function* policyToProto(
  bytes: Uint8Array,
): AsyncGenerator<MessageInitShape<typeof GetPolicyResponseSchema>, void, undefined> {
  yield { part: { case: 'header', value: { sizeBytes: BigInt(bytes.byteLength) } } };
  for (let start = 0; start < bytes.byteLength; start += POLICY_CHUNK_BYTES) {
    yield { part: { case: 'chunk', value: bytes.subarray(start, start + POLICY_CHUNK_BYTES) } };
  }
}

/**
 * Reads an adapter back and checks it against its name.
 * @throws ResidencyError `artifact_corrupt` where size or SHA-256 differ from what was announced.
 */
export async function policyFromProto(
  stream: AsyncIterable<GetPolicyResponse>,
  sha256: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const hash = createHash('sha256');
  let announced = -1;
  let size = 0;
  for await (const { part } of stream) {
    if (part.case === 'header') announced = Number(part.value.sizeBytes);
    if (part.case !== 'chunk') continue;
    chunks.push(part.value);
    hash.update(part.value);
    size += part.value.byteLength;
  }
  const found = hash.digest('hex');
  if (size !== announced || found !== sha256) {
    throw new ResidencyError(
      'artifact_corrupt',
      `policy: found ${size} bytes of ${found}, wanted ${announced} bytes of ${sha256}`,
    );
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
