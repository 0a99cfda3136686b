import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeAdapter, type LoraTensors } from '../adapter.js';
import { writeFileAtomically } from '../atomic-write.js';
import type { DecoderConfig } from '../config.js';
import { ModelError } from '../errors.js';
import { parseSafetensors, writeSafetensors } from '../safetensors.js';
import { type AdamState, adamTensors, decodeAdam } from './adam.js';
import {
  CHECKPOINT_VERSION,
  checkRunState,
  DIGEST_AT,
  DIGEST_BYTES,
  type RunState,
  readSeal,
} from './checkpoint-header.js';

/** All that a run needs to go on exactly where it stopped. */
export interface Checkpoint extends RunState {
  readonly adapter: LoraTensors;
  readonly moments: AdamState;
}

/** What the run that loads a checkpoint is made of. */
export interface CheckpointOwner {
  readonly config: DecoderConfig;
  /** SHA-256 of the base model's weights. */
  readonly baseSha256: string;
  readonly rank: number;
  readonly alpha: number;
}

/**
 * A checkpoint as one safetensors file: the adapter under its PEFT names, the moments as `m.<name>` and
 * `v.<name>`, the rest in the metadata, with a SHA-256 over the whole file in which its own 64 characters
 * count as zeros. Equal checkpoints give equal bytes.
 * @throws ModelError `MODEL_CHECKPOINT`, `MODEL_REQUEST` on state out of its range
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { adapter, moments } = checkpoint;
  const tensors = [...adapter.tensors, ...adamTensors(adapter.tensors, moments)];
  const bytes = writeSafetensors(tensors, {
    sha256: '0'.repeat(DIGEST_BYTES),
    checkpoint_version: `${CHECKPOINT_VERSION}`,
    data_bytes: `${tensors.reduce((n, t) => n + t.data.byteLength, 0)}`,
    lora_rank: `${adapter.rank}`,
    lora_alpha: `${adapter.alpha}`,
    step: `${moments.step}`,
    run: JSON.stringify(checkRunState(checkpoint, 'checkpoint')),
  });
  bytes.set(new TextEncoder().encode(digestOf(bytes)), DIGEST_AT);
  return bytes;
}

/**
 * Reads a checkpoint and makes sure that it is whole and belongs to the run.
 * @param what names the checkpoint in messages
 * @throws ModelError `MODEL_CHECKPOINT`: no checkpoint, another version, cut off, damaged, of another base
 * model, rank or alpha; `MODEL_ADAPTER` where its tensors do not fit the model
 */
export function decodeCheckpoint(bytes: Uint8Array, what: string, owner: CheckpointOwner): Checkpoint {
  const bad = (message: string): ModelError => new ModelError('MODEL_CHECKPOINT', `${what}: ${message}`);
  const { sha256 } = readSeal(bytes, what);
  const found = digestOf(bytes);
  if (found !== sha256) throw bad(`is damaged: SHA-256 is ${found}, want ${sha256}`);
  const { metadata } = parseSafetensors(bytes, what);
  const { baseSha256, random, position, schedule } = checkRunState(parseJson(metadata['run']), what);
  if (baseSha256 !== owner.baseSha256)
    throw bad(`belongs to base model ${baseSha256}, want ${owner.baseSha256}`);
  for (const field of ['rank', 'alpha'] as const) {
    const value = Number(metadata[`lora_${field}`]);
    if (value !== owner[field]) throw bad(`has lora ${field} ${value}, want ${owner[field]}`);
  }
  const adapter = decodeAdapter(bytes, owner.config);
  if (adapter.kind !== 'lora') throw bad('holds all weights, want an adapter');
  const moments = decodeAdam(bytes, adapter.tensors);
  return { baseSha256, random, position, schedule, adapter, moments };
}

/**
 * Saves a checkpoint; the path holds the earlier checkpoint or this one, whole, at any time.
 * @throws ModelError `MODEL_FILE`
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomically(path, [encodeCheckpoint(checkpoint)]);
}

/** @throws ModelError `MODEL_FILE` where the file cannot be read, else as `decodeCheckpoint` */
export async function loadCheckpoint(path: string, owner: CheckpointOwner): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ModelError('MODEL_FILE', `${path}: cannot be read`, { cause });
  });
  return decodeCheckpoint(bytes, path, owner);
}

/** Undefined where the text is not JSON, which no field then has. */
function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** SHA-256 of the file, its own digest counted as zeros: lower-case hexadecimal. */
function digestOf(bytes: Uint8Array): string {
  return createHash('sha256')
    .update(bytes.subarray(0, DIGEST_AT))
    .update('0'.repeat(DIGEST_BYTES))
    .update(bytes.subarray(DIGEST_AT + DIGEST_BYTES))
    .digest('hex');
}
