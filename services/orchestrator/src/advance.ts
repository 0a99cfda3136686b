import {
  type Client,
  type ErrorCode,
  isErrorCode,
  type JobStatus,
  type LearnerService,
  policyRefFromProto,
  ResidencyError,
  runToProto,
  toResidencyError,
  unitAt,
  unitCount,
} from '@residency/protocol';
import type { Logger, Metrics } from '@residency/service';
import {
  type ArtifactStore,
  type Files,
  type JobRecord,
  type Jobs,
  type Ledger,
  messageEvent,
} from '@residency/storage';
import { keepResultFile } from './result-file.js';
import type { UnitFlows } from './unit-flow.js';

export interface AdvanceContext {
  readonly jobs: Jobs;
  readonly files: Files;
  readonly ledger: Ledger;
  readonly store: ArtifactStore;
  readonly flows: UnitFlows;
  readonly learner: Client<typeof LearnerService>;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds that opening a run may take: the learner may have to load the model. */
  readonly openTimeoutMs: number;
  readonly signal: AbortSignal;
}

const now = (): number => Math.floor(Date.now() / 1_000);

/** Splits what a queue job recorded, `code: message`. */
function recordedFailure(reason: string): { code: ErrorCode; message: string } {
  const [, code, message] = /^([a-z_]+): (.*)$/s.exec(reason) ?? [];
  if (isErrorCode(code) && message !== undefined) return { code, message };
  return { code: 'internal', message: reason };
}

async function failJob(
  record: JobRecord,
  failure: { readonly code: ErrorCode; readonly message: string; readonly param?: string | null },
  context: AdvanceContext,
): Promise<void> {
  const { code, message, param = null } = failure;
  const changes = { error: { code, message, param }, finishedAt: now() };
  const event = messageEvent('error', `Failed: ${message}`);
  const from: JobStatus[] = ['queued', 'running'];
  const moved = await context.jobs.transition(record.id, from, 'failed', changes, event);
  if (moved !== 'moved') return;
  context.metrics.counter('residency_jobs_total').inc({ status: 'failed' });
  context.log.warn({ job: record.id, code, reason: message }, 'job failed');
}

/** A waiting job: open its run at the learner, then let it run. */
async function open(record: JobRecord, context: AdvanceContext): Promise<void> {
  const { spec, id } = record;
  const { model, seed, loraRank, loraAlpha, parent, trains } = spec;
  const more = { ...(parent && { parentSha256: parent.sha256 }), ...(trains && { trains }) };
  try {
    const opened = await context.learner.openRun(
      runToProto({ jobId: id, model, seed, loraRank, loraAlpha, ...more }),
      {
        deadlineMs: context.openTimeoutMs,
        signal: context.signal,
      },
    );
    const changes = { policy: policyRefFromProto(opened.policy) };
    const event = messageEvent('info', 'The run is open; policy version 0 is ready');
    await context.jobs.transition(id, ['queued'], 'running', changes, event);
  } catch (thrown) {
    const error = toResidencyError(thrown);
    // A learner that is away comes back; the job keeps waiting and the next scan tries again.
    if (error.entry.retryable || context.signal.aborted) {
      context.log.info({ job: id, code: error.code, reason: error.message }, 'the run cannot be opened yet');
      return;
    }
    await failJob(record, { code: error.code, message: error.message, param: error.param }, context);
  }
}

/** Names the version that did best where that is not the last one. */
function checkpointSuffix({ best, spec }: JobRecord): string {
  return best === null || best.policy_version === spec.steps ? '' : `:ckpt-step-${best.policy_version}`;
}

async function finish(record: JobRecord, context: AdvanceContext): Promise<void> {
  const finishedAt = now();
  const file = await keepResultFile(record, context.jobs, context.files, context.store, finishedAt);
  const suffix = record.request.suffix ?? '';
  const changes = {
    finishedAt,
    resultFiles: [file],
    fineTunedModel: `ft:${record.spec.model}:residency:${suffix}:${record.id}${checkpointSuffix(record)}`,
  };
  const event = messageEvent('info', 'The job has successfully completed');
  const moved = await context.jobs.transition(record.id, ['running'], 'succeeded', changes, event);
  if (moved !== 'moved') return;
  context.metrics.counter('residency_jobs_total').inc({ status: 'succeeded' });
  context.log.info({ job: record.id }, 'job succeeded');
}

/** A running job: see to it that its next unit is at work, or finish it. */
async function proceed(record: JobRecord, context: AdvanceContext): Promise<void> {
  const { id, spec, position, policy } = record;
  if (position >= unitCount(spec)) return await finish(record, context);
  if (policy === null) throw new ResidencyError('internal', `internal: ${id} is running without a policy`);
  const unit = unitAt(spec, position);
  const state = await context.flows.state(id, unit);
  if (state === 'absent') return await context.flows.add(id, spec, unit, policy);
  if (state === 'at-work') return;
  // The unit may have been committed since the record was read.
  const fresh = await context.jobs.get(id);
  if (fresh === null || fresh.status !== 'running' || fresh.position !== position) return;
  if (state === 'failed') {
    return await failJob(record, recordedFailure(await context.flows.failure(id, spec, unit)), context);
  }
  // Completed without a commit cannot happen in order; starting over is safe, as every write happens once.
  context.log.warn({ job: id, unit }, 'a unit ended without its commit; it is started again');
  await context.flows.remove(id, unit);
}

/** An ended job: take its unfinished unit out of the queues, then forget it. */
async function cleanUp(record: JobRecord, context: AdvanceContext): Promise<void> {
  const { id, spec, position } = record;
  if (position < unitCount(spec)) {
    const unit = unitAt(spec, position);
    // Workers at work notice within a second; until then the next scan tries again.
    if (!(await context.flows.remove(id, unit))) return;
    await context.ledger.drop(id, unit);
  }
  await context.jobs.retire(id);
}

const actions: { readonly [S in JobStatus]: (record: JobRecord, context: AdvanceContext) => Promise<void> } =
  {
    queued: open,
    running: proceed,
    succeeded: cleanUp,
    failed: cleanUp,
    cancelled: cleanUp,
  };

/**
 * Takes a job one move further from whatever state it is in. Safe to repeat and to run in several processes at
 * once: each move is one script, one atomic flow, or work whose outcome does not depend on who does it.
 */
export async function advance(jobId: string, context: AdvanceContext): Promise<void> {
  const record = await context.jobs.get(jobId);
  if (record === null) return await context.jobs.retire(jobId);
  await actions[record.status](record, context);
}
