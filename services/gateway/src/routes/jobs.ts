import {
  type CreateJobRequest,
  createJobSchema,
  finalStatuses,
  type JobEventObject,
  type JobObject,
  type ListObject,
  ResidencyError,
} from '@residency/protocol';
import {
  type ArtifactStore,
  type Files,
  type Jobs,
  type ModelsFolder,
  messageEvent,
} from '@residency/storage';
import type { FastifyInstance } from 'fastify';
import { createJob } from '../create-job.js';
import { toEventObject, toJobObject } from '../job-object.js';
import { parsePage } from '../page-query.js';

export interface JobRoutesOptions {
  readonly jobs: Jobs;
  readonly files: Files;
  readonly store: ArtifactStore;
  readonly models: ModelsFolder;
}

interface IdParams {
  readonly id: string;
}

function unknownJob(id: string): ResidencyError {
  return new ResidencyError('job_not_found', `job: found none with id ${JSON.stringify(id)}`, {
    param: 'id',
  });
}

async function jobObject(jobs: Jobs, id: string): Promise<JobObject> {
  const record = await jobs.get(id);
  if (record === null) throw unknownJob(id);
  return toJobObject(record);
}

async function cancelJob(jobs: Jobs, id: string): Promise<JobObject> {
  const changes = { finishedAt: Math.floor(Date.now() / 1_000) };
  const event = messageEvent('info', 'The job was cancelled');
  const outcome = await jobs.transition(id, ['queued', 'running'], 'cancelled', changes, event);
  if (outcome === 'missing') throw unknownJob(id);
  // Cancelling twice is one cancellation; a job that ended otherwise cannot be cancelled.
  if (outcome !== 'moved' && outcome !== 'cancelled' && finalStatuses.includes(outcome)) {
    throw new ResidencyError(
      'job_not_cancellable',
      `job ${id}: found it ${outcome}, wanted it queued or running`,
      {
        param: 'id',
      },
    );
  }
  return await jobObject(jobs, id);
}

/** Routes below /v1/fine_tuning/jobs. */
export function addJobRoutes(app: FastifyInstance, options: JobRoutesOptions): void {
  const { jobs } = options;
  const root = '/v1/fine_tuning/jobs';

  app.post<{ Body: CreateJobRequest }>(root, { schema: { body: createJobSchema } }, async (request) => {
    const key = request.headers['idempotency-key'];
    const idempotencyKey = typeof key === 'string' && key !== '' ? key : null;
    return await jobObject(jobs, await createJob(request.body, { ...options, idempotencyKey }));
  });

  app.get(root, async (request): Promise<ListObject<JobObject>> => {
    const { after, limit } = parsePage(request.query);
    const page = await jobs.list(after, limit);
    return { object: 'list', data: page.jobs.map(toJobObject), has_more: page.hasMore };
  });

  app.get<{ Params: IdParams }>(`${root}/:id`, (request) => jobObject(jobs, request.params.id));

  app.get<{ Params: IdParams }>(
    `${root}/:id/events`,
    async (request): Promise<ListObject<JobEventObject>> => {
      const { id } = request.params;
      const { after, limit } = parsePage(request.query);
      if ((await jobs.status(id)) === null) throw unknownJob(id);
      const page = await jobs.events(id, after, limit);
      return { object: 'list', data: page.events.map(toEventObject), has_more: page.hasMore };
    },
  );

  app.post<{ Params: IdParams }>(`${root}/:id/cancel`, (request) => cancelJob(jobs, request.params.id));
}
