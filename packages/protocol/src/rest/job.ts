import type { CreateJobRequest } from './create-job.js';

/** The states of a job; the last three are final. */
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** Statuses that a job never leaves. */
export const finalStatuses: readonly JobStatus[] = ['succeeded', 'failed', 'cancelled'];

/** Means over all cases of one evaluation. */
export interface EvaluationSummary {
  /** Version that was measured. */
  readonly policy_version: number;
  readonly cases: number;
  /** Tempered samples per case. */
  readonly samples_per_case: number;
  /** Mean over tempered samples of whether the answer is right (avg@k), 0 to 1; null without graded samples. */
  readonly accuracy: number | null;
  /** The same of the greedy sample. */
  readonly greedy_accuracy: number | null;
  /** 95 % interval of `accuracy`: cases are drawn again and again (BCa bootstrap). */
  readonly accuracy_interval: readonly [number, number] | null;
  /** 95 % score interval of `greedy_accuracy` (Wilson 1927). */
  readonly greedy_interval: readonly [number, number] | null;
  /** Share of cases whose most frequent tempered choice is right, ties to the first letter; null without choices. */
  readonly majority_accuracy: number | null;
  /** Share of tempered samples with exactly one boxed letter; accuracy over these alone is `accuracy / valid_share`. */
  readonly valid_share: number | null;
  /** Mean total reward of the tempered samples. */
  readonly mean_reward: number | null;
  /** Mean of each component over the tempered samples, by name. */
  readonly components: Readonly<Record<string, number>>;
  readonly ungraded: number;
  /** Of rows that are measured as they stand, without a grader: mean over tokens, or over pairs of preferences. */
  readonly loss?: number;
  /** Of preferences so measured: share of pairs whose chosen completion gains more, and by how much in the mean. */
  readonly preference_accuracy?: number;
  readonly preference_margin?: number;
  /** A greedy completion: of the case that earned least before training, both times. */
  readonly example: { readonly item: number; readonly completion: string; readonly reward: number | null };
  /** Artifact with every group of the evaluation, one JSON object per line. */
  readonly ledger_sha256: string;
}

/** The version that an evaluation found best: the most accurate or the one of least loss, the earlier of equals. */
export interface BestCheckpoint {
  readonly policy_version: number;
  readonly adapter_sha256: string;
  /** Of its tempered samples; null where the grader has no component of that name. */
  readonly accuracy: number | null;
  readonly mean_reward: number | null;
  /** Of rows that were measured as they stand. */
  readonly loss?: number;
}

/** The platform's own part of a job object. */
export interface ResidencyJob {
  readonly progress: {
    readonly phase: 'waiting' | 'evaluating' | 'training' | 'done';
    /** Training steps committed. */
    readonly step: number;
    readonly total_steps: number;
  };
  readonly before: EvaluationSummary | null;
  readonly after: EvaluationSummary | null;
  /** The version that did best in an evaluation after training began, never by its training rewards; null without one. */
  readonly best: BestCheckpoint | null;
  /** Adapter of the newest committed policy version, for GET /v1/artifacts/{sha256}; null before the run starts. */
  readonly adapter_sha256: string | null;
  readonly policy_version: number | null;
  /** Every setting with its default filled in. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The job object. */
export interface JobObject {
  readonly object: 'fine_tuning.job';
  readonly id: string;
  /** Seconds since 1970. */
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly model: string;
  readonly fine_tuned_model: string | null;
  readonly organization_id: string;
  readonly status: JobStatus;
  readonly training_file: string;
  readonly validation_file: string | null;
  readonly result_files: readonly string[];
  readonly trained_tokens: number | null;
  readonly hyperparameters: null;
  readonly error: { readonly code: string; readonly message: string; readonly param: string | null } | null;
  readonly seed: number;
  readonly integrations: readonly never[];
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly user_provided_suffix: string | null;
  readonly method: CreateJobRequest['method'];
  readonly x_residency: ResidencyJob;
}

/** An entry of a job's log. */
export interface JobEventObject {
  readonly object: 'fine_tuning.job.event';
  readonly id: string;
  readonly created_at: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly type: 'message' | 'metrics';
  readonly data: Readonly<Record<string, unknown>>;
}

/** An uploaded or produced file. */
export interface FileObject {
  readonly object: 'file';
  readonly id: string;
  readonly bytes: number;
  readonly created_at: number;
  readonly filename: string;
  readonly purpose: FilePurpose;
  readonly status: 'processed';
  readonly x_residency: { readonly sha256: string };
}

/** What a file is for; the last one is made by the platform only. */
export type FilePurpose = 'fine-tune' | 'evals' | 'user_data' | 'fine-tune-results';

/** Purposes that an upload may have. */
export const uploadPurposes: readonly FilePurpose[] = ['fine-tune', 'evals', 'user_data'];

/** A base model that jobs can name. */
export interface ModelObject {
  readonly object: 'model';
  readonly id: string;
  readonly created: number;
  readonly owned_by: string;
}

/** One page of a list. */
export interface ListObject<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: boolean;
}
