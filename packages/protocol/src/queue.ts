import { type TSchema, Type } from 'typebox';
import { ResidencyError } from './errors.js';
import type { PolicyRef } from './job-spec.js';
import { type Check, compileCheck, schemaOf } from './schema.js';
import type { Phase } from './unit.js';

/** What a unit's queue jobs have in common: they carry names of things, never the things. */
export interface UnitPayload {
  readonly jobId: string;
  readonly phase: Phase;
  readonly step: number;
}

/** Sample one group. */
export interface RolloutPayload extends UnitPayload {
  readonly index: number;
  /** Row of the unit's dataset. */
  readonly item: number;
  readonly policy: PolicyRef;
  readonly traceparent?: string;
}

/** Grade one group. */
export interface RewardPayload extends UnitPayload {
  readonly index: number;
  readonly item: number;
  readonly traceparent?: string;
}

/** Learn from, or evaluate, all groups of a unit and commit it. */
export interface StepPayload extends UnitPayload {
  readonly groups: number;
  readonly policy: PolicyRef;
  readonly traceparent?: string;
}

/** `reused`: the group was in the ledger already. */
export interface RolloutResult {
  readonly tokens: number;
  readonly reused: boolean;
}

export interface RewardResult {
  readonly graded: number;
  readonly ungraded: number;
  readonly reused: boolean;
}

export interface StepResult {
  readonly outcome: 'committed' | 'already-committed' | 'not-running';
}

/** Payload and result of each queue. */
export interface QueueTypes {
  readonly steps: { readonly payload: StepPayload; readonly result: StepResult };
  readonly rewards: { readonly payload: RewardPayload; readonly result: RewardResult };
  readonly rollouts: { readonly payload: RolloutPayload; readonly result: RolloutResult };
}

export type QueueName = keyof QueueTypes;

/** The queues in the order in which a unit passes through them. */
export const queueNames: readonly QueueName[] = ['rollouts', 'rewards', 'steps'];

/** Payloads above this many bytes of JSON are refused. */
export const MAX_PAYLOAD_BYTES: number = 64 * 1024;

const unitFields = {
  jobId: Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' }),
  phase: Type.Union([Type.Literal('eval'), Type.Literal('train')]),
  step: Type.Integer({ minimum: 0 }),
};
const policy = Type.Object(
  { version: Type.Integer({ minimum: 0 }), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
  { additionalProperties: false },
);
const traceparent = Type.Optional(Type.String({ maxLength: 128 }));
const index = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false };

const schemas: { readonly [Q in QueueName]: TSchema } = {
  steps: schemaOf<StepPayload>()(
    Type.Object({ ...unitFields, groups: Type.Integer({ minimum: 1 }), policy, traceparent }, closed),
  ),
  rewards: schemaOf<RewardPayload>()(Type.Object({ ...unitFields, index, item: index, traceparent }, closed)),
  rollouts: schemaOf<RolloutPayload>()(
    Type.Object({ ...unitFields, index, item: index, policy, traceparent }, closed),
  ),
};

const checks: { readonly [Q in QueueName]: Check<QueueTypes[Q]['payload']> } = {
  steps: compileCheck(schemas.steps),
  rewards: compileCheck(schemas.rewards),
  rollouts: compileCheck(schemas.rollouts),
};

/**
 * The payload of a queue job, checked.
 * @throws ResidencyError `invalid_payload` naming the field, `body_too_large` above 64 KiB of JSON.
 */
export function parsePayload<Q extends QueueName>(queue: Q, data: unknown): QueueTypes[Q]['payload'] {
  const size = Buffer.byteLength(JSON.stringify(data) ?? '');
  if (size > MAX_PAYLOAD_BYTES) {
    throw new ResidencyError(
      'body_too_large',
      `${queue} payload: found ${size} bytes, wanted at most ${MAX_PAYLOAD_BYTES}`,
    );
  }
  const checked = checks[queue](data);
  if (!checked.ok) throw new ResidencyError('invalid_payload', `${queue} payload: ${checked.problem}`);
  return checked.value;
}
