import { createSplitter, NearSplit } from '@residency/data';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const questions = Array.from({ length: 4_000 }, (_, at) => ({ question: `Case ${at}: which drug?` }));

describe('createSplitter', () => {
  test('sends each case to the same part, whatever surrounds it', () => {
    const part = createSplitter({ share: 0.2, seed: 3 });
    const again = createSplitter({ share: 0.2, seed: 3 });

    const first = new Map(questions.map((each) => [each.question, part(each)]));

    for (const each of questions.toReversed()) expect(again(each)).toBe(first.get(each.question));
    expect(part({ question: 'case 7,  WHICH drug' })).toBe(first.get('Case 7: which drug?'));
  });

  test('keeps the share, and what it held out when the share grows', () => {
    const few = createSplitter({ share: 0.1 });
    const more = createSplitter({ share: 0.3 });
    const held = questions.filter((each) => few(each) === 'eval');

    // Four standard deviations of a binomial share: sqrt(0.1 * 0.9 / 4000) = 0.0047.
    expect(Math.abs(held.length / questions.length - 0.1)).toBeLessThan(0.019);
    expect(held.every((each) => more(each) === 'eval')).toBe(true);
  });

  test('is another split under another seed', () => {
    const parts = [0, 1].map((seed) => questions.map(createSplitter({ share: 0.5, seed })));

    const same = questions.filter((_, at) => parts[0]?.[at] === parts[1]?.[at]).length;

    expect(Math.abs(same / questions.length - 0.5)).toBeLessThan(0.04);
  });

  test.each([
    { share: 0 },
    { share: 1 },
    { share: Number.NaN },
    { share: 0.1, seed: -1 },
    { share: 0.1, seed: 0.5 },
  ])('refuses %j', (options) => {
    expect(() => createSplitter(options)).toThrow(expect.objectContaining({ code: 'DATA_SETTING' }));
    expect(() => new NearSplit(options)).toThrow(expect.objectContaining({ code: 'DATA_SETTING' }));
  });
});

describe('NearSplit', () => {
  const stem = (family: number) => Array.from({ length: 40 }, (_, at) => `f${family}w${at}`);
  /** Families of three cases: the second is like the first, the third like the second alone. */
  const families = Array.from({ length: 40 }, (_, family) => {
    const first = stem(family);
    const second = first.with(20, 'other').with(21, 'words');
    const third = second.with(5, 'and').with(33, 'more');
    return [first, second, third].map((words) => ({ question: words.join(' ') }));
  });
  const partsOf = (order: readonly { readonly question: string }[]) => {
    const split = new NearSplit({ share: 0.5, threshold: 0.7 });
    for (const each of order) split.add(each);
    return new Map(order.map((each) => [each.question, split.partOf(each)]));
  };

  test('keeps chains of near-duplicates in one part, and uses both parts', () => {
    const parts = partsOf(families.flat());

    const byFamily = families.map((family) => new Set(family.map(({ question }) => parts.get(question))));
    expect(byFamily.every((found) => found.size === 1)).toBe(true);
    expect(new Set(parts.values())).toEqual(new Set(['train', 'eval']));
    // The plain split would have torn some of them.
    const plain = createSplitter({ share: 0.5 });
    expect(families.some((family) => new Set(family.map(plain)).size > 1)).toBe(true);
  });

  test('does not depend on the order of rows', () => {
    const all = families.flat();
    const wanted = partsOf(all);

    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
        expect(partsOf(order)).toEqual(
          new Map(order.map(({ question }) => [question, wanted.get(question)])),
        );
      }),
      { numRuns: 10 },
    );
  });
});
