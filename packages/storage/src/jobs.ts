import {
  type CreateJobRequest,
  type JobSpec,
  type JobStatus,
  ResidencyError,
  type Unit,
} from '@residency/protocol';
import type { Redis } from 'ioredis';
import { type EventPage, eventPage, type JobEvent } from './job-event.js';
import { fromJobFields, type JobChanges, type JobRecord, toChangeFields, toJobFields } from './job-record.js';
import { createKeys, type Keys } from './keys.js';
import { redisCall } from './redis-call.js';
import { commitUnitScript } from './scripts/commit-unit.js';
import { createJobScript } from './scripts/create-job.js';
import { runScript } from './scripts/script.js';
import { transitionJobScript } from './scripts/transition-job.js';

export interface NewJob {
  readonly id: string;
  readonly createdAt: number;
  readonly request: CreateJobRequest;
  readonly spec: JobSpec;
  readonly event: JobEvent;
  /** Key and digest of the request: the same key with another digest is refused. */
  readonly idempotency: { readonly key: string; readonly digest: string } | null;
}

export interface UnitCommit {
  readonly jobId: string;
  readonly unit: Unit;
  /** The unit's position in its run. */
  readonly position: number;
  readonly changes: JobChanges;
  readonly tokens: number;
  /** Row of the result file; null for an evaluation. */
  readonly row: Readonly<Record<string, unknown>> | null;
  readonly event: JobEvent;
  /** Artifact that holds the unit's groups from now on. */
  readonly ledgerSha256: string;
}

export type CommitOutcome = 'committed' | 'already-committed' | 'not-running';

const IDEMPOTENCY_SECONDS = 24 * 3_600;
const CONSUMED_SECONDS = 24 * 3_600;

/** Job records, their events and their place in the list. Every change is one script. */
export class Jobs {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#keys = createKeys(prefix);
  }

  /**
   * Creates a job, or answers with the id that the idempotency key made before.
   * @throws ResidencyError `idempotency_key_reused`.
   */
  async create(job: NewJob): Promise<{ id: string; isNew: boolean }> {
    const keys = this.#keys;
    const key = keys.idempotency(job.idempotency?.key ?? '');
    const answer = await redisCall(
      runScript(
        this.#redis,
        createJobScript,
        [keys.job(job.id), keys.jobs, keys.jobSequence, keys.activeJobs, keys.jobEvents(job.id), key],
        [
          job.id,
          JSON.stringify(toJobFields(job)),
          JSON.stringify(job.event),
          job.idempotency?.digest ?? '',
          IDEMPOTENCY_SECONDS,
        ],
      ),
    );
    const [outcome, id] = answer as [string, string];
    if (outcome === 'conflict') {
      throw new ResidencyError(
        'idempotency_key_reused',
        `Idempotency-Key: found a key that made ${id} from another request, wanted a new key`,
        { param: 'Idempotency-Key' },
      );
    }
    return { id, isNew: outcome === 'created' };
  }

  async get(id: string): Promise<JobRecord | null> {
    return fromJobFields(id, await redisCall(this.#redis.hgetall(this.#keys.job(id))));
  }

  async status(id: string): Promise<JobStatus | null> {
    return (await redisCall(this.#redis.hget(this.#keys.job(id), 'status'))) as JobStatus | null;
  }

  /** Newest first, after the job `after`. @throws ResidencyError `job_not_found` for an unknown `after`. */
  async list(after: string | null, limit: number): Promise<{ jobs: JobRecord[]; hasMore: boolean }> {
    const rank = after === null ? -1 : await redisCall(this.#redis.zrevrank(this.#keys.jobs, after));
    if (rank === null) {
      throw new ResidencyError('job_not_found', `after: found no job ${after}`, { param: 'after' });
    }
    const ids = await redisCall(this.#redis.zrevrange(this.#keys.jobs, rank + 1, rank + 1 + limit));
    const records = await Promise.all(ids.slice(0, limit).map((id) => this.get(id)));
    return { jobs: records.filter((record) => record !== null), hasMore: ids.length > limit };
  }

  /** Jobs that may still need work: waiting, running, or ended and not yet cleaned up; sorted by id. */
  async active(): Promise<string[]> {
    return (await redisCall(this.#redis.smembers(this.#keys.activeJobs))).sort();
  }

  /** Forgets that a job needed work. */
  async retire(id: string): Promise<void> {
    await redisCall(this.#redis.srem(this.#keys.activeJobs, id));
  }

  /** Moves a job to another status; the answer is 'moved', 'missing', or the status that forbade it. */
  async transition(
    id: string,
    from: readonly JobStatus[],
    to: JobStatus,
    changes: JobChanges,
    event: JobEvent,
  ): Promise<'moved' | 'missing' | JobStatus> {
    const answer = await redisCall(
      runScript(
        this.#redis,
        transitionJobScript,
        [this.#keys.job(id), this.#keys.jobEvents(id)],
        [JSON.stringify(from), to, JSON.stringify(toChangeFields(changes)), JSON.stringify(event)],
      ),
    );
    return answer as 'moved' | 'missing' | JobStatus;
  }

  /** Commits a unit once; committing again changes nothing. */
  async commitUnit(commit: UnitCommit): Promise<CommitOutcome> {
    const keys = this.#keys;
    const { jobId, unit, position } = commit;
    const answer = await redisCall(
      runScript(
        this.#redis,
        commitUnitScript,
        [keys.job(jobId), keys.ledger(jobId, unit), keys.jobEvents(jobId), keys.jobSteps(jobId)],
        [
          position,
          JSON.stringify(toChangeFields(commit.changes)),
          commit.tokens,
          commit.row === null ? '' : JSON.stringify(commit.row),
          JSON.stringify(commit.event),
          commit.ledgerSha256,
          CONSUMED_SECONDS,
        ],
      ),
    );
    if (answer === 'missing' || answer === 'out-of-order') {
      throw new ResidencyError('internal', `internal: commit of ${jobId} unit ${position}: ${answer}`);
    }
    return answer as CommitOutcome;
  }

  /** The rows of the result file so far, in step order. */
  async stepRows(id: string): Promise<Readonly<Record<string, unknown>>[]> {
    const rows = await redisCall(this.#redis.lrange(this.#keys.jobSteps(id), 0, -1));
    return rows.map((row) => JSON.parse(row) as Record<string, unknown>);
  }

  /** Events newest first, after the event `after`. @throws ResidencyError `invalid_request` for a bad `after`. */
  async events(id: string, after: string | null, limit: number): Promise<EventPage> {
    return await redisCall(eventPage(this.#redis, this.#keys.jobEvents(id), id, after, limit));
  }
}
