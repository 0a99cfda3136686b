import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutTokens, type PredictedToken } from '../../../../packages/model/src/layout/tokens.js';

const VOCAB = 6;
const SHAPE = { keptRows: 9, sequences: 4, vocab: VOCAB };

/** Sequences of rows and ids, few enough of both that many tokens read one value of the logits. */
const tokens: fc.Arbitrary<PredictedToken[]> = fc
  .array(
    fc.array(
      fc.record({
        row: fc.integer({ min: 0, max: SHAPE.keptRows - 1 }),
        id: fc.integer({ min: 0, max: VOCAB - 1 }),
      }),
      { maxLength: 21, size: 'max' },
    ),
    { maxLength: SHAPE.sequences },
  )
  .map((all) => all.flatMap((own, sequence) => own.map((t, place) => ({ ...t, sequence, place }))));

const numbers = (x: BigInt64Array): number[] => Array.from(x, Number);

describe('the layout of predicted tokens', () => {
  it('names each pair of row and id once, and the pair of every token', () => {
    fc.assert(
      fc.property(tokens, (list) => {
        const { sizes, feeds } = layoutTokens(list, SHAPE);
        const { L, E } = sizes;
        const [pairIndex, pairRow] = [numbers(feeds.pairIndex), numbers(feeds.pairRow)];
        const tokenPair = numbers(feeds.tokenPair);
        const distinct = [...new Set(list.map((t) => t.row * VOCAB + t.id))];

        // In the order of the tokens.
        expect(pairIndex).toEqual(distinct.length > 0 ? distinct : [0]);
        expect(pairRow).toEqual(pairIndex.map((value) => Math.floor(value / VOCAB)));
        expect(tokenPair).toHaveLength(SHAPE.sequences * L);
        const byPlace = new Map(list.map((t) => [t.sequence * L + t.place, t]));
        expect(byPlace.size).toBe(list.length);
        tokenPair.forEach((pair, i) => {
          const t = byPlace.get(i);
          if (t) expect(pairIndex[pair]).toBe(t.row * VOCAB + t.id);
          else expect(pair).toBe(E);
        });
      }),
      { seed: 1 },
    );
  });

  it('lists the tokens of each pair and the pairs of each row, in order, each once', () => {
    fc.assert(
      fc.property(tokens, (list) => {
        const { sizes, feeds } = layoutTokens(list, SHAPE);
        const { L, E, M, W } = sizes;
        const lists = (x: BigInt64Array, width: number, none: number): number[][] => {
          const all = numbers(x);
          return Array.from({ length: all.length / width }, (_, i) => {
            const own = all.slice(i * width, (i + 1) * width);
            const count = own.indexOf(none) < 0 ? width : own.indexOf(none);
            expect(own.slice(count).every((v) => v === none)).toBe(true);
            return own.slice(0, count);
          });
        };
        const ofPair = lists(feeds.pairTokens, M, SHAPE.sequences * L);
        const ofRow = lists(feeds.rowPairs, W, E);

        const wanted = list.map((t) => t.sequence * L + t.place);
        expect(ofPair.flat().sort((a, b) => a - b)).toEqual(wanted.sort((a, b) => a - b));
        for (const own of ofPair) expect(own).toEqual([...own].sort((a, b) => a - b));
        expect(ofRow).toHaveLength(SHAPE.keptRows);
        const named = list.length > 0 ? Array.from({ length: E }, (_, i) => i) : [];
        expect(ofRow.flat().sort((a, b) => a - b)).toEqual(named);
        ofRow.forEach((own, row) => {
          for (const pair of own) expect(Number(feeds.pairRow[pair])).toBe(row);
        });
      }),
      { seed: 2 },
    );
  });

  it('has lists of one place or of whole lanes, and sequences of whole lanes', () => {
    fc.assert(
      fc.property(tokens, (list) => {
        const { L, M, W } = layoutTokens(list, SHAPE).sizes;
        expect(L % 16).toBe(0);
        expect(L).toBeGreaterThan(Math.max(-1, ...list.map((t) => t.place)));
        for (const width of [M, W]) expect(width === 1 || width % 16 === 0).toBe(true);
      }),
      { seed: 3 },
    );
  });

  it('has one pair that nothing reads where there are no tokens', () => {
    const { sizes, feeds } = layoutTokens([], { keptRows: 2, sequences: 1, vocab: VOCAB });
    expect(sizes).toEqual({ L: 16, E: 1, M: 1, W: 1 });
    expect(numbers(feeds.rowPairs)).toEqual([1, 1]);
    expect(numbers(feeds.pairTokens)).toEqual([16]);
    expect(new Set(numbers(feeds.tokenPair))).toEqual(new Set([1]));
  });
});
