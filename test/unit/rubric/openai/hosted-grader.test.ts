import {
  type ChatOutcome,
  createHostedGrader,
  failedGrade,
  type GraderHost,
  readUsage,
} from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const score = {
  type: 'score_model',
  name: 'judge',
  model: 'm',
  input: [{ role: 'user', content: '{{sample.output_text}}' }],
  range: [0, 1],
};
const label = {
  ...score,
  type: 'label_model',
  labels: ['yes', 'no'],
  passing_labels: ['yes'],
  range: undefined,
};
const { range: _, ...labelSpec } = label;

/** A host whose endpoint answers with this body, and whose other parts are never asked. */
const hostOf = (body: string): GraderHost => ({
  chat: async (): Promise<ChatOutcome> => ({ ok: true, body }),
  text: async () => failedGrade('text', { code: 'grader_failed', detail: 'asked' }),
  python: async () => ({ ok: false, code: 'python_crashed', detail: 'asked' }),
});

const gradeOf = (spec: unknown, body: string) =>
  createHostedGrader(spec).grade({ item: {}, completion: 'text' }, hostOf(body));

const answer = (message: unknown, finish = 'stop') =>
  JSON.stringify({ choices: [{ message, finish_reason: finish }] });
const says = (content: unknown) =>
  answer({ content: typeof content === 'string' ? content : JSON.stringify(content) });

describe('score_model', () => {
  test.each([
    [0.25, 0.25],
    [7, 1],
    [-3, 0],
    [1, 1],
  ])('moves %d into its range: %d', async (result, value) => {
    const grade = await gradeOf(score, says({ steps: [], result }));

    expect(grade).toMatchObject({ total: value, components: [{ name: 'judge', value, weight: 1 }] });
    expect(grade.failures).toBeUndefined();
  });

  test.each([
    [says({ result: '0.5' }), 'model_not_number', 'result is 0.5'],
    [says({ result: null }), 'model_not_number', 'result is null'],
    [says({ score: 1 }), 'model_not_number', 'result is absent'],
    [says('0.5'), 'model_not_number', 'no JSON object: 0.5'],
    [says('```json\n{"result": 1}\n```'), 'model_not_number', 'no JSON object'],
    [says('{"result": 1'), 'model_not_number', 'no JSON object'],
    [answer({ content: null }), 'model_not_number', 'no text'],
    [answer({ content: '{"result":1}', refusal: 'I cannot' }), 'model_refusal', 'I cannot'],
    [answer({ content: '{"result":1}' }, 'content_filter'), 'model_refusal', 'content filter'],
    [JSON.stringify({ choices: [] }), 'model_unavailable', 'no completion'],
    ['<html>', 'model_unavailable', 'no completion: <html>'],
  ])('of another answer is 0, with the reason (%#)', async (body, code, detail) => {
    expect(await gradeOf(score, body)).toMatchObject({
      total: 0,
      failures: [{ code, detail: expect.stringContaining(detail) }],
    });
  });
});

describe('label_model', () => {
  test.each([
    ['yes', 1],
    ['no', 0],
  ])('of %s is %d', async (result, value) => {
    expect(await gradeOf(labelSpec, says({ steps: [], result }))).toMatchObject({ total: value });
  });

  test('of no label is 0, with the reason', async () => {
    expect(await gradeOf(labelSpec, says({ result: 'maybe' }))).toMatchObject({
      total: 0,
      failures: [{ code: 'model_unknown_label', detail: 'result is maybe, none of the labels' }],
    });
  });
});

test('any answer of an endpoint gets a finite grade, and is counted', async () => {
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.json().map(says),
    fc.jsonValue().map((value) => says({ result: value })),
  );
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom(score, labelSpec), async (text, spec) => {
      const { total, components } = await gradeOf(spec, text);
      expect(total).toBeGreaterThanOrEqual(0);
      expect(total).toBeLessThanOrEqual(1);
      expect(components[0]?.reason).toMatch(/^[^\n]+$/);
      expect(readUsage(text).prompt).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 500 },
  );
});

test('a grader of text alone goes to the host as a whole, others leaf by leaf', async () => {
  const asked: unknown[] = [];
  const host: GraderHost = {
    ...hostOf(says({ result: 1 })),
    text: async (grader) => {
      asked.push(grader);
      return { total: 1, components: [{ name: 'x', value: 1, weight: 1, spans: [], reason: 'r' }] };
    },
  };
  const check = { type: 'string_check', input: 'a', reference: 'a', operation: 'eq' };
  const text = { type: 'multi', graders: { check }, calculate_output: 'check' };
  const mixed = { type: 'multi', graders: { check, score }, calculate_output: 'check + score' };

  await createHostedGrader(text).grade({ item: {}, completion: '' }, host);
  const { total } = await createHostedGrader(mixed).grade({ item: {}, completion: '' }, host);

  expect(asked).toEqual([text, { ...check, name: 'check' }]);
  expect(total).toBe(2);
});
