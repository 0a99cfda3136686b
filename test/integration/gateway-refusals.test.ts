import type { ErrorBody, FileObject, JobObject, ListObject } from '@residency/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, call, caseRow, caseRows, jobRequest, jsonl, post, upload } from '../support/api.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let url: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  url = gateway.url;
});
afterAll(() => gateway[Symbol.asyncDispose]());

const jobs = (): string => `${url}/v1/fine_tuning/jobs`;

describe('a bad job request', () => {
  let good: FileObject;
  beforeAll(async () => {
    good = await upload(url, caseRows(2));
  });

  const expectError = (
    answer: Answer<ErrorBody>,
    status: number,
    code: string,
    param: string | null,
  ): void => {
    expect(answer.body.error).toMatchObject({ code, param });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
  };

  it.each(['none', '..', '../tiny', 'tiny/../tiny', '/etc'])('names an unknown model: %s', async (model) => {
    const answer = await post<ErrorBody>(jobs(), { ...jobRequest(good.id), model });

    expectError(answer, 404, 'model_not_found', 'model');
  });

  it.each([
    [{ seed: '7' }, 'invalid_request', 'seed', 'found "7", wanted an integer from 0'],
    [{ colour: 'red' }, 'unknown_parameter', 'colour', 'found an unknown parameter'],
    [
      { x_residency: { group_size: 1 } },
      'invalid_request',
      'x_residency.group_size',
      'found 1, wanted an integer from 2 to 64',
    ],
    [
      { x_residency: { loss: 'ppo2' } },
      'invalid_request',
      'x_residency.loss',
      'found "ppo2", wanted one of ppo, grpo, dapo, dr_grpo, gspo, cispo, reinforce',
    ],
    [{ x_residency: { top_p: 0 } }, 'invalid_request', 'x_residency.top_p', 'wanted a number above 0'],
    [{ x_residency: { dual_clip: 1 } }, 'invalid_request', 'x_residency.dual_clip', 'a number above 1'],
    [
      { x_residency: { steps: 3, warmup_steps: 4 } },
      'invalid_request',
      'x_residency.warmup_steps',
      'found 4, wanted at most the 3 steps of the run',
    ],
    [
      { x_residency: { loss: 'gspo', dual_clip: 3 } },
      'invalid_request',
      'x_residency.dual_clip',
      'found 3 with loss gspo',
    ],
    [
      { x_residency: { eval_samples: 0, eval_interval: 2 } },
      'invalid_request',
      'x_residency.eval_interval',
      'found 2 with eval_samples 0',
    ],
    [
      {
        x_residency: {
          advantage: 'decoupled',
          objective_weights: { accuracy: 0, clinical_reasoning: 0, consistency: 0 },
        },
      },
      'invalid_request',
      'x_residency.objective_weights',
      'every objective of the grader weighs 0',
    ],
    [{ x_residency: { lora: { rnk: 4 } } }, 'unknown_parameter', 'x_residency.lora.rnk', 'unknown'],
    [{ model: undefined }, 'invalid_request', 'model', 'found nothing'],
    [{ method: { type: 'distil' } }, 'invalid_request', 'method.type', 'found "distil", wanted one of'],
  ])('is refused with the parameter by name: %j', async (change, code, param, text) => {
    const answer = await post<ErrorBody>(jobs(), { ...jobRequest(good.id), ...change });

    expectError(answer, 400, code, param);
    expect(answer.body.error.message).toContain(text);
  });

  it.each([
    [
      { batch_size: 0 },
      'invalid_request',
      'batch_size',
      'found 0, wanted "auto" or an integer from 1 to 256',
    ],
    [{ batch_size: 'many' }, 'invalid_request', 'batch_size', 'found "many", wanted "auto" or'],
    [{ learning_rat: 2 }, 'unknown_parameter', 'learning_rat', 'unknown parameter'],
    [{ compute_multiplier: 2 }, 'unsupported_parameter', 'compute_multiplier', 'not offered'],
  ])('names an unknown or impossible hyperparameter: %j', async (hyperparameters, code, name, text) => {
    const request = jobRequest(good.id);
    const { reinforcement } = request.method;
    const method = { ...request.method, reinforcement: { ...reinforcement, hyperparameters } };

    const answer = await post<ErrorBody>(jobs(), { ...request, method });

    expectError(answer, 400, code, `method.reinforcement.hyperparameters.${name}`);
    expect(answer.body.error.message).toContain(text);
  });

  it.each([
    [{ type: 'crpo', name: 'g', profile: 'none' }, 'profile'],
    [{ type: 'crpo', name: 'g', profile: 'crpo-paper', weight: 1 }, 'weight'],
    [{ type: 'oracle' }, 'type'],
    [
      { type: 'string_check', name: 'g', input: '{{ sample.answer }}', reference: '', operation: 'eq' },
      'input',
    ],
    [{ type: 'python', source: 'def score(): pass' }, 'source'],
    [
      { type: 'multi', graders: { a: { type: 'python', source: 'grade = max' } }, calculate_output: 'a +' },
      'calculate_output',
    ],
    [{ type: 'multi', graders: { a: { type: 'multi' } }, calculate_output: 'a' }, 'graders.a.type'],
  ])('names the field of a grader that does not validate: %j', async (grader, field) => {
    const request = jobRequest(good.id);

    const answer = await post<ErrorBody>(jobs(), {
      ...request,
      method: { type: 'reinforcement', reinforcement: { grader } },
    });

    expectError(answer, 400, 'invalid_grader', `method.reinforcement.grader.${field}`);
  });

  it('names the dataset line that lacks what a template names', async () => {
    const request = jobRequest(good.id);
    const texts = { input: '{{sample.output_text}}', reference: '{{item.no_such_field}}' };
    const grader = { type: 'string_check', name: 'g', operation: 'eq', ...texts };

    const answer = await post<ErrorBody>(jobs(), {
      ...request,
      method: { type: 'reinforcement', reinforcement: { grader } },
    });

    expectError(answer, 400, 'invalid_dataset', 'training_file');
    expect(answer.body.error.message).toContain('line 1: item.no_such_field is absent');
  });

  it('names a file that is not there', async () => {
    expectError(await post(jobs(), jobRequest('file-none')), 404, 'file_not_found', 'training_file');
    expectError(
      await post(jobs(), jobRequest(good.id, {}, { validation_file: 'file-none' })),
      404,
      'file_not_found',
      'validation_file',
    );
  });

  it.each([
    [[caseRow(0), 'not an object'], 'line 2: found "not an object", wanted a JSON object'],
    [[caseRow(0), caseRow(1), { ...caseRow(2), messages: [] }], 'line 3: messages: found []'],
    [[caseRow(0), { ...caseRow(1), gold: 'Z' }], 'line 2: item.gold is'],
    [[caseRow(0), { ...caseRow(1), gold: undefined }], 'line 2: item.gold is'],
  ])('names the dataset line and what is wrong with it (%#)', async (rows, text) => {
    const file = await upload(url, jsonl(rows));

    const answer = await post<ErrorBody>(jobs(), jobRequest(file.id));

    expectError(answer, 400, 'invalid_dataset', 'training_file');
    expect(answer.body.error.message).toContain(`training_file ${text}`);
  });

  it('is refused when it is not JSON, too large, or of another type', async () => {
    expectError(await post(jobs(), '{"model":'), 400, 'invalid_request', null);
    expectError(
      await post(jobs(), JSON.stringify({ x: 'x'.repeat(1_100_000) })),
      413,
      'body_too_large',
      null,
    );
    expectError(
      await call(jobs(), { method: 'POST', body: 'a=b', headers: { 'content-type': 'text/csv' } }),
      415,
      'unsupported_media_type',
      null,
    );
    expectError(await call(jobs(), { method: 'POST' }), 400, 'invalid_request', 'body');
  });

  it('leaves no job behind', async () => {
    const before = await call<ListObject<JobObject>>(`${jobs()}?limit=100`);

    await post(jobs(), { ...jobRequest(good.id), seed: -1 });
    await post(jobs(), jobRequest('file-none'));

    expect((await call<ListObject<JobObject>>(`${jobs()}?limit=100`)).body.data).toHaveLength(
      before.body.data.length,
    );
  });
});
