import { type ArtifactStore, type Files, type JobRecord, type Jobs, putBytes } from '@residency/storage';

const columns = [
  'step',
  'train_mean_reward',
  'reward_std_mean',
  'mean_unresponsive_rewards',
  'completion_tokens_mean',
  'truncated_mean',
  'loss',
  'policy_loss',
  'kl',
  'entropy',
  'clip_fraction',
  'grad_norm',
  'tokens',
  'skipped',
  'policy_version',
  'adapter_sha256',
  'ledger_sha256',
  // After the others: who reads columns by number finds them where they were.
  'learning_rate',
  'update_norm',
  'parameter_norm',
  'clip_scale',
  'ratio',
  'old_kl',
  'clip_fraction_low',
  'clip_fraction_high',
  'importance_mean',
  'importance_truncated',
  'preference_accuracy',
  'preference_margin',
] as const;

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The result file of a run: one line per training step. */
export function resultCsv(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const lines = [columns.join(','), ...rows.map((row) => columns.map((name) => cell(row[name])).join(','))];
  return `${lines.join('\n')}\n`;
}

/** Keeps a run's result file; its id follows from the job's, so that keeping it twice makes one file. */
export async function keepResultFile(
  record: JobRecord,
  jobs: Jobs,
  files: Files,
  store: ArtifactStore,
  createdAt: number,
): Promise<string> {
  const csv = resultCsv(await jobs.stepRows(record.id));
  const { sha256, bytes } = await putBytes(store, new TextEncoder().encode(csv));
  const id = `file-${record.id.replace(/^ftjob-/, '')}-results`;
  await files.create({
    id,
    bytes,
    createdAt,
    filename: 'step_metrics.csv',
    purpose: 'fine-tune-results',
    sha256,
  });
  return id;
}
