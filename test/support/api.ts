import type {
  CreateJobRequest,
  FileObject,
  JobEventObject,
  JobObject,
  ListObject,
} from '@residency/protocol';
import { MODEL } from './platform.js';

/** A multiple-choice case as a dataset row. */
export function caseRow(index: number): Record<string, unknown> {
  return {
    messages: [{ role: 'user', content: `Case ${index}: fever and cough. A pneumonia, B asthma?` }],
    id: `case-${index}`,
    question: `Case ${index}: fever and cough.`,
    choices: { A: 'pneumonia', B: 'asthma' },
    gold: index % 2 === 0 ? 'A' : 'B',
  };
}

export const jsonl = (rows: readonly unknown[]): string =>
  `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

export const caseRows = (count: number): string =>
  jsonl(Array.from({ length: count }, (_, index) => caseRow(index)));

export const grader = { type: 'crpo', name: 'crpo', profile: 'crpo-paper' };

/** What an API call answered. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

export async function call<T>(url: string, init?: RequestInit): Promise<Answer<T>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000), ...init });
  return { status: response.status, body: (await response.json()) as T, headers: response.headers };
}

export function post<T>(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  return call<T>(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export async function upload(url: string, text: string): Promise<FileObject> {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new File([text], 'train.jsonl'));
  const answer = await call<FileObject>(`${url}/v1/files`, { method: 'POST', body: form });
  if (answer.status !== 200) throw new Error(`upload: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export function jobRequest(
  trainingFile: string,
  settings: CreateJobRequest['x_residency'] = {},
  extra: Partial<CreateJobRequest> = {},
): CreateJobRequest {
  return {
    model: MODEL,
    training_file: trainingFile,
    seed: 7,
    method: { type: 'reinforcement', reinforcement: { grader } },
    x_residency: {
      steps: 2,
      groups_per_step: 3,
      group_size: 4,
      max_new_tokens: 12,
      eval_samples: 2,
      ...settings,
    },
    ...extra,
  };
}

export async function createJob(url: string, request: CreateJobRequest): Promise<JobObject> {
  const answer = await post<JobObject>(`${url}/v1/fine_tuning/jobs`, request);
  if (answer.status !== 200) throw new Error(`job: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function getJob(url: string, id: string): Promise<JobObject> {
  return (await call<JobObject>(`${url}/v1/fine_tuning/jobs/${id}`)).body;
}

/** Asks again until the job satisfies the condition; fails with the job's last state at the deadline. */
export async function waitForJob(
  url: string,
  id: string,
  condition: (job: JobObject) => boolean,
  timeoutMs = 60_000,
): Promise<JobObject> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const job = await getJob(url, id);
    if (condition(job)) return job;
    if (performance.now() > end)
      throw new Error(`job not as wanted in ${timeoutMs} ms: ${JSON.stringify(job)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const hasEnded = (job: JobObject): boolean =>
  ['succeeded', 'failed', 'cancelled'].includes(job.status);

/** All events of a job, oldest first. */
export async function allEvents(url: string, id: string): Promise<readonly JobEventObject[]> {
  const root = `${url}/v1/fine_tuning/jobs/${id}/events`;
  const events: JobEventObject[] = [];
  for (let after = ''; ; ) {
    const query = after === '' ? '' : `&after=${after}`;
    const { body } = await call<ListObject<JobEventObject>>(`${root}?limit=7${query}`);
    events.push(...body.data);
    const last = body.data.at(-1);
    if (!body.has_more || last === undefined) return events.reverse();
    after = last.id;
  }
}
