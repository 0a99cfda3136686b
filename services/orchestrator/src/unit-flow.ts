import {
  type JobSpec,
  MAX_PAYLOAD_BYTES,
  type PolicyRef,
  type QueueName,
  type QueueTypes,
  queueNames,
  type Unit,
  unitGroups,
  unitJobId,
} from '@residency/protocol';
import { type Logger, openRedis } from '@residency/service';
import { type FlowJob, FlowProducer, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { unitItems } from './prompt-order.js';
import { unitTraceparent } from './trace.js';

/** Tries of a job that fails; waiting for a service that is away takes none. */
const ATTEMPTS = 5;

function jobOptions(queue: QueueName, jobId: string): JobsOptions {
  return {
    jobId,
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: 250 },
    removeOnComplete: { age: 3_600, count: 10_000 },
    // Kept until the run is cleaned up: the reason of a failure stands in it.
    removeOnFail: { age: 24 * 3_600 },
    sizeLimit: MAX_PAYLOAD_BYTES,
    failParentOnFailure: queue !== 'steps',
  };
}

function node<Q extends QueueName>(
  queueName: Q,
  jobId: string,
  data: QueueTypes[Q]['payload'],
  children?: FlowJob[],
): FlowJob {
  const opts = jobOptions(queueName, jobId);
  return { name: queueName, queueName, data, opts, ...(children === undefined ? {} : { children }) };
}

/** The flow of a unit: a step over its groups' rewards, each over its rollout. Ids follow from (job, unit, index). */
export function unitFlow(jobId: string, spec: JobSpec, unit: Unit, policy: PolicyRef): FlowJob {
  const shared = { jobId, ...unit, traceparent: unitTraceparent(jobId, unit) };
  const groups = unitItems(spec, unit).map((item, index) => {
    const id = unitJobId(jobId, unit, index);
    const rollout = node('rollouts', id, { ...shared, index, item, policy });
    return node('rewards', id, { ...shared, index, item }, [rollout]);
  });
  return node('steps', unitJobId(jobId, unit), { ...shared, groups: groups.length, policy }, groups);
}

/** What became of a unit's flow. */
export type UnitState = 'absent' | 'at-work' | 'completed' | 'failed';

/** What a queue holds in one state. */
export interface QueueCount {
  readonly queue: QueueName;
  readonly state: string;
  readonly count: number;
}

/** The queues, as the orchestrator uses them, over one connection of their own. While Redis is away they wait for it. */
export class UnitFlows {
  readonly #redis: Redis;
  readonly #producer: FlowProducer;
  readonly #queues: { readonly [Q in QueueName]: Queue };

  /** The count under way: one that waits for Redis is shared by all who ask meanwhile. */
  #counting: Promise<readonly QueueCount[]> | undefined;

  constructor(redisUrl: string, prefix: string, log: Logger) {
    // Opened here, not by the queues: its end then waits for no answer of Redis.
    this.#redis = openRedis(redisUrl, 'queue', log);
    const options = { connection: this.#redis, prefix };
    const onError = (error: Error): void => log.debug({ err: error }, 'queue connection');
    this.#producer = new FlowProducer(options);
    this.#queues = {
      rollouts: new Queue('rollouts', options),
      rewards: new Queue('rewards', options),
      steps: new Queue('steps', options),
    };
    this.#producer.on('error', onError);
    for (const queue of Object.values(this.#queues)) queue.on('error', onError);
  }

  /** Adds a unit's flow atomically; a flow that is there already stays as it is. */
  async add(jobId: string, spec: JobSpec, unit: Unit, policy: PolicyRef): Promise<void> {
    await this.#producer.add(unitFlow(jobId, spec, unit, policy));
  }

  async state(jobId: string, unit: Unit): Promise<UnitState> {
    const job = await this.#queues.steps.getJob(unitJobId(jobId, unit));
    if (job === undefined) return 'absent';
    const state = await job.getState();
    if (state === 'completed' || state === 'failed') return state;
    return state === 'unknown' ? 'absent' : 'at-work';
  }

  /** Why a unit failed: the reason of its first failed group, in index order, else its own. */
  async failure(jobId: string, spec: JobSpec, unit: Unit): Promise<string> {
    for (let index = 0; index < unitGroups(spec, unit); index++) {
      for (const name of ['rollouts', 'rewards'] as const) {
        const job = await this.#queues[name].getJob(unitJobId(jobId, unit, index));
        const reason = job?.failedReason;
        // A job that failed with its child carries the child's name, not a reason.
        if (reason !== undefined && reason !== '' && !reason.startsWith('child ')) return reason;
      }
    }
    const own = (await this.#queues.steps.getJob(unitJobId(jobId, unit)))?.failedReason;
    return own === undefined || own === '' ? 'internal: the unit failed without a reason' : own;
  }

  /** Removes a unit's jobs; false while one of them is still at work. */
  async remove(jobId: string, unit: Unit): Promise<boolean> {
    const job = await this.#queues.steps.getJob(unitJobId(jobId, unit));
    if (job === undefined) return true;
    try {
      await job.remove({ removeChildren: true });
      return true;
    } catch (error) {
      if (error instanceof Error && /locked|could not be removed/i.test(error.message)) return false;
      throw error;
    }
  }

  /** Jobs per queue and state. */
  counts(): Promise<readonly QueueCount[]> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  /** Closes without Redis too; what still waits for it is left unanswered. */
  async close(): Promise<void> {
    await Promise.all([this.#producer.close(), ...Object.values(this.#queues).map((queue) => queue.close())]);
    this.#redis.disconnect();
  }

  async #count(): Promise<readonly QueueCount[]> {
    const perQueue = await Promise.all(
      queueNames.map(async (queue) => {
        const counts = await this.#queues[queue].getJobCounts(
          'wait',
          'active',
          'delayed',
          'waiting-children',
          'failed',
        );
        return Object.entries(counts).map(([state, count]) => ({ queue, state, count }));
      }),
    );
    return perQueue.flat();
  }
}
