import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type {
  CreateJobRequest,
  ErrorBody,
  FileObject,
  JobEventObject,
  JobObject,
  ListObject,
  ModelObject,
} from '@residency/protocol';
import { CliError, messageOf } from './errors.js';

export interface GatewayOptions {
  /** Base URL without a path. */
  readonly url: string;
  /** Sent as a bearer token where the deployment asks for one. */
  readonly apiKey: string | undefined;
  readonly signal: AbortSignal;
}

/** The REST interface as this command line uses it; every call has a deadline and throws CliError CLI_GATEWAY. */
export interface GatewayClient {
  models(): Promise<readonly ModelObject[]>;
  uploadDataset(path: string): Promise<FileObject>;
  createJob(request: CreateJobRequest): Promise<JobObject>;
  job(id: string): Promise<JobObject>;
  cancelJob(id: string): Promise<JobObject>;
  /** The newest events, newest first. */
  events(id: string, limit: number): Promise<readonly JobEventObject[]>;
  artifact(sha256: string): Promise<Uint8Array>;
}

const REQUEST_DEADLINE_MS = 20_000;
const TRANSFER_DEADLINE_MS = 120_000;

function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false;
  const { error } = value;
  return typeof error === 'object' && error !== null && 'message' in error && 'code' in error;
}

/** What a refusal says: the message and code of its body, else the beginning of its text. */
function refusal(status: number, text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    if (isErrorBody(body)) return `${status} ${body.error.code}: ${body.error.message}`;
  } catch {
    // Not JSON: a proxy's page, for instance.
  }
  return `${status} ${text.slice(0, 200)}`;
}

/** A client of one gateway. */
export function createGatewayClient(options: GatewayOptions): GatewayClient {
  const headers: Record<string, string> =
    options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };

  const send = async (
    method: string,
    path: string,
    deadlineMs: number,
    init: RequestInit = {},
  ): Promise<Response> => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(deadlineMs)]);
    let response: Response;
    try {
      response = await fetch(`${options.url}${path}`, {
        ...init,
        method,
        signal,
        headers: { ...headers, ...init.headers },
      });
    } catch (error) {
      options.signal.throwIfAborted();
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new CliError('CLI_GATEWAY', `${method} ${path}: ${messageOf(cause)}`, { cause: error });
    }
    if (response.ok) return response;
    throw new CliError(
      'CLI_GATEWAY',
      `${method} ${path}: ${refusal(response.status, await response.text())}`,
    );
  };
  // The gateway validates what it sends against the same schemas: its answers are taken at their word.
  const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
  const jobPath = (id: string): string => `/v1/fine_tuning/jobs/${encodeURIComponent(id)}`;

  return {
    models: async () =>
      (await json<ListObject<ModelObject>>(send('GET', '/v1/models', REQUEST_DEADLINE_MS))).data,
    uploadDataset: async (path) => {
      const body = new FormData();
      body.set('purpose', 'fine-tune');
      body.set('file', new Blob([await readFile(path)]), basename(path));
      return await json<FileObject>(send('POST', '/v1/files', TRANSFER_DEADLINE_MS, { body }));
    },
    createJob: async (request) =>
      await json<JobObject>(
        send('POST', '/v1/fine_tuning/jobs', REQUEST_DEADLINE_MS, {
          body: JSON.stringify(request),
          headers: { 'content-type': 'application/json' },
        }),
      ),
    job: async (id) => await json<JobObject>(send('GET', jobPath(id), REQUEST_DEADLINE_MS)),
    cancelJob: async (id) =>
      await json<JobObject>(send('POST', `${jobPath(id)}/cancel`, REQUEST_DEADLINE_MS)),
    events: async (id, limit) =>
      (
        await json<ListObject<JobEventObject>>(
          send('GET', `${jobPath(id)}/events?limit=${limit}`, REQUEST_DEADLINE_MS),
        )
      ).data,
    artifact: async (sha256) => {
      const response = await send('GET', `/v1/artifacts/${sha256}`, TRANSFER_DEADLINE_MS);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
