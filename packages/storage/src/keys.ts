import type { Unit } from '@residency/protocol';

/** Names of this platform's Redis keys; a job's keys share a hash tag, so that one script may touch them all. */
export interface Keys {
  readonly jobs: string;
  readonly jobSequence: string;
  readonly activeJobs: string;
  readonly files: string;
  readonly fileSequence: string;
  job(id: string): string;
  jobEvents(id: string): string;
  jobSteps(id: string): string;
  idempotency(key: string): string;
  file(id: string): string;
  ledger(jobId: string, unit: Unit): string;
}

/** Keys below a prefix; BullMQ keeps its queues under the same one. */
export function createKeys(prefix: string): Keys {
  const job = (id: string): string => `${prefix}:{job-${id}}`;
  return {
    jobs: `${prefix}:jobs`,
    jobSequence: `${prefix}:jobs:sequence`,
    activeJobs: `${prefix}:jobs:active`,
    files: `${prefix}:files`,
    fileSequence: `${prefix}:files:sequence`,
    job,
    jobEvents: (id) => `${job(id)}:events`,
    jobSteps: (id) => `${job(id)}:steps`,
    idempotency: (key) => `${prefix}:idempotency:${key}`,
    file: (id) => `${prefix}:file:${id}`,
    ledger: (jobId, unit) => `${job(jobId)}:ledger:${unit.phase}:${unit.step}`,
  };
}
