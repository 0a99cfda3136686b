import {
  type FileObject,
  type JobEventObject,
  type JobObject,
  type ResidencyJob,
  unitAt,
  unitCount,
} from '@residency/protocol';
import type { FileRecord, JobRecord, StoredJobEvent } from '@residency/storage';
import { settingsOf } from './job-settings.js';

function progressOf(record: JobRecord): ResidencyJob['progress'] {
  const { spec, position, status } = record;
  const next = position >= unitCount(spec) ? null : unitAt(spec, position);
  // The next unit uses the version that the steps so far made.
  const counts = { step: next?.step ?? spec.steps, total_steps: spec.steps };
  if (status === 'queued') return { phase: 'waiting', ...counts };
  if (status !== 'running' || next === null) return { phase: 'done', ...counts };
  return { phase: next.phase === 'eval' ? 'evaluating' : 'training', ...counts };
}

/** A job as the API shows it. */
export function toJobObject(record: JobRecord): JobObject {
  const { request, spec } = record;
  return {
    object: 'fine_tuning.job',
    id: record.id,
    created_at: record.createdAt,
    finished_at: record.finishedAt,
    model: request.model,
    fine_tuned_model: record.fineTunedModel,
    organization_id: 'org-residency',
    status: record.status,
    training_file: spec.training.fileId,
    validation_file: spec.validation?.fileId ?? null,
    result_files: record.resultFiles,
    trained_tokens: record.status === 'succeeded' ? record.trainedTokens : null,
    hyperparameters: null,
    error: record.error,
    seed: spec.seed,
    integrations: [],
    metadata: request.metadata ?? null,
    user_provided_suffix: request.suffix ?? null,
    method: request.method,
    x_residency: {
      progress: progressOf(record),
      before: record.before,
      after: record.after,
      best: record.best,
      adapter_sha256: record.policy?.sha256 ?? null,
      policy_version: record.policy?.version ?? null,
      settings: settingsOf(record),
    },
  };
}

/** An event as the API shows it. */
export function toEventObject(event: StoredJobEvent): JobEventObject {
  const { id, createdAt, level, message, type, data } = event;
  return { object: 'fine_tuning.job.event', id, created_at: createdAt, level, message, type, data };
}

/** A file as the API shows it. */
export function toFileObject(record: FileRecord): FileObject {
  const { id, bytes, createdAt, filename, purpose, sha256 } = record;
  return {
    object: 'file',
    id,
    bytes,
    created_at: createdAt,
    filename,
    purpose,
    status: 'processed',
    x_residency: { sha256 },
  };
}
