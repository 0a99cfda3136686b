import { createGrader, createItemCheck, findText, MAX_RENDERED, MAX_SPANS, Meter } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const check = {
  type: 'string_check',
  name: 'c',
  input: '{{sample.output_text}}',
  reference: '{{item.gold}}',
  operation: 'eq',
};
const similar = {
  type: 'text_similarity',
  name: 's',
  input: check.input,
  reference: '{{item.gold}}',
  evaluation_metric: 'rouge_1',
};
const grade = (
  spec: unknown,
  completion: string,
  item: Readonly<Record<string, unknown>> = { gold: 'Sepsis' },
) => createGrader(spec).grade({ item, completion });

describe('string_check', () => {
  test.each([
    ['eq', 'Sepsis', 1],
    ['eq', 'sepsis', 0],
    ['ne', 'Sepsis', 0],
    ['ne', 'Sepsis.', 1],
    ['like', 'It is Sepsis, I say', 1],
    ['like', 'It is sepsis', 0],
    ['ilike', 'it is SEPSIS', 1],
    ['ilike', 'it is pneumonia', 0],
  ])('%s of %j is %d', (operation, completion, value) => {
    expect(grade({ ...check, operation }, completion).total).toBe(value);
  });

  test('folds case beyond ASCII, and keeps places where a lower case is longer', () => {
    const found = grade({ ...check, operation: 'ilike' }, 'İİ ÉTÉ été', { gold: 'Été' });

    expect(found.components[0]?.spans).toEqual([
      { start: 3, end: 6 },
      { start: 7, end: 10 },
    ]);
  });

  test('shows evidence in the completion, whatever stands around it in the template', () => {
    const own = {
      ...check,
      input: 'Sepsis? {{ sample.output_text }} / {{sample.output_text}}',
      operation: 'like',
    };

    expect(grade(own, 'no, Sepsis').components[0]?.spans).toEqual([
      { start: 4, end: 10 },
      { start: 4, end: 10 },
    ]);
  });
});

describe('templates', () => {
  const item = { gold: 'A', n: 1.5, list: [{ name: 'x' }, null], deep: { a: { b: true } }, '0': 'zero' };
  test.each([
    ['{{item.n}}', '1.5'],
    ['{{ item.deep }}', '{"a":{"b":true}}'],
    ['{{item.deep.a.b}}', 'true'],
    ['{{item.list[0].name}}', 'x'],
    ['{{item.list[1]}}', 'null'],
    ['{{item.0}}', 'zero'],
    ['{{sample.output_json.answer[1]}}', '2'],
    ['{{sample.choices[0].message.content}}', '{"answer":[1,2]}'],
    ['{{sample.output_tools}}{{sample.output_audio}}', '[]null'],
    ['{ {item.n} } }}', '{ {item.n} } }}'],
  ])('%s is %j', (input, reference) => {
    expect(grade({ ...check, input, reference }, '{"answer":[1,2]}', item).total).toBe(1);
  });

  test.each([
    ['{{item.none}}', 'item_variable_missing'],
    ['{{item.list[2]}}', 'item_variable_missing'],
    ['{{item.constructor}}', 'item_variable_missing'],
    ['{{item.gold.length}}', 'item_variable_missing'],
    ['{{sample.output_json.answer}}', 'sample_not_json'],
  ])('%s has no value: %s', (input, code) => {
    expect(grade({ ...check, input }, 'text', item)).toMatchObject({ total: 0, failures: [{ code }] });
  });

  test('that make too long a text, cost the sample a reason; JSON of any depth gets a grade', () => {
    const long = grade({ ...check, input: '{{sample.output_text}}'.repeat(5) }, 'x'.repeat(MAX_RENDERED / 4));
    const deep = grade({ ...check, input: '{{sample.output_json}}' }, `${'['.repeat(1e5)}${']'.repeat(1e5)}`);

    expect(long.failures).toMatchObject([{ code: 'text_too_long' }]);
    expect(deep).toMatchObject({ total: 0, components: [{ name: 'c', value: 0 }] });
  });

  test('are held against every row before a run', () => {
    const spec = { type: 'multi', graders: { check, similar }, calculate_output: 'check' };
    const check2 = createItemCheck(spec);

    expect(() => check2({ gold: 'x' })).not.toThrow();
    expect(() => check2({})).toThrow(
      expect.objectContaining({
        code: 'RUBRIC_ITEM_VARIABLE',
        param: 'item.gold',
        message: expect.stringContaining('item.gold is absent'),
      }),
    );
    expect(() => createItemCheck({ type: 'crpo', name: 'r', profile: 'crpo-paper' })({})).toThrow(
      expect.objectContaining({ code: 'RUBRIC_ITEM_GOLD' }),
    );
  });
});

