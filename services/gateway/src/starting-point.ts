import {
  type CreateJobRequest,
  finalStatuses,
  ResidencyError,
  type StartingPoint,
} from '@residency/protocol';
import type { JobRecord, Jobs, ModelsFolder } from '@residency/storage';

/** `ft:MODEL:residency:SUFFIX:JOB`, and behind it `:ckpt-step-N` for a version before the last. */
const FINE_TUNED = /^ft:[^:]*:residency:[^:]*:(ftjob-[0-9a-f]{24})(?::ckpt-step-([1-9][0-9]{0,6}))?$/;

function notFound(name: string, wanted: string): ResidencyError {
  return new ResidencyError('model_not_found', `model: found ${JSON.stringify(name)}, wanted ${wanted}`, {
    param: 'model',
  });
}

/** The adapter of a step of a run, from 1; null for one that was not committed. */
async function adapterOf(jobs: Jobs, id: string, step: number): Promise<string | null> {
  const row = (await jobs.stepRows(id)).find((one) => one['policy_version'] === step);
  const sha256 = row?.['adapter_sha256'];
  return typeof sha256 === 'string' ? sha256 : null;
}

async function parentOf(
  name: string,
  record: JobRecord,
  step: number | null,
  jobs: Jobs,
): Promise<StartingPoint> {
  const { id, spec, policy, status } = record;
  if (step === null && !finalStatuses.includes(status))
    throw notFound(name, `a run that has ended: ${id} is ${status}; name a step of it with :ckpt-step-N`);
  const version = step ?? policy?.version ?? 0;
  const sha256 = step === null ? (policy?.sha256 ?? null) : await adapterOf(jobs, id, step);
  if (version === 0 || sha256 === null) throw notFound(name, `a step that ${id} has taken`);
  const { loraRank, loraAlpha, trains } = spec;
  return {
    model: spec.model,
    parent: { jobId: id, version, sha256, loraRank, loraAlpha, ...(trains && { trains }) },
  };
}

/**
 * Where a job begins: a base model by its name, or the version of another job that `fine_tuned_model` names.
 * @throws ResidencyError `model_not_found`; `invalid_request` for an adapter shape that is not the other job's
 */
export async function startingPoint(
  { model, x_residency: own = {} }: CreateJobRequest,
  { jobs, models }: { readonly jobs: Jobs; readonly models: ModelsFolder },
): Promise<StartingPoint> {
  if (!model.startsWith('ft:')) {
    await models.find(model);
    return { model, parent: null };
  }
  const [, id, step] = FINE_TUNED.exec(model) ?? [];
  const record = id === undefined ? null : await jobs.get(id);
  if (record === null)
    throw notFound(model, 'the fine_tuned_model of a job, with :ckpt-step-N behind it for one of its steps');
  const start = await parentOf(model, record, step === undefined ? null : Number(step), jobs);
  const part = start.parent?.trains ?? 'lora';
  if (own.trains !== undefined && own.trains !== part) {
    throw new ResidencyError(
      'invalid_request',
      `x_residency.trains: found ${own.trains}, wanted ${part}, which ${model} is`,
      { param: 'x_residency.trains' },
    );
  }
  const { rank = start.parent?.loraRank, alpha = start.parent?.loraAlpha } = own.lora ?? {};
  if (rank !== start.parent?.loraRank || alpha !== start.parent?.loraAlpha) {
    throw new ResidencyError(
      'invalid_request',
      `x_residency.lora: found rank ${rank} and alpha ${alpha}, wanted those of ${model}: ` +
        `${start.parent?.loraRank} and ${start.parent?.loraAlpha}, or nothing`,
      { param: 'x_residency.lora' },
    );
  }
  return start;
}
