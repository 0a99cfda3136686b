import { randomUUID } from 'node:crypto';
import { type CreateJobRequest, resolveJobSpec, type Unit } from '@residency/protocol';
import { Files, Jobs, Ledger, messageEvent, metricsEvent } from '@residency/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const request: CreateJobRequest = {
  model: 'tiny',
  training_file: 'file-1',
  method: { type: 'reinforcement', reinforcement: { grader: {} } },
  x_residency: { steps: 2, groups_per_step: 2, eval_samples: 0 },
};
const spec = resolveJobSpec(request, {
  training: { fileId: 'file-1', sha256: 'a'.repeat(64), rows: 4 },
  validation: null,
  start: { model: request.model, parent: null },
});
const sha = (digit: string): string => digit.repeat(64);
const train0: Unit = { phase: 'train', step: 0 };

interface Stores {
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly files: Files;
}

function stores(): Stores {
  const client = redis.client();
  const prefix = redis.prefix();
  return {
    jobs: new Jobs(client, prefix),
    ledger: new Ledger(client, prefix),
    files: new Files(client, prefix),
  };
}

const newJob = (idempotency: { key: string; digest: string } | null = null) => ({
  id: `ftjob-${randomUUID()}`,
  createdAt: 1_700_000_000,
  request,
  spec,
  event: messageEvent('info', 'created'),
  idempotency,
});

async function runningJob(jobs: Jobs): Promise<string> {
  const { id } = await jobs.create(newJob());
  const policy = { version: 0, sha256: sha('0') };
  expect(await jobs.transition(id, ['queued'], 'running', { policy }, messageEvent('info', 'open'))).toBe(
    'moved',
  );
  return id;
}

const group = (index: number, text = 'first') => ({
  ...train0,
  index,
  item: index,
  policy: { version: 0, sha256: sha('0') },
  promptIds: [1],
  samples: [{ ids: [2], logprobs: [-0.1], temperature: 1, stopReason: 'stop' as const, text }],
});
const grades = (index: number) => ({ index, grades: [{ graded: true as const, total: 1, components: [] }] });

const commit = (jobId: string, position: number) => ({
  jobId,
  unit: { phase: 'train' as const, step: position },
  position,
  changes: { policy: { version: position + 1, sha256: sha(String(position + 1)) } },
  tokens: 10,
  row: { step: position + 1 },
  event: metricsEvent(`step ${position + 1}`, { step: position + 1 }),
  ledgerSha256: sha('f'),
});

