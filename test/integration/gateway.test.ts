import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorBody, FileObject, JobObject, ListObject, ModelObject } from '@residency/protocol';
import { stopService } from '@residency/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, caseRows, createJob, jobRequest, post, upload } from '../support/api.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { MODEL } from '../support/platform.js';
import { startRedis } from '../support/redis.js';
import { signalled } from '../support/signalled.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let gateway: TestGateway;
let url: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  url = gateway.url;
});
afterAll(() => gateway[Symbol.asyncDispose]());

const jobs = (): string => `${url}/v1/fine_tuning/jobs`;

function multipart(parts: readonly (readonly [name: string, value: string | File])[]): RequestInit {
  const form = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, value.name);
  }
  return { method: 'POST', body: form };
}

describe('files', () => {
  const text = caseRows(3);
  const file = new File([text], 'cases.jsonl');

  it.each([
    [
      'file first',
      [
        ['file', file],
        ['purpose', 'fine-tune'],
      ] as const,
    ],
    [
      'purpose first',
      [
        ['purpose', 'fine-tune'],
        ['file', file],
      ] as const,
    ],
  ])('takes an upload with its parts in either order: %s', async (_order, parts) => {
    const { status, body } = await call<FileObject>(`${url}/v1/files`, multipart(parts));

    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: 'file',
      bytes: Buffer.byteLength(text),
      filename: 'cases.jsonl',
      purpose: 'fine-tune',
      status: 'processed',
      x_residency: { sha256: createHash('sha256').update(text).digest('hex') },
    });
    expect((await call(`${url}/v1/files/${body.id}`)).body).toEqual(body);
    const content = await fetch(`${url}/v1/files/${body.id}/content`);
    expect(await content.text()).toBe(text);
    const artifact = await fetch(`${url}/v1/artifacts/${body.x_residency.sha256}`);
    expect(artifact.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(await artifact.text()).toBe(text);
  });

  it.each([
    ['no file', [['purpose', 'fine-tune']] as const, 'invalid_request', 'file'],
    ['no purpose', [['file', file]] as const, 'invalid_request', 'purpose'],
    [
      'an unknown purpose',
      [
        ['file', file],
        ['purpose', 'fun'],
      ] as const,
      'invalid_request',
      'purpose',
    ],
    [
      'two files',
      [
        ['file', file],
        ['file', file],
        ['purpose', 'evals'],
      ] as const,
      'invalid_request',
      'file',
    ],
    [
      'an unknown part',
      [
        ['file', file],
        ['colour', 'red'],
      ] as const,
      'unknown_parameter',
      'colour',
    ],
  ])('refuses an upload with %s', async (_what, parts, code, param) => {
    const { status, body } = await call<ErrorBody>(`${url}/v1/files`, multipart(parts));

    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code, param, type: 'invalid_request_error' });
  });

  it('refuses an upload that is not multipart', async () => {
    const { status, body } = await post<ErrorBody>(`${url}/v1/files`, { file: 'x' });

    expect(status).toBe(415);
    expect(body.error.code).toBe('unsupported_media_type');
  });

  it('refuses an upload above the limit and takes one at the limit', async () => {
    const small = await gateway.start({ RESIDENCY_MAX_FILE_BYTES: '1000' });
    const root = `http://${small.addresses['http']}`;
    const sized = (bytes: number) =>
      multipart([
        ['purpose', 'evals'],
        ['file', new File(['x'.repeat(bytes)], 'f')],
      ]);

    const over = await call<ErrorBody>(`${root}/v1/files`, sized(1_001));
    const at = await call<FileObject>(`${root}/v1/files`, sized(1_000));
    await stopService(small);

    expect([over.status, over.body.error.code]).toEqual([413, 'body_too_large']);
    expect([at.status, at.body.bytes]).toEqual([200, 1_000]);
  });

  it('does not find what is not there', async () => {
    for (const path of [
      '/v1/files/file-x',
      '/v1/files/file-x/content',
      '/v1/artifacts/abc',
      `/v1/artifacts/${'0'.repeat(64)}`,
    ]) {
      const { status, body } = await call<ErrorBody>(`${url}${path}`);
      expect([path, status]).toEqual([path, 404]);
      expect(body.error.code).toMatch(/^(file|artifact)_not_found$/);
    }
  });
});

