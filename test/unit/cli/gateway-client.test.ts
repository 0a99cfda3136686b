import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGatewayClient, demoDefaults, demoJob, writeAdapterFolder } from '@residency/cli';
import { writeSafetensors } from '@residency/model';
import { compileCheck, createJobSchema } from '@residency/protocol';
import { createGrader } from '@residency/rubric';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let dir: string;
let server: Server;
let answer: (request: IncomingMessage, body: string, response: ServerResponse) => void;
const asked: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'residency-client-'));
  asked.length = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
      answer(request, Buffer.concat(chunks).toString('latin1'), response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await rm(dir, { recursive: true, force: true });
});

const client = (signal = new AbortController().signal, apiKey?: string) => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return createGatewayClient({ url: `http://127.0.0.1:${port}`, apiKey, signal });
};
const json = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

describe('createGatewayClient', () => {
  test('asks the paths of the REST interface, with the key where there is one', async () => {
    answer = (_request, _body, response) => json(response, 200, { data: [{ id: 'intern' }], id: 'ftjob-1' });
    const gateway = client(undefined, 'secret');

    expect(await gateway.models()).toEqual([{ id: 'intern' }]);
    await gateway.job('ftjob-1');
    await gateway.cancelJob('ftjob-1');
    await gateway.events('ftjob-1', 50);
    await client().job('a/b');

    expect(asked).toEqual([
      'GET /v1/models Bearer secret',
      'GET /v1/fine_tuning/jobs/ftjob-1 Bearer secret',
      'POST /v1/fine_tuning/jobs/ftjob-1/cancel Bearer secret',
      'GET /v1/fine_tuning/jobs/ftjob-1/events?limit=50 Bearer secret',
      'GET /v1/fine_tuning/jobs/a%2Fb -',
    ]);
  });

  test('uploads a data set as a multipart form', async () => {
    let form = '';
    answer = (request, body, response) => {
      form = `${request.headers['content-type']}\n${body}`;
      json(response, 200, { id: 'file-1' });
    };
    await writeFile(join(dir, 'cases.jsonl'), '{"a":1}\n');

    expect(await client().uploadDataset(join(dir, 'cases.jsonl'))).toEqual({ id: 'file-1' });
    expect(form).toMatch(/^multipart\/form-data; boundary=/);
    expect(form).toContain('name="purpose"\r\n\r\nfine-tune');
    expect(form).toContain('name="file"; filename="cases.jsonl"');
    expect(form).toContain('{"a":1}\n');
  });

  test('downloads the bytes of an artifact as they are', async () => {
    const bytes = Buffer.from([0, 255, 128, 10]);
    answer = (_request, _body, response) => response.end(bytes);

    expect(Buffer.from(await client().artifact('abc'))).toEqual(bytes);
    expect(asked).toEqual(['GET /v1/artifacts/abc -']);
  });

  test('repeats what the gateway says about a refusal', async () => {
    const error = {
      message: 'method: unknown key',
      type: 'invalid_request_error',
      param: 'method',
      code: 'unknown_key',
    };
    answer = (_request, _body, response) => json(response, 400, { error });
    await expect(client().job('x')).rejects.toMatchObject({
      code: 'CLI_GATEWAY',
      message: 'GET /v1/fine_tuning/jobs/x: 400 unknown_key: method: unknown key',
    });

    answer = (_request, _body, response) => response.writeHead(502).end('<html>bad gateway');
    await expect(client().job('x')).rejects.toMatchObject({
      code: 'CLI_GATEWAY',
      message: 'GET /v1/fine_tuning/jobs/x: 502 <html>bad gateway',
    });
  });

  test('names the request that got no answer', async () => {
    answer = (request) => request.socket.destroy();

    await expect(client().models()).rejects.toMatchObject({
      code: 'CLI_GATEWAY',
      message: expect.stringMatching(/^GET \/v1\/models: /),
    });
  });

  test('gives up with the reason of its signal', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('enough'));

    await expect(client(stop.signal).models()).rejects.toThrow('enough');
  });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('writeAdapterFolder', () => {
  const module = 'base_model.model.model.layers.0.self_attn.q_proj';
  const file = (
    metadata: Record<string, string>,
    ...tensors: readonly (readonly [string, readonly number[]])[]
  ) =>
    writeSafetensors(
      tensors.map(([name, shape]) => ({ name, shape, data: new Float32Array(32) })),
      metadata,
    );
  const a = [`${module}.lora_A.weight`, [4, 8]] as const;
  const b = [`${module}.lora_B.weight`, [8, 4]] as const;
  const good = file({ lora_rank: '4', lora_alpha: '32' }, a, b);

  test('writes the adapter and the configuration that it implies', async () => {
    await writeAdapterFolder(join(dir, 'adapter'), {
      bytes: good,
      sha256: sha256(good),
      baseModel: 'intern',
    });

    expect(await readFile(join(dir, 'adapter', 'adapter_model.safetensors'))).toEqual(Buffer.from(good));
    expect(JSON.parse(await readFile(join(dir, 'adapter', 'adapter_config.json'), 'utf8'))).toMatchObject({
      peft_type: 'LORA',
      base_model_name_or_path: 'intern',
      r: 4,
      lora_alpha: 32,
      target_modules: ['q_proj'],
    });
  });

  const bad = [
    ['bytes of another hash', good, 'f'.repeat(64), 'want ffff'],
    ['a file that is too short', Buffer.alloc(3), undefined, 'adapter'],
    ['a header beyond the end', Buffer.alloc(9, 1), undefined, 'adapter'],
    [
      'no adapter',
      file({ lora_rank: '4', lora_alpha: '32' }, ['model.norm.weight', [4, 8]]),
      undefined,
      'model.norm.weight is [4,8], want only the matrices of LoRA pairs',
    ],
    ['half a pair', file({ lora_rank: '4', lora_alpha: '32' }, a), undefined, 'lora_A alone, want both'],
    ['no rank', file({ lora_alpha: '32' }, a, b), undefined, 'rank and alpha'],
  ] as const;

  test.each(bad)('refuses %s and writes nothing', async (_, bytes, hash, message) => {
    const source = { bytes, sha256: hash ?? sha256(bytes), baseModel: 'intern' };

    await expect(writeAdapterFolder(join(dir, 'adapter'), source)).rejects.toMatchObject({
      code: 'CLI_ARTIFACT',
      message: expect.stringContaining(message),
    });
    await expect(readFile(join(dir, 'adapter', 'adapter_config.json'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

describe('demoJob', () => {
  test('is a job that the gateway accepts, with a grader that exists', () => {
    const job = demoJob(demoDefaults, 'file-a', 'file-b');

    expect(compileCheck(createJobSchema)(job)).toEqual({ ok: true, value: job });
    expect(createGrader(job.method.reinforcement?.grader).name).toBe('clinical_reasoning');
    expect(job).toMatchObject({
      seed: demoDefaults.seed,
      training_file: 'file-a',
      validation_file: 'file-b',
    });
    expect(job.x_residency?.steps).toBe(demoDefaults.steps);
  });
});
