import { createGrader, findStructure, MAX_SPANS, TextScan } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const spec = { type: 'crpo', name: 'clinical', profile: 'crpo-paper' };

describe('createGrader', () => {
  const bad = [
    ['no object', 'crpo', 'RUBRIC_GRADER_NOT_OBJECT', '', 'grader is "crpo"'],
    ['a list', [], 'RUBRIC_GRADER_NOT_OBJECT', '', 'want an object'],
    ['nothing', null, 'RUBRIC_GRADER_NOT_OBJECT', '', 'grader is null'],
    ['no type', { name: 'a' }, 'RUBRIC_GRADER_FIELD', 'type', "grader.type is absent, want one of: 'crpo'"],
    ['another type', { ...spec, type: 'sql' }, 'RUBRIC_GRADER_FIELD', 'type', 'grader.type is "sql"'],
    ['no name', { ...spec, name: undefined }, 'RUBRIC_GRADER_FIELD', 'name', '1 to 64 characters'],
    ['a long name', { ...spec, name: 'x'.repeat(65) }, 'RUBRIC_GRADER_FIELD', 'name', '1 to 64 characters'],
    ['no profile', { ...spec, profile: undefined }, 'RUBRIC_GRADER_FIELD', 'profile', "'crpo-paper'"],
    [
      'a negative k',
      { ...spec, k: -1 },
      'RUBRIC_GRADER_FIELD',
      'k',
      'grader.k is -1, want a number from 0 to 1000',
    ],
    ['k that is no number', { ...spec, k: Number.NaN }, 'RUBRIC_GRADER_FIELD', 'k', 'grader.k is'],
    ['k in words', { ...spec, k: '10' }, 'RUBRIC_GRADER_FIELD', 'k', 'grader.k is "10"'],
    [
      'another predicate',
      { ...spec, crossref: 'fuzzy' },
      'RUBRIC_GRADER_FIELD',
      'crossref',
      "'case', 'lexical'",
    ],
    ['another verifier', { ...spec, verifier: 'ward' }, 'RUBRIC_GRADER_FIELD', 'verifier', "'bedside'"],
    [
      'a misspelt field',
      { ...spec, cros: 1 },
      'RUBRIC_GRADER_UNKNOWN_FIELD',
      'cros',
      'grader.cros is not a field',
    ],
  ] as const;

  test.each(bad)('refuses %s', (_, grader, code, param, message) => {
    expect(() => createGrader(grader)).toThrow(
      expect.objectContaining({ code, param, message: expect.stringContaining(message) }),
    );
  });

  test('keeps its name', () => {
    expect(createGrader(spec).name).toBe('clinical');
  });
});

describe('items', () => {
  const bad = [
    [{}, 'item.gold is absent, want one capital letter A-Z'],
    [{ gold: 'c' }, 'item.gold is "c"'],
    [{ gold: 'Ceftriaxone' }, 'item.gold is "Ceftriaxone"'],
    [{ gold: 'AB' }, 'item.gold is "AB"'],
    [{ gold: 3 }, 'item.gold is 3'],
    [{ gold: 'F', choices: { A: 'x', B: 'y' } }, "item.gold is 'F', want one of the item's choices"],
  ] as const;

  test.each(bad)('are refused for their gold: %j', (item, message) => {
    expect(() => createGrader(spec).grade({ item, completion: '' })).toThrow(
      expect.objectContaining({
        code: 'RUBRIC_ITEM_GOLD',
        param: 'item.gold',
        message: expect.stringContaining(message),
      }),
    );
  });
});

/** Texts made of the pieces that rules look for, and of anything else. */
const known = fc.constantFrom(
  ...['<dx>', '</dx>', '<conclusion>', '</conclusion>', '\\boxed', '{', '}', 'C', '\n', ' ', '\u00a0', '<'],
  ...['\ud800', '\udc00', '😀', 'urea 9.5 '],
);
const joined = (piece: fc.Arbitrary<string>) =>
  fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
const text = joined(fc.oneof(known, fc.string({ unit: 'binary', maxLength: 4 })));

