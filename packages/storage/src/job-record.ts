import type {
  BestCheckpoint,
  CreateJobRequest,
  EvaluationSummary,
  JobSpec,
  JobStatus,
  PolicyRef,
} from '@residency/protocol';

/** Why a job failed. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
}

/** Everything that is kept of a job. */
export interface JobRecord {
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly request: CreateJobRequest;
  readonly spec: JobSpec;
  readonly status: JobStatus;
  /** Units committed, 0 to `unitCount(spec)`. */
  readonly position: number;
  /** Newest committed version; null until the run is opened. */
  readonly policy: PolicyRef | null;
  readonly trainedTokens: number;
  readonly before: EvaluationSummary | null;
  readonly after: EvaluationSummary | null;
  readonly best: BestCheckpoint | null;
  readonly error: JobFailure | null;
  readonly finishedAt: number | null;
  readonly fineTunedModel: string | null;
  readonly resultFiles: readonly string[];
}

/** What a transition or a commit may change. */
export interface JobChanges {
  readonly policy?: PolicyRef;
  readonly before?: EvaluationSummary;
  readonly after?: EvaluationSummary;
  readonly best?: BestCheckpoint;
  readonly error?: JobFailure;
  readonly finishedAt?: number;
  readonly fineTunedModel?: string;
  readonly resultFiles?: readonly string[];
}

type Fields = Record<string, string>;

/** A new record as hash fields. */
export function toJobFields(record: Pick<JobRecord, 'createdAt' | 'request' | 'spec'>): Fields {
  return {
    created_at: String(record.createdAt),
    request: JSON.stringify(record.request),
    spec: JSON.stringify(record.spec),
    status: 'queued',
    position: '0',
    trained_tokens: '0',
  };
}

/** Changes as hash fields; every changeable field is kept as JSON. */
export function toChangeFields(changes: JobChanges): Fields {
  return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, JSON.stringify(value)]));
}

function parsed<T>(fields: Fields, name: string, absent: T): T {
  const text = fields[name];
  // Written by toJobFields and toChangeFields, from values of these types.
  return text === undefined ? absent : (JSON.parse(text) as T);
}

/** A record from its hash fields; null where the hash is empty. */
export function fromJobFields(id: string, fields: Fields): JobRecord | null {
  const { status, request, spec } = fields;
  if (status === undefined || request === undefined || spec === undefined) return null;
  return {
    id,
    createdAt: Number(fields['created_at']),
    request: JSON.parse(request) as CreateJobRequest,
    spec: JSON.parse(spec) as JobSpec,
    status: status as JobStatus,
    position: Number(fields['position']),
    policy: parsed<PolicyRef | null>(fields, 'policy', null),
    trainedTokens: Number(fields['trained_tokens']),
    before: parsed<EvaluationSummary | null>(fields, 'before', null),
    after: parsed<EvaluationSummary | null>(fields, 'after', null),
    best: parsed<BestCheckpoint | null>(fields, 'best', null),
    error: parsed<JobFailure | null>(fields, 'error', null),
    finishedAt: parsed<number | null>(fields, 'finishedAt', null),
    fineTunedModel: parsed<string | null>(fields, 'fineTunedModel', null),
    resultFiles: parsed<readonly string[]>(fields, 'resultFiles', []),
  };
}
