import {
  analyse,
  buildSearchIndex,
  generatedShop,
  quantisedLength,
  searchableText,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Length as Lucene's byte gives it back, found by trying all 256 bytes in turn. */
function decodedLength(length: number): number {
  let best = 0;
  for (let byte = 0; byte < 256; byte++) {
    const code = byte - 24;
    const shift = Math.floor(code / 8) - 1;
    const value = byte < 24 ? byte : 24 + (shift < 0 ? code : ((code % 8) + 8) * 2 ** shift);
    if (value <= length) best = Math.max(best, value);
  }
  return best;
}

/** The formula of specs/webshop.md section 6, for every document and every word of the query, one by one. */
function bruteForce(documents: readonly string[], query: string): { document: number; score: number }[] {
  const bags = documents.map(analyse);
  const mean = bags.reduce((sum, bag) => sum + bag.length, 0) / bags.length;
  const scores = bags.map((_, document) => ({ document, score: 0 }));
  for (const term of analyse(query)) {
    const df = bags.filter((bag) => bag.includes(term)).length;
    const idf = Math.log(1 + (bags.length - df + 0.5) / (df + 0.5));
    for (const [document, bag] of bags.entries()) {
      const tf = bag.filter((other) => other === term).length;
      const norm = 0.9 * (1 - 0.4 + (0.4 * decodedLength(bag.length)) / mean);
      const entry = scores[document];
      if (entry !== undefined) entry.score += (idf * tf) / (tf + norm);
    }
  }
  return scores
    .filter(({ score }) => score > 0)
    .sort((a, b) => Math.fround(b.score) - Math.fround(a.score) || a.document - b.document);
}

function expectSame(documents: readonly string[], query: string): void {
  const found = buildSearchIndex(documents).search(query, 1_000);
  const want = bruteForce(documents, query);
  expect(found.map(({ document }) => document).sort((a, b) => a - b)).toEqual(
    want.map(({ document }) => document).sort((a, b) => a - b),
  );
  const scoreOf = new Map(want.map(({ document, score }) => [document, score]));
  for (const [place, { document, score }] of found.entries()) {
    expect(score).toBeCloseTo(scoreOf.get(document) ?? Number.NaN, 5);
    const next = found[place + 1];
    if (next === undefined) continue;
    expect(score > next.score || (score === next.score && document < next.document)).toBe(true);
  }
}

describe('quantisedLength', () => {
  test('is what one byte can hold', () => {
    for (let length = 0; length < 5_000; length++)
      expect(quantisedLength(length)).toBe(decodedLength(length));
    expect([39, 40, 41, 42, 43, 100, 1_000].map(quantisedLength)).toEqual([39, 40, 40, 42, 42, 96, 984]);
  });
});

describe('buildSearchIndex', () => {
  test('scores one word by hand', () => {
    const [hit] = buildSearchIndex(['red shoe shoe', 'blue hat', 'green hat']).search('shoes');

    // df 1 of 3, tf 2, length 3, mean 7/3.
    const idf = Math.log(1 + 2.5 / 1.5);
    expect(hit?.document).toBe(0);
    expect(hit?.score).toBeCloseTo((idf * 2) / (2 + 0.9 * (0.6 + (0.4 * 3) / (7 / 3))), 6);
  });

  test('breaks ties in document order, and counts a repeated word again', () => {
    const index = buildSearchIndex(['hat red', 'hat blue', 'hat red']);

    expect(index.search('red').map(({ document }) => document)).toEqual([0, 2]);
    const [once] = index.search('red');
    const [twice] = index.search('red red');
    expect(twice?.score).toBeCloseTo(2 * (once?.score ?? 0), 6);
  });

  test('finds nothing for words that no document has, and in nothing', () => {
    expect(buildSearchIndex(['red hat']).search('the of zebra')).toEqual([]);
    expect(buildSearchIndex([]).search('red')).toEqual([]);
  });

  test('gives the formula for any documents and any query', () => {
    const words = fc.array(fc.constantFrom('red', 'reds', 'hat', 'shoe', 'the', 'walking', 'walk', 'x1'), {
      maxLength: 70,
    });
    const text = words.map((list) => list.join(' '));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), text, (documents, query) => {
        fc.pre(documents.some((document) => analyse(document).length > 0));
        expectSame(documents, query);
      }),
      { numRuns: 60 },
    );
  });

  test('gives the formula on the made-up catalogue, the best 50 first', () => {
    const { products, goals, index } = generatedShop();
    const documents = products.map(searchableText);
    const query = goals[17]?.text ?? '';

    const found = index.search(query);
    const want = bruteForce(documents, query).slice(0, 50);

    expect(found.map(({ document }) => document)).toEqual(want.map(({ document }) => document));
    for (const [place, { score }] of found.entries())
      expect(score).toBeCloseTo(want[place]?.score ?? Number.NaN, 4);
  });

  test('is not disturbed by earlier searches', () => {
    const { index } = generatedShop();
    const before = index.search('red latex free gloves');
    index.search('walking shoes for nurses');

    expect(index.search('red latex free gloves')).toEqual(before);
  });
});