describe('models', () => {
  it('are the subfolders of the models folder', async () => {
    const { body } = await call<ListObject<ModelObject>>(`${url}/v1/models`);

    expect(body).toMatchObject({ object: 'list', has_more: false, data: [{ id: MODEL, object: 'model' }] });
    expect((await call<ModelObject>(`${url}/v1/models/${MODEL}`)).body.id).toBe(MODEL);
    expect((await call<ErrorBody>(`${url}/v1/models/none`)).status).toBe(404);
  });
});

describe('a job', () => {
  it('is created, shown, listed newest first and cancelled', async () => {
    const file = await upload(url, caseRows(4));
    const first = await createJob(url, jobRequest(file.id, {}, { metadata: { ward: '7' }, suffix: 'night' }));
    const second = await createJob(url, jobRequest(file.id));

    expect(first).toMatchObject({
      object: 'fine_tuning.job',
      status: 'queued',
      model: MODEL,
      training_file: file.id,
      validation_file: null,
      fine_tuned_model: null,
      finished_at: null,
      trained_tokens: null,
      error: null,
      seed: 7,
      metadata: { ward: '7' },
      user_provided_suffix: 'night',
      result_files: [],
      hyperparameters: null,
      x_residency: {
        progress: { phase: 'waiting', step: 0, total_steps: 2 },
        before: null,
        after: null,
        adapter_sha256: null,
        settings: {
          steps: 2,
          groups_per_step: 3,
          group_size: 4,
          temperature: 1,
          top_k: 0,
          top_p: 1,
          min_p: 0,
          max_new_tokens: 12,
          learning_rate: 1e-4,
          learning_rate_schedule: 'constant',
          warmup_steps: 0,
          min_learning_rate_share: 0,
          loss: 'ppo',
          aggregation: 'token-mean',
          fixed_length: null,
          kl_coefficient: 0,
          kl_estimator: null,
          entropy_coefficient: 0,
          clip_low: 0.2,
          clip_high: 0.2,
          dual_clip: null,
          importance: null,
          importance_cap: null,
          max_grad_norm: 1,
          weight_decay: 0,
          eval_samples: 2,
          lora: { rank: 8, alpha: 16 },
        },
      },
    });
    const page = await call<ListObject<JobObject>>(`${jobs()}?limit=1`);
    expect(page.body).toMatchObject({ has_more: true, data: [{ id: second.id }] });
    const next = await call<ListObject<JobObject>>(`${jobs()}?limit=1&after=${second.id}`);
    expect(next.body.data[0]?.id).toBe(first.id);

    // As the Python SDK sends it: labelled JSON, no body.
    const cancel = () => post<JobObject>(`${jobs()}/${first.id}/cancel`, '');
    expect((await cancel()).body.status).toBe('cancelled');
    expect((await cancel()).status).toBe(200);
  });

  it('is made once for an Idempotency-Key', async () => {
    const file = await upload(url, caseRows(2));
    const send = (request: unknown) => post<JobObject>(jobs(), request, { 'idempotency-key': 'shift-1' });

    const [first, again] = [await send(jobRequest(file.id)), await send(jobRequest(file.id))];
    const other = await post<ErrorBody>(jobs(), jobRequest(file.id, { steps: 3 }), {
      'idempotency-key': 'shift-1',
    });

    expect(again.body.id).toBe(first.body.id);
    expect([other.status, other.body.error.code]).toEqual([409, 'idempotency_key_reused']);
    expect(other.headers.get('x-should-retry')).toBe('false');
  });
});

