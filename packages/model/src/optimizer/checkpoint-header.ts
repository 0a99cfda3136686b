import { ModelError } from '../errors.js';
import { checkSchedule, type ScheduleSpec } from './schedule.js';

/** Changes when the meaning of a checkpoint's bytes does. */
export const CHECKPOINT_VERSION = 1;

/** What a run is beside its adapter and moments. */
export interface RunState {
  /** SHA-256 of the base model's weights, lower-case hexadecimal. */
  readonly baseSha256: string;
  /**
   * State of the random numbers. They are drawn by counter, so that it is the part of their keys that moves:
   * every draw to come has the key [seed, step, ...]. Both are whole numbers from 0 to 2^32 - 1; `step` is
   * the next one.
   */
  readonly random: { readonly seed: number; readonly step: number };
  /** Position in the data: training prompts used since the run began, over all epochs. */
  readonly position: number;
  readonly schedule: ScheduleSpec;
}

/** What a checkpoint says of its own bytes. */
export interface Seal {
  readonly sha256: string;
}

/**
 * The metadata come first in the header, and these first in the metadata, so that the digest has a fixed
 * place.
 */
const START = '{"__metadata__":{"sha256":"';
const SEAL =
  /^\{"__metadata__":\{"sha256":"([0-9a-f]{64})","checkpoint_version":"(\d+)"(?:,"data_bytes":"(\d+)")?/;
const LENGTH_BYTES = 8;
export const DIGEST_AT: number = LENGTH_BYTES + START.length;
export const DIGEST_BYTES = 64;
const SEAL_BYTES = 200;

/**
 * Reads what a checkpoint says of itself and makes sure that all of its bytes are there.
 * @throws ModelError `MODEL_CHECKPOINT`: no checkpoint, another version, cut off
 */
export function readSeal(bytes: Uint8Array, what: string): Seal {
  const bad = (message: string): ModelError => new ModelError('MODEL_CHECKPOINT', `${what}: ${message}`);
  const text = new TextDecoder('latin1').decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + SEAL_BYTES));
  const [, sha256, version, dataBytes] = SEAL.exec(text) ?? [];
  const isKnown = Number(version) === CHECKPOINT_VERSION;
  if (sha256 === undefined || (isKnown && dataBytes === undefined))
    throw bad(`is no checkpoint, or cut off: it has ${bytes.length} bytes`);
  if (!isKnown) throw bad(`is a checkpoint of version ${version}, want version ${CHECKPOINT_VERSION}`);
  const headerBytes = Number(
    new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true),
  );
  const want = LENGTH_BYTES + headerBytes + Number(dataBytes);
  if (bytes.length !== want) throw bad(`is cut off: it has ${bytes.length} bytes, want ${want}`);
  return { sha256 };
}

const MAX_WORD = 0xffff_ffff;

/**
 * Reads the state of a run from plain data, its fields in a fixed order.
 * @throws ModelError `MODEL_CHECKPOINT`, `MODEL_REQUEST`
 */
export function checkRunState(value: unknown, what: string): RunState {
  const bad = (field: string, found: unknown, want: string): ModelError =>
    new ModelError(
      'MODEL_CHECKPOINT',
      `${what}: ${field} is ${JSON.stringify(found) ?? 'missing'}, want ${want}`,
    );
  const whole = (field: string, found: unknown, max: number): number => {
    if (typeof found !== 'number' || !Number.isInteger(found) || found < 0 || found > max)
      throw bad(field, found, `a whole number from 0 to ${max}`);
    return found;
  };
  const { baseSha256, random, position, schedule } = fieldsOf(value);
  if (typeof baseSha256 !== 'string' || !/^[0-9a-f]{64}$/.test(baseSha256))
    throw bad('baseSha256', baseSha256, '64 hexadecimal digits');
  const { seed, step } = fieldsOf(random);
  return {
    baseSha256,
    random: { seed: whole('random.seed', seed, MAX_WORD), step: whole('random.step', step, MAX_WORD) },
    position: whole('position', position, Number.MAX_SAFE_INTEGER),
    schedule: checkSchedule(schedule),
  };
}

/** The fields of an object; none of anything else. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return {};
  return value as Readonly<Record<string, unknown>>; // an object, checked above
}
