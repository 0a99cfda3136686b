import { gigpo, similarityRatio } from '@residency/algorithms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Length of the common run from two places on. */
function runAt(a: string, b: string, i: number, j: number): number {
  let size = 0;
  while (i + size < a.length && j + size < b.length && a[i + size] === b[j + size]) size++;
  return size;
}

/** The definition as it stands: the longest common block, then the same left and right of it. */
function matched(a: string, b: string): number {
  let best = { i: 0, j: 0, size: 0 };
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      const size = runAt(a, b, i, j);
      if (size > best.size) best = { i, j, size };
    }
  }
  const { i, j, size } = best;
  if (size === 0) return 0;
  return size + matched(a.slice(0, i), b.slice(0, j)) + matched(a.slice(i + size), b.slice(j + size));
}

const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 16 });

describe('similarity of texts', () => {
  test('is that of the definition', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const total = a.length + b.length;
        const want = total === 0 ? 1 : (2 * matched(a, b)) / total;
        expect(similarityRatio(a, b)).toBeCloseTo(want, 12);
      }),
    );
  });

  test('is 1 of a text with itself, long or short', () => {
    const long = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(long, (text) => {
        expect(similarityRatio(text, text)).toBe(1);
      }),
    );
  });

  test('counts characters, not their code units', () => {
    expect(similarityRatio('\u{1F600}a', '\u{1F601}a')).toBe(0.5);
  });

  test('leaves frequent characters of a long second text out, of which the first may be full', () => {
    // 1 + floor(200 / 100) = 3 x may stand in a text of 200; the fourth leaves them out.
    const filler = Array.from({ length: 200 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    const few = `${filler.slice(0, 196)}xxx${filler[199]}`;
    const many = `${filler.slice(0, 196)}xxxx`;

    expect(similarityRatio('?xx', few)).toBeCloseTo((2 * 2) / 203, 12);
    expect(similarityRatio('?xx', many)).toBe(0);
    expect(similarityRatio('?xx', many, false)).toBeCloseTo((2 * 2) / 203, 12);
  });
});

test('texts that would take too long are refused', () => {
  for (const ask of [
    () => similarityRatio('a'.repeat(20_001), ''),
    () => similarityRatio('', 'a'.repeat(20_001)),
  ])
    expect(ask).toThrow(expect.objectContaining({ code: 'ALGORITHM_ANCHOR' }));
});

describe('groups of similar texts', () => {
  test('are those of comparing every text with every first member', () => {
    const drawn = fc.array(fc.tuple(fc.constantFrom('g', 'h'), texts), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(drawn, fc.constantFrom(0.3, 0.6, 0.9), (samples, threshold) => {
        const firsts: { group: string; text: string }[] = [];
        const want = samples.map(([group, text]) => {
          const found = firsts.findIndex(
            (first) => first.group === group && similarityRatio(text, first.text) >= threshold,
          );
          return found < 0 ? firsts.push({ group, text }) - 1 : found;
        });
        const zeros = samples.map(() => 0);

        const { stepGroups } = gigpo(
          {
            groups: samples.map(([group]) => group),
            trajectories: samples.map(() => 'a'),
            anchors: samples.map(([, text]) => text),
            stepReturns: zeros,
            episodeScores: zeros,
          },
          { similarity: threshold },
        );

        expect(stepGroups).toEqual(want);
      }),
    );
  });
});
