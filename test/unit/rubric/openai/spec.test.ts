import { createGrader, graderTypes, parseGraderSpec } from '@residency/rubric';
import { describe, expect, test } from 'vitest';

const check = {
  type: 'string_check',
  name: 'c',
  input: '{{sample.output_text}}',
  reference: '{{ item.x }}',
  operation: 'eq',
};
const similar = { type: 'text_similarity', name: 's', input: 'a', reference: 'b', evaluation_metric: 'bleu' };
const message = { role: 'user', content: 'judge {{sample.output_text}}' };
const score = { type: 'score_model', name: 'j', model: 'm', input: [message] };
const label = {
  type: 'label_model',
  name: 'l',
  model: 'm',
  input: [message],
  labels: ['a', 'b'],
  passing_labels: ['a'],
};
const python = { type: 'python', source: 'def grade(sample, item): return 1' };
const multi = { type: 'multi', graders: { check, score }, calculate_output: 'check + score' };

test('graders are of seven types', () => {
  expect(graderTypes).toEqual([
    ...['crpo', 'label_model', 'multi', 'python', 'score_model', 'string_check', 'text_similarity'],
  ]);
});

describe('a grader', () => {
  test.each([
    ['a string check', check],
    ['guides’ word for ne', { ...check, operation: 'neq' }],
    ['a similarity', { ...similar, pass_threshold: 0.5 }],
    [
      'a score',
      {
        ...score,
        range: [0, 10],
        pass_threshold: 7,
        sampling_params: { temperature: null, seed: 1, reasoning_effort: 'low' },
      },
    ],
    [
      'messages in parts',
      {
        ...score,
        input: [
          {
            type: 'message',
            role: 'developer',
            content: [{ type: 'input_text', text: 'a' }, 'b', { type: 'output_text', text: 'c' }],
          },
        ],
      },
    ],
    ['a part alone', { ...score, input: [{ role: 'system', content: { type: 'input_text', text: 'a' } }] }],
    ['a label', label],
    ['Python with an image', { ...python, name: 'p', image_tag: '2025-05-08' }],
    ['a formula over a map', multi],
    [
      'a formula over a list',
      {
        ...multi,
        graders: [check, { ...similar, name: 'with spaces' }],
        calculate_output: 'c + text_similarity_score + string_check_score',
      },
    ],
    [
      'a formula over crpo',
      { ...multi, graders: { r: { type: 'crpo', profile: 'crpo-paper' } }, calculate_output: 'r' },
    ],
  ])('may be %s', (_, spec) => {
    expect(parseGraderSpec(spec)).toMatchObject({ type: spec.type });
  });

  test('has its defaults filled in', () => {
    expect(parseGraderSpec(python)).toEqual({ type: 'python', name: 'python', source: python.source });
    expect(parseGraderSpec({ ...check, operation: 'neq' })).toMatchObject({ operation: 'ne' });
    expect(parseGraderSpec(score)).toMatchObject({
      range: [0, 1],
      pass_threshold: null,
      input: [{ role: 'user', texts: [message.content] }],
    });
  });

  const FIELD = 'RUBRIC_GRADER_FIELD';
  const UNKNOWN = 'RUBRIC_GRADER_UNKNOWN_FIELD';
  const TEMPLATE = 'RUBRIC_GRADER_TEMPLATE';
  test.each([
    [{ ...check, operation: 'regex' }, FIELD, 'operation', "one of: 'eq', 'ne', 'like', 'ilike'"],
    [{ ...check, input: 3 }, FIELD, 'input', 'grader.input is 3, want a string of 0 to 65536'],
    [{ ...check, case: true }, UNKNOWN, 'case', 'want: type, name, input'],
    [{ ...check, name: undefined }, FIELD, 'name', 'absent'],
    [{ ...check, input: '{{item.x' }, TEMPLATE, 'input', 'the braces at character 0 are not closed'],
    [{ ...check, input: '{{row.x}}' }, TEMPLATE, 'input', '{{row.x}} begins with neither item nor sample'],
    [{ ...check, input: '{{item}}' }, TEMPLATE, 'input', '{{item}} names no field of item'],
    [{ ...check, input: '{{item.a b}}' }, TEMPLATE, 'input', 'is not a path'],
    [{ ...check, input: '{{item.a[x]}}' }, TEMPLATE, 'input', 'is not a path'],
    [{ ...check, input: '{{item..a}}' }, TEMPLATE, 'input', 'is not a path'],
    [
      { ...check, reference: '{{sample.text}}' },
      TEMPLATE,
      'reference',
      'sample has only output_text, output_json',
    ],
    [{ ...check, input: '{{item.x}}'.repeat(65) }, TEMPLATE, 'input', 'more than 64 variables'],
    [{ ...similar, evaluation_metric: 'cosine' }, FIELD, 'evaluation_metric', 'cosine is for evals only'],
    [{ ...similar, evaluation_metric: 'rouge_6' }, FIELD, 'evaluation_metric', "'rouge_5', 'rouge_l'"],
    [{ ...similar, pass_threshold: 2 }, FIELD, 'pass_threshold', 'a number from 0 to 1'],
    [{ ...score, model: '' }, FIELD, 'model', '1 to 128 characters'],
    [{ ...score, input: [] }, FIELD, 'input', 'a list of 1 to 32 messages'],
    [
      { ...score, input: [{ ...message, role: 'tool' }] },
      FIELD,
      'input.0.role',
      'one of: assistant, developer, system, user',
    ],
    [
      {
        ...score,
        input: [{ ...message, content: [{ type: 'input_image', image_url: 'https://a.example/x.png' }] }],
      },
      FIELD,
      'input.0.content.0',
      'input_text or output_text',
    ],
    [
      { ...score, input: [{ ...message, content: '{{x}}' }] },
      TEMPLATE,
      'input.0.content',
      'begins with neither',
    ],
    [{ ...score, url: 'https://a.example' }, UNKNOWN, 'url', 'not a field'],
    [{ ...score, range: [1, 1] }, FIELD, 'range', 'the lower one first'],
    [{ ...score, range: [0, 1, 2] }, FIELD, 'range', 'two numbers'],
    [{ ...score, sampling_params: { temperature: 3 } }, FIELD, 'sampling_params.temperature', 'from 0 to 2'],
    [
      { ...score, sampling_params: { max_tokens: 3 } },
      FIELD,
      'sampling_params.max_tokens',
      'max_completions_tokens',
    ],
    [{ ...label, passing_labels: ['c'] }, FIELD, 'passing_labels', 'in labels too'],
    [{ ...label, labels: ['a', 'a'] }, FIELD, 'labels', 'different strings'],
    [{ ...python, source: '' }, FIELD, 'source', '1 to 262143 characters'],
    [{ ...python, source: `grade${'é'.repeat(140_000)}` }, FIELD, 'source', 'less than 262144 bytes'],
    [{ ...multi, graders: {} }, FIELD, 'graders', '1 to 16 graders'],
    [{ ...multi, graders: Array.from({ length: 17 }, () => check) }, FIELD, 'graders', '1 to 16 graders'],
    [{ ...multi, graders: { 'a b': check } }, FIELD, 'graders.a b', 'a name of letters'],
    [{ ...multi, graders: { max: check } }, FIELD, 'graders.max', 'no function of formulas'],
    [{ ...multi, graders: [check, check] }, FIELD, 'graders.1', 'a name that no other grader has'],
    [
      { ...multi, graders: { check: { ...check, operation: 'x' } } },
      FIELD,
      'graders.check.operation',
      'grader.graders.check.operation is "x"',
    ],
    [
      { ...multi, graders: { r: { type: 'crpo', profile: 'x' } } },
      FIELD,
      'graders.r.profile',
      'grader.graders.r.profile is "x"',
    ],
    [
      { ...multi, graders: { inner: multi } },
      FIELD,
      'graders.inner.type',
      'is "multi", want one of: \'crpo\'',
    ],
    [{ ...multi, graders: { a: 1 } }, FIELD, 'graders.a', 'an object'],
    [{ ...multi, calculate_output: 'check +' }, 'RUBRIC_GRADER_FORMULA', 'calculate_output', 'found the end'],
  ])('is refused with its field (%#)', (spec, code, param, text) => {
    expect(() => parseGraderSpec(spec)).toThrow(
      expect.objectContaining({ code, param, message: expect.stringContaining(text) }),
    );
  });

  test.each([
    [score, 'type'],
    [python, 'type'],
    [multi, 'graders.score.type'],
  ])('that needs a host is not made without one (%#)', (spec, param) => {
    expect(() => createGrader(spec)).toThrow(expect.objectContaining({ code: 'RUBRIC_GRADER_HOST', param }));
  });
});
