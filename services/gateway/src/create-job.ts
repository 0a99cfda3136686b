import { randomBytes } from 'node:crypto';
import {
  type CreateJobRequest,
  type DatasetRef,
  type JobMethod,
  type JobSpec,
  type MethodSettings,
  methodSettings,
  ResidencyError,
  resolveJobSpec,
} from '@residency/protocol';
import { createItemCheck } from '@residency/rubric';
import {
  type ArtifactStore,
  type Files,
  type Jobs,
  type ModelsFolder,
  messageEvent,
  readRows,
  sha256Of,
} from '@residency/storage';
import { canonicalJson } from './canonical-json.js';
import { startingPoint } from './starting-point.js';
import { type RowCheck, taskCheckOf } from './task-check.js';
import { checkObjectiveWeights } from './weights-check.js';

export interface CreateJobContext {
  readonly jobs: Jobs;
  readonly files: Files;
  readonly store: ArtifactStore;
  readonly models: ModelsFolder;
  /** Value of the Idempotency-Key header, or null. */
  readonly idempotencyKey: string | null;
}

/** Rows between two rests of the event loop: checking a row takes some microseconds. */
const ROWS_PER_TURN = 256;

function itemCheckOf({ spec, param: at }: NonNullable<MethodSettings['grader']>): RowCheck {
  try {
    const check = createItemCheck(spec);
    return (item, where, line) => checkItem(check, item, where, line);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const field = cause instanceof Error && 'param' in cause ? String(cause.param) : '';
    const param = field === '' ? at : `${at}.${field}`;
    throw new ResidencyError('invalid_grader', message, { param, cause });
  }
}

/** Whether the grader can use a row at all. */
function checkItem(
  check: ReturnType<typeof createItemCheck>,
  item: Readonly<Record<string, unknown>>,
  where: string,
  line: number,
): void {
  try {
    check(item);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ResidencyError('invalid_dataset', `${where} line ${line}: ${reason}`, { param: where, cause });
  }
}

async function checkDataset(
  fileId: string,
  where: 'training_file' | 'validation_file',
  { method, check }: { readonly method: JobMethod; readonly check: RowCheck | null },
  context: CreateJobContext,
): Promise<DatasetRef> {
  const file = await context.files.get(fileId);
  if (file === null) {
    throw new ResidencyError('file_not_found', `${where}: found no file ${JSON.stringify(fileId)}`, {
      param: where,
    });
  }
  let rows = 0;
  for await (const { line, row } of readRows(await context.store.get(file.sha256), where, method)) {
    check?.(row.item, where, line);
    rows += 1;
    if (rows % ROWS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { fileId, sha256: file.sha256, rows };
}

function rowCheckOf({ grader, agent }: MethodSettings): RowCheck | null {
  if (agent !== null) return taskCheckOf(agent.environment);
  return grader === null ? null : itemCheckOf(grader);
}

async function specOf(request: CreateJobRequest, context: CreateJobContext): Promise<JobSpec> {
  const start = await startingPoint(request, context);
  const settings = methodSettings(request);
  const checks = { method: settings.method, check: rowCheckOf(settings) };
  const training = await checkDataset(request.training_file, 'training_file', checks, context);
  const { validation_file: validationFile } = request;
  const validation =
    validationFile === undefined || validationFile === null
      ? null
      : await checkDataset(validationFile, 'validation_file', checks, context);
  const spec = resolveJobSpec(request, { training, validation, start });
  checkObjectiveWeights(spec);
  return spec;
}

/**
 * Checks a request as a whole, then creates its job; nothing is kept of a request that fails.
 * @returns the id of the job, which is an earlier one's where the idempotency key was used for the same request
 * @throws ResidencyError `invalid_request`, `model_not_found`, `invalid_grader`, `file_not_found`, `invalid_dataset`,
 * `idempotency_key_reused`, `redis_unavailable`, `store_unavailable`.
 */
export async function createJob(request: CreateJobRequest, context: CreateJobContext): Promise<string> {
  const spec = await specOf(request, context);
  const { idempotencyKey } = context;
  const idempotency =
    idempotencyKey === null
      ? null
      : { key: sha256Of(idempotencyKey), digest: sha256Of(canonicalJson(request)) };
  const { id } = await context.jobs.create({
    id: `ftjob-${randomBytes(12).toString('hex')}`,
    createdAt: Math.floor(Date.now() / 1_000),
    request,
    spec,
    event: messageEvent('info', `Created: ${spec.training.rows} rows, ${spec.steps} steps`),
    idempotency,
  });
  return id;
}