describe('other requests', () => {
  it.each([
    ['GET', '/v1/fine_tuning/jobs/ftjob-none', 404, 'job_not_found'],
    ['GET', '/v1/fine_tuning/jobs/ftjob-none/events', 404, 'job_not_found'],
    ['POST', '/v1/fine_tuning/jobs/ftjob-none/cancel', 404, 'job_not_found'],
    ['GET', '/v1/fine_tuning/jobs?limit=0', 400, 'invalid_request'],
    ['GET', '/v1/fine_tuning/jobs?limit=1&limit=2', 400, 'invalid_request'],
    ['GET', '/v1/fine_tuning/jobs?page=2', 400, 'unknown_parameter'],
    ['GET', '/v1/fine_tuning/jobs?after=ftjob-none', 404, 'job_not_found'],
    ['GET', '/v2/nothing', 404, 'route_not_found'],
    ['DELETE', '/v1/models', 404, 'route_not_found'],
  ])('%s %s answers %i %s', async (method, path, status, code) => {
    const answer = await call<ErrorBody>(`${url}${path}`, { method });

    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it('need the key where there is one, probes excepted', async () => {
    const locked = await gateway.start({ RESIDENCY_API_KEY: 'sesame' });
    const root = `http://${locked.addresses['http']}`;
    const get = (authorization?: string) =>
      call<ErrorBody>(`${root}/v1/models`, authorization === undefined ? {} : { headers: { authorization } });

    const statuses = [
      await get(),
      await get('Bearer wrong'),
      await get('sesame'),
      await get('Bearer sesame'),
    ];
    // Other spellings of the same route are the same route.
    const spelled = await Promise.all(
      ['/%761/models', '/v1/%6dodels', '/%76%31/files/x'].map((path) => call(`${root}${path}`)),
    );
    const probe = await call(`${root}/healthz`);
    await stopService(locked);

    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 401, 200]);
    expect(spelled.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(statuses[0]?.body.error).toMatchObject({ code: 'invalid_api_key', type: 'authentication_error' });
    expect(probe.status).toBe(200);
  });
});

describe('a gateway that stops', () => {
  it('finishes the request at work before it lets go of Redis', async () => {
    await using folder = await temporaryFolder();
    const service = await gateway.start({ RESIDENCY_STORE_DIR: folder.path });
    const draining = signalled();
    service.shutdown.on('drain', 'test', async () => draining.resolve());
    const boundary = 'part';
    const end = signalled();
    const body = async function* () {
      yield Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n` +
          `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nhalf`,
      );
      await end.promise;
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    };
    const uploading = call<FileObject>(`http://${service.addresses['http']}/v1/files`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: body(),
      duplex: 'half',
    });
    // The request is at work once its bytes go to the store.
    await expect
      .poll(async () => (await readdir(join(folder.path, 'temporary'))).length, { timeout: 10_000 })
      .toBe(1);

    const stopping = stopService(service);
    await draining.promise;
    end.resolve();
    const answer = await uploading;

    expect([answer.status, answer.body]).toMatchObject([200, { bytes: 4, filename: 'f' }]);
    expect(await stopping).toBe(true);
  });

  it('breaks off a request that does not end in time', async () => {
    await using folder = await temporaryFolder();
    const service = await gateway.start({
      RESIDENCY_STORE_DIR: folder.path,
      RESIDENCY_SHUTDOWN_MS: '1000',
    });
    const body = async function* () {
      yield Buffer.from('--part\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nhalf');
      await new Promise(() => undefined);
    };
    const uploading = expect(
      call(`http://${service.addresses['http']}/v1/files`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=part' },
        body: body(),
        duplex: 'half',
      }),
    ).rejects.toThrow();
    await expect
      .poll(async () => (await readdir(join(folder.path, 'temporary'))).length, { timeout: 10_000 })
      .toBe(1);

    expect(await stopService(service)).toBe(true);
    await uploading;
  });
});

describe('an outage of Redis', () => {
  it('is answered with 503 while it lasts, and ends with Redis being back', async () => {
    await using own = await startRedis();
    const service = await gateway.start({ REDIS_URL: own.url });
    const root = `http://${service.addresses['http']}`;
    const file = await upload(root, caseRows(2));
    await own.kill();

    const answers = await Promise.all([
      post<ErrorBody>(`${root}/v1/fine_tuning/jobs`, jobRequest(file.id)),
      call<ErrorBody>(`${root}/v1/fine_tuning/jobs`),
      call<ErrorBody>(`${root}/v1/files/${file.id}`),
    ]);
    const ready = await call(`${root}/readyz`);

    for (const { status, body } of answers)
      expect([status, body.error.code]).toEqual([503, 'redis_unavailable']);
    expect(ready.status).toBe(503);
    await own.start();
    await expect
      .poll(async () => (await call(`${root}/v1/files/${file.id}`)).status, { timeout: 10_000 })
      .toBe(200);
    await stopService(service);
  });

  it('does not keep the gateway from starting', async () => {
    const service = await gateway.start({ REDIS_URL: 'redis://127.0.0.1:1' });
    const root = `http://${service.addresses['http']}`;

    expect((await call(`${root}/healthz`)).status).toBe(200);
    expect((await call(`${root}/v1/fine_tuning/jobs`)).status).toBe(503);
    expect((await call(`${root}/v1/models`)).status).toBe(200);
    await stopService(service);
  });
});
