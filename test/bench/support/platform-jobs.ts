import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGatewayClient, delay, type GatewayClient, startPlatform } from '@residency/cli';
import { type CreateJobRequest, finalStatuses, type JobObject } from '@residency/protocol';

const root = join(import.meta.dirname, '../../..');

/** A platform of its own, for jobs one after the other. */
export interface JobRunner {
  readonly client: GatewayClient;
  /** Uploads rows as a data set. @returns its file id */
  upload(name: string, rows: readonly unknown[]): Promise<string>;
  /** Runs a job to its end; `onStep` hears of every training step. */
  run(request: CreateJobRequest): Promise<JobObject>;
}

/** Starts a platform with the models of a folder, hands it to the work, and stops it. */
export async function withPlatform<T>(
  options: { readonly modelsDir?: string; readonly rolloutWorkers?: number },
  work: (runner: JobRunner) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'residency-bench-'));
  const never = new AbortController().signal;
  const platform = await startPlatform({
    dir,
    remove: [],
    modelsDir: options.modelsDir ?? join(root, 'models'),
    redisUrl: process.env['REDIS_URL'],
    queuePrefix: `bench-${process.pid}`,
    gatewayPort: { preferred: 0, isFlexible: true },
    prefersDefaultPorts: false,
    rolloutWorkers: options.rolloutWorkers ?? 2,
    signal: never,
    hurry: never,
    onEvent: () => undefined,
  });
  try {
    const client = createGatewayClient({ url: platform.gatewayUrl, apiKey: undefined, signal: never });
    const upload = async (name: string, rows: readonly unknown[]): Promise<string> => {
      const path = join(dir, `${name}.jsonl`);
      await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      return (await client.uploadDataset(path)).id;
    };
    const run = async (request: CreateJobRequest): Promise<JobObject> => {
      const { id } = await client.createJob(request);
      for (;;) {
        const job = await client.job(id);
        if (finalStatuses.includes(job.status)) {
          if (job.status === 'succeeded') return job;
          throw new Error(`job ${id} ${job.status}: ${JSON.stringify(job.error)}`);
        }
        await Promise.race([delay(250, never), platform.failure.then((error) => Promise.reject(error))]);
      }
    };
    return await work({ client, upload, run });
  } finally {
    await platform.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
