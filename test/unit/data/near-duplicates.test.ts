import { findNearDuplicates, jaccard, shinglesOf, wordsOf } from '@residency/data';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const compared = (text: string, part: 0 | 1 = 0) => ({
  hash: wordsOf(text).join(' '),
  shingles: shinglesOf(wordsOf(text), 3),
  part,
});

/** Jaccard similarity of two texts' word triples, from sets of texts. */
function similarity(a: string, b: string): number {
  const triples = (text: string) => {
    const words = wordsOf(text);
    return new Set(words.slice(2).map((_, at) => words.slice(at, at + 3).join(' ')));
  };
  const [first, second] = [triples(a), triples(b)];
  const shared = [...first].filter((triple) => second.has(triple)).length;
  return shared / (first.size + second.size - shared);
}

const word = fc.stringMatching(/^[a-z]{3,8}$/);
const longText = fc.array(word, { minLength: 40, maxLength: 120 });

describe('words', () => {
  test('know no case, punctuation, spacing or compatible characters', () => {
    expect(wordsOf('Na+ of 130\u00a0mmol/L,\n ﬁbre-rich; β-Blocker')).toEqual([
      'na',
      'of',
      '130',
      'mmol',
      'l',
      'fibre',
      'rich',
      'β',
      'blocker',
    ]);
    expect(wordsOf(' -- ')).toEqual([]);
  });
});

describe('shingles', () => {
  test('are as many as the different sequences of words, ascending', () => {
    const shingles = shinglesOf(['a', 'b', 'c', 'a', 'b', 'c', 'd'], 3);

    // abc, bca, cab, bcd
    expect(shingles).toHaveLength(4);
    expect([...shingles]).toEqual([...shingles].sort((a, b) => a - b));
    expect(shinglesOf(['a', 'b'], 3)).toHaveLength(1);
    expect(shinglesOf([], 3)).toHaveLength(0);
  });

  test('tell sequences apart that share their letters', () => {
    expect(jaccard(shinglesOf(['ab', 'c', 'd'], 3), shinglesOf(['a', 'bc', 'd'], 3))).toBe(0);
    expect(jaccard(shinglesOf(['a', 'b', 'c'], 3), shinglesOf(['c', 'b', 'a'], 3))).toBe(0);
    expect(jaccard(shinglesOf([], 3), shinglesOf([], 3))).toBe(0);
  });

  test('give the exact Jaccard similarity', () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 3, maxLength: 30 }),
        fc.nat({ max: 29 }),
        word,
        (words, at, other) => {
          const changed = words.with(at % words.length, other);
          const [a, b] = [words.join(' '), changed.join(' ')];

          expect(jaccard(shinglesOf(words, 3), shinglesOf(changed, 3))).toBeCloseTo(similarity(a, b), 12);
        },
      ),
    );
  });
});

describe('findNearDuplicates', () => {
  test('finds every planted near-duplicate and nothing else', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(longText, { minLength: 2, maxLength: 12, selector: String }),
        fc.nat(),
        (texts, pick) => {
          const planted = pick % texts.length;
          const original = texts[planted] ?? [];
          // One changed word spoils three triples of at least 38.
          const copy = original.with(pick % original.length, 'planted');
          const all = [...texts, copy].map((words) => words.join(' '));
          const wanted = all.flatMap((a, first) =>
            all.slice(first + 1).flatMap((b, offset) => {
              const value = similarity(a, b);
              return value >= 0.7 ? [[first, first + 1 + offset, value] as const] : [];
            }),
          );

          const { pairs } = findNearDuplicates(
            all.map((text) => compared(text)),
            { threshold: 0.7 },
          );

          expect(wanted.length).toBeGreaterThan(0);
          expect(pairs.map(({ first, second }) => [first, second]).sort()).toEqual(
            wanted.map(([first, second]) => [first, second]).sort(),
          );
          for (const [first, second, value] of wanted) {
            expect(
              pairs.find((pair) => pair.first === first && pair.second === second)?.similarity,
            ).toBeCloseTo(value, 12);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('gives the same pairs whatever the order, and the same again', () => {
    const texts = Array.from({ length: 60 }, (_, at) =>
      Array.from({ length: 30 }, (__, place) =>
        place === at % 20 ? `w${at}` : `common${place}-${at % 3}`,
      ).join(' '),
    );
    const found = (order: readonly string[]) =>
      findNearDuplicates(
        order.map((text) => compared(text)),
        { threshold: 0.5 },
      )
        .pairs.map(({ first, second, similarity: value }) => [
          [order[first], order[second]].sort().join('|'),
          value,
        ])
        .sort();

    expect(found(texts).length).toBeGreaterThan(50);
    expect(found(texts.toReversed())).toEqual(found(texts));
  });

  test('compares each text with a bounded number of others, and says where pairs may be missing', () => {
    const stem = Array.from({ length: 200 }, (_, at) => `word${at}`);
    const texts = Array.from({ length: 1_000 }, (_, at) => compared(stem.with(100, `case${at}`).join(' ')));

    const { comparisons, crowded, pairs } = findNearDuplicates(texts);

    expect(comparisons).toBeLessThanOrEqual(64 * texts.length);
    expect(crowded).toBe(1_000);
    // None of them is left without a look-alike.
    expect(new Set(pairs.flatMap(({ first, second }) => [first, second])).size).toBe(1_000);
  });

  test('does not let one part crowd the other out', () => {
    const stem = Array.from({ length: 60 }, (_, at) => `word${at}`);
    const train = Array.from({ length: 200 }, (_, at) => compared(stem.with(30, `case${at}`).join(' ')));
    const held = compared(stem.with(30, 'held').join(' '), 1);

    const { pairs } = findNearDuplicates([...train, held]);

    expect(pairs.filter(({ second }) => second === 200)).toHaveLength(200);
  });

  test('leaves equal texts and texts without words alone', () => {
    expect(
      findNearDuplicates([
        compared('the same text'),
        compared('The same text!'),
        compared('??'),
        compared('--'),
      ]),
    ).toEqual({
      pairs: [],
      comparisons: 0,
      crowded: 0,
    });
  });

  test.each([
    { threshold: 0 },
    { threshold: 1.1 },
    { threshold: Number.NaN },
    { seed: -1 },
    { seed: 2 ** 32 },
  ])('refuses %j', (options) => {
    expect(() => findNearDuplicates([], options)).toThrow(expect.objectContaining({ code: 'DATA_SETTING' }));
  });
});
