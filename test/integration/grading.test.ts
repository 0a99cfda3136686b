import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createGrader } from '@residency/rubric';
import {
  GraderPool,
  JudgeClient,
  judgeRetryPolicy,
  PythonSandboxes,
  SampleGrader,
} from '@residency/service-reward-rubric';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grader } from '../support/api.js';
import { type ChatServer, chatServer, completionOf } from '../support/chat-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const item = { question: 'Fever and cough?', choices: { A: 'pneumonia', B: 'asthma' }, gold: 'A' };
const completion = '<dx> (System 1: Intuitive) pneumonia </dx> <conclusion> \\boxed{A} </conclusion>';
const never = new AbortController().signal;

describe('the grading threads', () => {
  it('grade as the grader itself does', async () => {
    const pool = new GraderPool({ size: 2, timeoutMs: 5_000 });
    const task = { grader, item, completion };

    const grades = await Promise.all([1, 2, 3].map(() => pool.grade(task, never)));

    const { total, components } = createGrader(grader).grade({ item, completion });
    for (const grade of grades) expect(grade).toEqual({ total, components });
    await pool.close();
  });

  it('say why a sample could not be graded, and go on', async () => {
    const pool = new GraderPool({ size: 1, timeoutMs: 5_000 });

    const failed = await pool.grade({ grader, item: { ...item, gold: '?' }, completion }, never);
    const graded = await pool.grade({ grader, item, completion }, never);

    expect(failed).toMatchObject({
      failures: [{ code: 'grader_failed', detail: expect.stringContaining('item.gold') }],
    });
    expect(graded.failures).toBeUndefined();
    await pool.close();
  });

  it('are ended at the deadline, even in an endless loop, without holding up this one; the next sample is graded', async () => {
    await using folder = await temporaryFolder();
    const script = join(folder.path, 'thread.mjs');
    await writeFile(
      script,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ completion }) => {
         if (completion === 'loop') for (;;);
         if (completion === 'die') process.exit(3);
         if (completion === 'nan') parentPort.postMessage({ kind: 'grade', total: NaN, components: [] });
         else parentPort.postMessage({ kind: 'grade', total: 2, components: [] });
       });
       parentPort.postMessage({ kind: 'ready' });`,
    );
    const pool = new GraderPool({ size: 1, timeoutMs: 300, script: pathToFileURL(script) });
    const grade = (text: string) => pool.grade({ grader: {}, item: {}, completion: text }, never);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 10);

    const outcomes = [
      await grade('loop'),
      await grade('fine'),
      await grade('die'),
      await grade('nan'),
      await grade('fine'),
    ];
    clearInterval(ticking);

    expect(outcomes.map(({ total, failures }) => failures ?? total)).toEqual([
      [{ code: 'grader_deadline', detail: 'not graded within 300 ms' }],
      2,
      [{ code: 'grader_failed', detail: 'the thread ended with 3' }],
      [{ code: 'grader_failed', detail: 'total: found NaN, wanted a number' }],
      2,
    ]);
    expect(turns).toBeGreaterThan(10);
    await pool.close();
  });

  it('do not grade for a caller that has given up', async () => {
    const pool = new GraderPool({ size: 1, timeoutMs: 5_000 });

    await expect(pool.grade({ grader, item, completion }, AbortSignal.abort())).rejects.toThrow();
    await pool.close();
  });
});

describe('a sample', () => {
  let server: ChatServer;
  let samples: SampleGrader;
  const threads = new GraderPool({ size: 1, timeoutMs: 20_000 });
  const sandboxes = new PythonSandboxes({ size: 1, timeoutMs: 20_000, memoryMb: 128 });
  beforeAll(async () => {
    server = await chatServer(({ body }) => {
      const asked = JSON.stringify(body['messages']);
      if (asked.includes('down')) return { status: 500, body: '' };
      if (asked.includes('prose')) return completionOf('I would say 7');
      if (asked.includes('label')) return completionOf({ steps: [], result: 'good' });
      return completionOf({ steps: [{ description: 'd', conclusion: 'well\nfounded' }], result: 7 });
    });
    const settings = { url: server.url, apiKey: null, models: ['m'], timeoutMs: 20_000, concurrency: 4 };
    const judge = new JudgeClient(settings, { retry: { ...judgeRetryPolicy, baseMs: 1 } });
    samples = new SampleGrader({ threads, judge, sandboxes });
  });
  afterAll(() =>
    Promise.all([threads.close(), sandboxes.close(), server[Symbol.asyncDispose]()]).then(() => undefined),
  );

  const check = {
    type: 'string_check',
    input: '{{sample.output_text}}',
    reference: '{{item.gold}}',
    operation: 'like',
  };
  const score = {
    type: 'score_model',
    name: 's',
    model: 'm',
    input: [{ role: 'user', content: '{{sample.output_text}}' }],
    range: [0, 5],
  };
  const label = {
    type: 'label_model',
    name: 'l',
    model: 'm',
    input: [{ role: 'user', content: 'label {{sample.output_text}}' }],
    labels: ['good', 'bad'],
    passing_labels: ['good'],
  };
  const python = (body: string) => ({ type: 'python', source: `def grade(sample, item): ${body}` });
  const gradeOf = (spec: unknown, text: string) => samples.grade(spec, { item, completion: text }, never);

  it('is graded by all kinds of graders at once, each a component with its reason', async () => {
    const multi = {
      type: 'multi',
      graders: {
        check,
        score,
        label,
        length: python('return len(sample["output_text"])'),
        crpo: { ...grader, loopholes: 'off' },
      },
      calculate_output: '0.5 * check + score / 5 + max(label, 0) + length / 100 + 0 * crpo',
    };

    const grade = await gradeOf(multi, 'A, I think');

    if (!grade.graded) throw new Error(grade.message);
    expect(grade.total).toBeCloseTo(0.5 + 1 + 1 + 0.1, 12);
    expect(grade.components.map(({ name, value, weight }) => [name, value, weight])).toEqual([
      ['multi', grade.total, 1],
      ['check', 1, 0],
      ['score', 5, 0],
      ['label', 1, 0],
      ['length', 10, 0],
      ['crpo', 0.5, 0],
      ['crpo.accuracy', 0, 0],
      ['crpo.clinical_reasoning', 0, 0],
      ['crpo.consistency', 1, 0],
    ]);
    expect(grade.components[1]?.spans).toEqual([{ start: 0, end: 1 }]);
    expect(grade.components[2]?.reason).toBe('m gave 7, moved into 0 to 5: well founded');
    expect(grade.errors).toBeUndefined();
  });

  it('is forced into a schema by the request, whose settings are those of the grader', async () => {
    const own = { ...score, sampling_params: { temperature: 0.5, seed: 3, max_completions_tokens: 99 } };

    await gradeOf(own, 'unlike any other');

    expect(server.seen.at(-1)?.body).toMatchObject({
      model: 'm',
      messages: [{ role: 'user', content: 'unlike any other' }],
      temperature: 0.5,
      seed: 3,
      max_completion_tokens: 99,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'score', strict: true, schema: { required: ['steps', 'result'] } },
      },
    });
  });

  it('has a reward of 0 and the error where a grader gave no number', async () => {
    const outcomes = [
      await gradeOf({ ...score, range: [1, 5] }, 'prose'),
      await gradeOf(python('raise KeyError("dose")'), 'text'),
      await gradeOf(python('return "1"'), 'text'),
      await gradeOf({ ...check, name: 'c', reference: '{{sample.output_json.answer}}' }, 'no JSON'),
      await gradeOf({ ...check, name: 'c', reference: '{{sample.output_json.answer}}' }, '{}'),
    ];

    for (const outcome of outcomes) expect(outcome).toMatchObject({ graded: true, total: 0 });
    expect(outcomes.map(({ errors }) => errors)).toMatchObject([
      { model_grader_parse_error: true, python_grader_runtime_error: false },
      { python_grader_runtime_error: true, python_grader_runtime_error_details: "KeyError: 'dose'" },
      { python_grader_runtime_error: true, python_grader_runtime_error_details: 'grade gave a str' },
      { sample_parse_error: true, invalid_variable_error: false },
      { invalid_variable_error: true, sample_parse_error: false },
    ]);
  });

  it('has no reward but a reason where a grader could not be asked, alone or within a formula', async () => {
    const within = { type: 'multi', graders: { check, score }, calculate_output: 'check + score' };

    const outcomes = [
      await gradeOf(score, 'down'),
      await gradeOf(within, 'down'),
      await gradeOf({ ...score, model: 'x' }, 'text'),
      await gradeOf({ ...check, name: 'c', reference: '{{item.none}}' }, 'text'),
      await gradeOf({ type: 'oracle' }, 'text'),
    ];

    expect(outcomes).toMatchObject([
      { graded: false, reason: 'model_unavailable', errors: { model_grader_server_error: true } },
      { graded: false, reason: 'model_unavailable', errors: { model_grader_server_error: true } },
      { graded: false, reason: 'model_not_allowed', errors: { model_grader_server_error: true } },
      { graded: false, reason: 'item_variable_missing', errors: { invalid_variable_error: true } },
      { graded: false, reason: 'grader_failed', errors: { other_error: true } },
    ]);
  });
});