describe('any completion', () => {
  test('gets a grade within the range of the rules, with evidence inside the text', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('lexical', 'case'), (completion, crossref) => {
        const item = { gold: 'C', question: 'urea 9.5?' };
        const given = createGrader({ ...spec, crossref }).grade({ item, completion });
        const [accuracy, reasoning, consistency] = given.components;
        expect([0, 1]).toContain(accuracy?.value);
        expect([0, 1, 1.5]).toContain(reasoning?.value);
        expect(consistency?.value).toBeGreaterThanOrEqual(0);
        expect(consistency?.value).toBeLessThanOrEqual(1);
        for (const { spans, reason } of given.components) {
          expect(reason).toMatch(/^[^\n]+$/);
          for (const { start, end } of spans) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThanOrEqual(start);
            expect(end).toBeLessThanOrEqual(completion.length);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('has the structure that the published pattern, with the new tag names, finds', () => {
    // The pattern backtracks; it serves here only, on short texts, as the independent definition.
    const pattern = /^<dx>(.*?)<\/dx>\s*<conclusion>(.*?)<\/conclusion>$/ds;
    fc.assert(
      fc.property(joined(known), (inner) => {
        for (const completion of [inner, `<dx>${inner}</conclusion>`]) {
          const match = pattern.exec(completion);
          const got = findStructure(new TextScan(completion), { start: 0, end: completion.length });
          expect(got.found).toBe(match !== null);
          if (!got.found || match?.indices === undefined) continue;
          expect([got.reasoning.start, got.reasoning.end]).toEqual(match.indices[1]);
          expect([got.answer.start, got.answer.end]).toEqual(match.indices[2]);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('adversarial completions of a megabyte', () => {
  const size = 1_000_000;
  const filled = (unit: string) => unit.repeat(Math.ceil(size / unit.length));
  const wrapped = (inside: string) => `<dx>${inside}</dx><conclusion>${inside}</conclusion>`;
  const texts = [
    ['closing tags', `<dx>${filled('</dx>')}</conclusion>`],
    ['closing tags and spaces', `<dx>${filled('</dx>          ')}</conclusion>`],
    ['closing tags with a broken conclusion', `<dx>${filled('</dx><conclusio')}</conclusion>`],
    ['spaces alone', filled(' ')],
    ['unclosed boxes', wrapped(filled('\\boxed{'))],
    ['one unclosed box', wrapped(`\\boxed{${filled('a')}`)],
    ['boxes without braces', filled('\\boxed')],
    ['a single long word', wrapped(filled('a'))],
    ['joiners', wrapped(`a${filled('-')}`)],
    ['angle brackets', wrapped(filled('<'))],
    ['tags', wrapped(filled('<conclusion>'))],
    ['different words', wrapped(Array.from({ length: 100_000 }, (_, index) => `word${index}`).join(' '))],
    ['words of one letter', wrapped(filled('a '))],
    ['letters with accents', wrapped(filled('\u00e9'))],
    ['emoji', wrapped(filled('😀'))],
    ['half emoji', wrapped(filled('\ud83d'))],
  ] as const;

  test.each(texts)('%s: each character is read a bounded number of times', (_, completion) => {
    let work = 0;
    const grader = createGrader(
      { ...spec, crossref: 'case' },
      { onWork: (characters) => (work = characters) },
    );

    const given = grader.grade({ item: { gold: 'C', question: 'word1 word2' }, completion });

    // The dearest character is '<': 34 to compare with four tags, and one each for the scans.
    expect(work).toBeLessThan(45 * completion.length);
    expect(work).toBeGreaterThanOrEqual(completion.length);
    for (const { spans } of given.components) expect(spans.length).toBeLessThanOrEqual(MAX_SPANS);
  });

  const safetyTexts = [
    ...texts,
    ['joined words', wrapped(filled('a-'))],
    ['negated phrases', wrapped(filled('no a '))],
    ['warnings', wrapped(filled('a is really very '))],
    ['questions', wrapped(filled('a? no. '))],
    ['words and boxes', wrapped(filled('a \\boxed{a} '))],
    ['numbers with stops', wrapped(filled('1.'))],
  ] as const;

  const workOf = (completion: string, forbidden: readonly string[]): number => {
    let work = 0;
    const grader = createGrader(
      { ...spec, safety: { scope: 'text' } },
      { onWork: (characters) => (work = characters) },
    );
    grader.grade({ item: { gold: 'C', forbidden, required: forbidden }, completion });
    return work;
  };

  test.each(safetyTexts)('%s: safety rules read them a bounded number of times', (_, completion) => {
    // What the other rules read and, for '<', another 34 characters compared with tags.
    expect(workOf(completion, ['a', 'a a'])).toBeLessThan(85 * completion.length);
  });

  test('statements are looked for in what was read once', () => {
    const unit = fc.constantFrom(
      'a',
      ' ',
      '-',
      '.',
      '?',
      '<',
      '{',
      '\\boxed{',
      '</dx>',
      '1',
      'no ',
      ' is not ',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 200 }), (units) => {
        const text = units.join('');
        const work = workOf(text, ['a', 'a a', '1']);
        // Of an empty text, where tags would stand is looked at.
        expect(work).toBeLessThanOrEqual(85 * text.length + 16);
        // More statements read no more of the text.
        expect(workOf(text, ['a', 'a a', '1', 'no', '1 a', 'b'])).toBe(work);
      }),
      { numRuns: 500 },
    );
  });
});