describe('a job record', () => {
  it('comes back as it was created', async () => {
    const { jobs } = stores();
    const { id, isNew } = await jobs.create(newJob());

    expect(isNew).toBe(true);
    expect(await jobs.get(id)).toEqual({
      id,
      createdAt: 1_700_000_000,
      request,
      spec,
      status: 'queued',
      position: 0,
      policy: null,
      trainedTokens: 0,
      before: null,
      after: null,
      best: null,
      error: null,
      finishedAt: null,
      fineTunedModel: null,
      resultFiles: [],
    });
    expect(await jobs.active()).toEqual([id]);
    expect(await jobs.get('ftjob-none')).toBeNull();
  });

  it('is made once per idempotency key, and not from another request', async () => {
    const { jobs } = stores();
    const idempotency = { key: 'k', digest: 'd' };

    const answers = await Promise.all(Array.from({ length: 6 }, () => jobs.create(newJob(idempotency))));

    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    await expect(jobs.create(newJob({ key: 'k', digest: 'other' }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect((await jobs.list(null, 10)).jobs).toHaveLength(1);
  });

  it('is listed newest first, page by page', async () => {
    const { jobs } = stores();
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) ids.unshift((await jobs.create(newJob())).id);

    const first = await jobs.list(null, 2);
    const second = await jobs.list(first.jobs.at(-1)?.id ?? '', 2);
    const third = await jobs.list(second.jobs.at(-1)?.id ?? '', 2);

    expect([...first.jobs, ...second.jobs, ...third.jobs].map(({ id }) => id)).toEqual(ids);
    expect([first.hasMore, second.hasMore, third.hasMore]).toEqual([true, true, false]);
    await expect(jobs.list('ftjob-none', 2)).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('moves only from the states that allow it, with nothing half done', async () => {
    const { jobs } = stores();
    const id = await runningJob(jobs);
    await jobs.transition(
      id,
      ['queued', 'running'],
      'cancelled',
      { finishedAt: 5 },
      messageEvent('info', 'stop'),
    );

    const refused = await jobs.transition(
      id,
      ['running'],
      'succeeded',
      { finishedAt: 9, fineTunedModel: 'ft' },
      messageEvent('info', 'done'),
    );

    expect(refused).toBe('cancelled');
    expect(await jobs.get(id)).toMatchObject({ status: 'cancelled', finishedAt: 5, fineTunedModel: null });
    expect((await jobs.events(id, null, 10)).events.map(({ message }) => message)).toEqual([
      'stop',
      'open',
      'created',
    ]);
    expect(await jobs.transition('ftjob-none', ['running'], 'failed', {}, messageEvent('info', ''))).toBe(
      'missing',
    );
  });

  it('pages its events newest first', async () => {
    const { jobs } = stores();
    const id = await runningJob(jobs);
    await jobs.commitUnit(commit(id, 0));
    await jobs.commitUnit(commit(id, 1));

    const first = await jobs.events(id, null, 3);
    const second = await jobs.events(id, first.events.at(-1)?.id ?? '', 3);

    expect(first.events.map(({ message }) => message)).toEqual(['step 2', 'step 1', 'open']);
    expect(second.events.map(({ message }) => message)).toEqual(['created']);
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    await expect(jobs.events(id, 'ftevent-other-1', 3)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('the commit of a unit', () => {
  it('happens once, however many try at once', async () => {
    const { jobs } = stores();
    const id = await runningJob(jobs);

    const outcomes = await Promise.all(Array.from({ length: 5 }, () => jobs.commitUnit(commit(id, 0))));

    expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'already-committed')).toHaveLength(4);
    expect(await jobs.get(id)).toMatchObject({
      position: 1,
      trainedTokens: 10,
      policy: { version: 1, sha256: sha('1') },
    });
    expect(await jobs.stepRows(id)).toEqual([{ step: 1 }]);
  });

  it('does not happen out of order, nor after the job has ended', async () => {
    const { jobs } = stores();
    const id = await runningJob(jobs);

    await expect(jobs.commitUnit(commit(id, 1))).rejects.toThrow(/out-of-order/);
    await jobs.transition(id, ['running'], 'cancelled', {}, messageEvent('info', 'stop'));

    expect(await jobs.commitUnit(commit(id, 0))).toBe('not-running');
    expect(await jobs.get(id)).toMatchObject({ position: 0, trainedTokens: 0 });
  });

  it('consumes the groups, so that a late worker cannot bring them back', async () => {
    const { jobs, ledger } = stores();
    const id = await runningJob(jobs);
    await ledger.writeGroup(id, train0, group(0));

    await jobs.commitUnit(commit(id, 0));

    expect(await ledger.readGroup(id, train0, 0)).toBeNull();
    expect(await ledger.writeGroup(id, train0, group(0))).toBe('closed');
  });
});

describe('the ledger', () => {
  it('keeps the first write of an entry', async () => {
    const { jobs, ledger } = stores();
    const id = await runningJob(jobs);

    expect(await ledger.writeGroup(id, train0, group(0, 'first'))).toBe('written');
    expect(await ledger.writeGroup(id, train0, group(0, 'second'))).toBe('exists');

    expect(await ledger.readGroup(id, train0, 0)).toEqual(group(0, 'first'));
  });

  it('takes nothing for a job that is not running', async () => {
    const { jobs, ledger } = stores();
    const { id } = await jobs.create(newJob());

    expect(await ledger.writeGroup(id, train0, group(0))).toBe('closed');
    expect(await ledger.writeGrades(id, train0, grades(0))).toBe('closed');
  });

  it('gives a unit in index order whatever the order of writing, beyond one read batch', async () => {
    const { jobs, ledger } = stores();
    const id = await runningJob(jobs);
    const count = 70;
    const order = Array.from({ length: count }, (_, index) => (index * 37) % count);
    for (const index of order) {
      await ledger.writeGroup(id, train0, group(index));
      await ledger.writeGrades(id, train0, grades(index));
    }

    const unit = await ledger.readUnit(id, train0, count);

    expect(unit.map((entry) => [entry.group.index, entry.grades.index])).toEqual(
      Array.from({ length: count }, (_, index) => [index, index]),
    );
  });

  it('names the group that is missing', async () => {
    const { jobs, ledger } = stores();
    const id = await runningJob(jobs);
    await ledger.writeGroup(id, train0, group(0));
    await ledger.writeGrades(id, train0, grades(0));
    await ledger.writeGroup(id, train0, group(1));

    await expect(ledger.readUnit(id, train0, 2)).rejects.toMatchObject({
      code: 'group_missing',
      message: expect.stringContaining('no grades 1'),
    });
  });
});

describe('a file record', () => {
  it('comes back as it was registered, and is registered once', async () => {
    const { files } = stores();
    const file = {
      id: 'file-1',
      bytes: 12,
      createdAt: 1_700_000_000,
      filename: 'cases: "ä".jsonl',
      purpose: 'fine-tune' as const,
      sha256: sha('b'),
    };

    await files.create(file);
    await files.create({ ...file, bytes: 99 });

    expect(await files.get('file-1')).toEqual(file);
    expect(await files.get('file-2')).toBeNull();
  });
});

describe('an outage of Redis', () => {
  it('is told apart from a fault', async () => {
    await using own = await startRedis();
    const client = own.client();
    const jobs = new Jobs(client, own.prefix());
    await own.kill();

    await expect(jobs.get('ftjob-1')).rejects.toMatchObject({ code: 'redis_unavailable' });
    await own.start();
  });
});
