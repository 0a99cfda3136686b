import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allEvents,
  caseRow,
  createJob,
  hasEnded,
  jobRequest,
  jsonl,
  upload,
  waitForJob,
} from '../support/api.js';
import { type ChatReply, type ChatServer, chatServer, completionOf } from '../support/chat-server.js';
import { startPlatform } from '../support/platform.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const grader = {
  type: 'score_model',
  name: 'judge',
  model: 'm',
  input: [{ role: 'user', content: 'case {{item.place}}: {{sample.output_text}}' }],
};

/** Runs a job over four cases, which the endpoint judges. */
async function judgedRun(server: ChatServer) {
  const env = { RESIDENCY_JUDGE_URL: server.url, RESIDENCY_JUDGE_MODELS: 'm' };
  await using platform = await startPlatform({ redisUrl: redis.url, prefix: redis.prefix(), env });
  const rows = jsonl([0, 1, 2, 3].map((place) => ({ ...caseRow(place), place })));
  const file = await upload(platform.url, rows);
  const method = { type: 'reinforcement', reinforcement: { grader } } as const;
  const { id } = await createJob(platform.url, jobRequest(file.id, {}, { method }));
  const job = await waitForJob(platform.url, id, hasEnded);
  return { job, events: await allEvents(platform.url, id) };
}

const rejected: ChatReply = { status: 400, body: 'no' };
/** Judges completions by their length, so that those of a group differ. */
const judged = (text: string): ChatReply => completionOf({ steps: [], result: (text.length % 10) / 10 });
const asked = (body: Readonly<Record<string, unknown>>): string => JSON.stringify(body['messages']);

describe('a run that a model judges', () => {
  it('goes on without the group that no judge answers for', async () => {
    await using server = await chatServer(({ body }) =>
      asked(body).includes('case 1:') ? rejected : judged(asked(body)),
    );

    const { job, events } = await judgedRun(server);

    expect(job.error).toBeNull();
    expect(job.status).toBe('succeeded');
    const shares = events.map(({ data }) => data?.['mean_unresponsive_rewards']).filter(Number.isFinite);
    expect(shares.some((share) => Number(share) > 0)).toBe(true);
    expect(job.x_residency.before?.ungraded).toBeGreaterThan(0);
  });

  it('ends where no sample of a step can be judged, and says why', async () => {
    await using server = await chatServer(() => rejected);

    const { job } = await judgedRun(server);

    expect(job.status).toBe('failed');
    expect(job.error).toMatchObject({ code: 'group_ungraded' });
  });
});
