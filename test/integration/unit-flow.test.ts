import { randomBytes } from 'node:crypto';
import {
  type CreateJobRequest,
  type PolicyRef,
  resolveJobSpec,
  type SampledGroup,
  type Unit,
} from '@residency/protocol';
import { createLogger, queueConnection, readConfig, stopService } from '@residency/service';
import { orchestratorFields, startOrchestrator, UnitFlows, unitItems } from '@residency/service-orchestrator';
import { Jobs, Ledger, messageEvent } from '@residency/storage';
import { Queue } from 'bullmq';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grader } from '../support/api.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const request: CreateJobRequest = {
  model: 'tiny',
  training_file: 'file-1',
  method: { type: 'reinforcement', reinforcement: { grader } },
  x_residency: { steps: 2, groups_per_step: 3, group_size: 2, eval_samples: 0 },
};
const spec = resolveJobSpec(request, {
  training: { fileId: 'file-1', sha256: 'a'.repeat(64), rows: 7 },
  validation: null,
  start: { model: request.model, parent: null },
});
const policy: PolicyRef = { version: 0, sha256: 'b'.repeat(64) };
const unit: Unit = { phase: 'train', step: 0 };

async function census(prefix: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of ['rollouts', 'rewards', 'steps']) {
    const queue = new Queue(name, { connection: queueConnection(redis.url), prefix });
    const counts = await queue.getJobCounts(
      'wait',
      'waiting-children',
      'completed',
      'failed',
      'active',
      'delayed',
    );
    for (const [state, count] of Object.entries(counts)) if (count > 0) found[`${name} ${state}`] = count;
    await queue.close();
  }
  return found;
}

describe('the flow of a unit', () => {
  it('changes nothing when it is added again, by many at once or later', async () => {
    const prefix = redis.prefix();
    const flows = [1, 2, 3].map(() => new UnitFlows(redis.url, prefix, createLogger('test', 'silent')));
    const wanted = { 'rollouts wait': 3, 'rewards waiting-children': 3, 'steps waiting-children': 1 };

    await Promise.all(flows.map((flow) => flow.add('ftjob-1', spec, unit, policy)));
    expect(await census(prefix)).toEqual(wanted);
    await flows[0]?.add('ftjob-1', spec, unit, policy);
    expect(await census(prefix)).toEqual(wanted);

    expect(await flows[1]?.state('ftjob-1', unit)).toBe('at-work');
    expect(await flows[1]?.remove('ftjob-1', unit)).toBe(true);
    expect(await flows[1]?.remove('ftjob-1', unit)).toBe(true);
    expect(await census(prefix)).toEqual({});
    await Promise.all(flows.map((flow) => flow.close()));
  });
});

describe('the order of prompts', () => {
  it('gives every row once per epoch, whatever the sizes, decided by the seed alone', () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 40 }),
      groupsPerStep: fc.integer({ min: 1, max: 9 }),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    });
    fc.assert(
      fc.property(sizes, ({ rows, groupsPerStep, seed }) => {
        const sized = { ...spec, seed, groupsPerStep, training: { ...spec.training, rows } };
        const steps = Math.ceil((2 * rows) / groupsPerStep);
        const items = Array.from({ length: steps }, (_, step) =>
          unitItems(sized, { phase: 'train', step }),
        ).flat();
        const all = Array.from({ length: rows }, (_, row) => row);

        expect(items.slice(0, rows).toSorted((a, b) => a - b)).toEqual(all);
        expect(items.slice(rows, 2 * rows).toSorted((a, b) => a - b)).toEqual(all);
        expect(unitItems(sized, { phase: 'train', step: steps - 1 })).toEqual(items.slice(-groupsPerStep));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a step whose groups another policy version sampled', () => {
  it('is refused, and the job fails with the reason', async () => {
    await using folder = await temporaryFolder();
    const prefix = redis.prefix();
    const client = redis.client();
    const jobs = new Jobs(client, prefix);
    const ledger = new Ledger(client, prefix);
    const id = `ftjob-${randomBytes(4).toString('hex')}`;
    const event = messageEvent('info', '');
    await jobs.create({ id, createdAt: 0, request, spec, event, idempotency: null });
    await jobs.transition(id, ['queued'], 'running', { policy }, event);
    for (let index = 0; index < 3; index++) {
      const stale: SampledGroup = {
        ...unit,
        index,
        item: index,
        policy: index === 2 ? { version: 0, sha256: 'c'.repeat(64) } : policy,
        promptIds: [1],
        samples: [{ ids: [1], logprobs: [0], temperature: 1, stopReason: 'stop', text: '' }],
      };
      await ledger.writeGroup(id, unit, stale);
      await ledger.writeGrades(id, unit, { index, grades: [{ graded: true, total: 1, components: [] }] });
    }
    const queue = new Queue('steps', { connection: queueConnection(redis.url), prefix });
    const payload = { jobId: id, ...unit, groups: 3, policy };
    await queue.add('steps', payload, { jobId: `${id}-train-0`, attempts: 3 });
    const service = await startOrchestrator(
      readConfig(orchestratorFields, {
        REDIS_URL: redis.url,
        RESIDENCY_QUEUE_PREFIX: prefix,
        RESIDENCY_STORE_DIR: folder.path,
        RESIDENCY_HTTP_PORT: '0',
        RESIDENCY_LOG_LEVEL: 'silent',
        RESIDENCY_SCAN_MS: '50',
      }),
    );

    await expect.poll(() => jobs.status(id), { timeout: 10_000 }).toBe('failed');

    expect((await jobs.get(id))?.error).toMatchObject({
      code: 'policy_mismatch',
      message: expect.stringContaining('group 2: found samples of version 0 (ccc'),
    });
    await stopService(service);
    await queue.close();
  });
});