test('text_similarity shows the shared words and whether the threshold is reached', () => {
  const { total, components } = grade({ ...similar, pass_threshold: 0.5 }, 'the sepsis of', {
    gold: 'Sepsis is it',
  });

  expect(total).toBeCloseTo(1 / 3, 12);
  expect(components).toMatchObject([
    { name: 's', weight: 1, spans: [{ start: 4, end: 10 }] },
    { name: 's.passed', value: 0, weight: 0, reason: expect.stringContaining('is below the threshold 0.5') },
  ]);
});

describe('multi', () => {
  const spec = { type: 'multi', graders: { check, similar }, calculate_output: '2 * check + similar' };

  test('is the formula of its graders, which are reported', () => {
    const { total, components } = grade(spec, 'Sepsis');

    expect(total).toBe(3);
    expect(components.map(({ name, value, weight }) => [name, value, weight])).toEqual([
      ['multi', 3, 1],
      ['check', 1, 0],
      ['similar', 1, 0],
    ]);
  });

  test('without a finite value is 0, with the reason', () => {
    const own = { ...spec, calculate_output: '1 / check' };

    expect(grade(own, 'Sepsis').failures).toBeUndefined();
    expect(grade(own, 'else')).toMatchObject({
      total: 0,
      failures: [{ code: 'formula_not_finite', detail: '1 / check gave Infinity' }],
    });
  });
});

test('any completion and row get a grade whose components add up to it, with evidence inside the text', () => {
  const specs = [
    ...['eq', 'ne', 'like', 'ilike'].map((operation) => ({ ...check, operation })),
    { ...check, reference: '{{sample.output_json.a}}' },
    { ...similar, evaluation_metric: 'fuzzy_match' },
    { type: 'multi', graders: { check, similar }, calculate_output: 'log(check) ^ 2 - similar / check' },
  ].map((spec) => createGrader(spec));
  const json = fc.json({ maxDepth: 3 });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), json), fc.jsonValue(), (completion, gold) => {
      for (const grader of specs) {
        const { total, components } = grader.grade({ item: { gold }, completion });
        expect(Number.isFinite(total)).toBe(true);
        expect(components.reduce((sum, { value, weight }) => sum + value * weight, 0)).toBe(total);
        for (const { spans, reason } of components) {
          expect(reason).toMatch(/^[^\n]+$/);
          expect(spans.length).toBeLessThanOrEqual(MAX_SPANS);
          for (const { start, end } of spans)
            expect(0 <= start && start < end && end <= completion.length).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('a text is found where the standard search finds it, without overlaps', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 });
  fc.assert(
    fc.property(
      letters,
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 }),
      (whole, part) => {
        const want: number[] = [];
        for (let at = whole.indexOf(part); at !== -1; at = whole.indexOf(part, at + part.length))
          want.push(at);
        const found = findText(whole, part, { most: 100, meter: new Meter() });
        expect(found).toEqual(want.map((start) => ({ start, end: start + part.length })));
      },
    ),
    { numRuns: 2000 },
  );
});

test('string_check takes work linear in a megabyte, whatever is looked for', () => {
  const completion = 'a'.repeat(2 ** 20);
  const half = 'a'.repeat(2 ** 18);
  for (const operation of ['eq', 'ne', 'like', 'ilike']) {
    for (const gold of ['b', 'aa', `${half}b${half}`, `${half}${half}b`, `b${half}`]) {
      let work = 0;
      const grader = createGrader({ ...check, operation }, { onWork: (steps) => (work = steps) });

      grader.grade({ item: { gold }, completion });

      expect(work).toBeLessThanOrEqual(3 * (completion.length + gold.length));
      expect(work).toBeGreaterThanOrEqual(1);
    }
  }
});
