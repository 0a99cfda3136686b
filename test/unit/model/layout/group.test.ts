import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type GroupLayout,
  type HeadCounts,
  layoutGroups,
} from '../../../../packages/model/src/layout/group.js';
import {
  GroupRows,
  groupBlocks,
  PREFIX_BLOCKS,
  rowSizes,
  rowsOf,
  type TokenGroup,
} from '../../../../packages/model/src/layout/group-rows.js';

const VOCAB = 50;
const ids = (least: number, most: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: VOCAB - 1 }), { minLength: least, maxLength: most, size: 'max' });
const groups: fc.Arbitrary<TokenGroup[]> = fc.array(
  fc.record({ prefix: ids(1, 90), suffixes: fc.array(ids(0, 35), { minLength: 0, maxLength: 5 }) }),
  { minLength: 1, maxLength: 3 },
);
const headCounts: fc.Arbitrary<HeadCounts> = fc
  .constantFrom([4, 4], [4, 2], [4, 1], [2, 1], [1, 1])
  .map(([heads = 1, kvHeads = 1]) => ({ heads, kvHeads, vocab: VOCAB }));

const numbers = (layout: GroupLayout, name: string): number[] => Array.from(layout.feeds[name] ?? [], Number);
const rowsOfSuffix = (suffix: readonly number[]): number => Math.max(0, suffix.length - 1);

/** Where every token that is a row lies: group, completion or prefix, place, and its row. */
function tokenRows(list: readonly TokenGroup[], R: number) {
  return list.flatMap(({ prefix, suffixes }, n) => {
    let next = n * R;
    const before = prefix.map((id, place) => ({ n, sample: -1, place, id, row: next++, position: place }));
    const behind = suffixes.flatMap((suffix, sample) =>
      suffix.slice(0, rowsOfSuffix(suffix)).map((id, place) => ({
        n,
        sample,
        place,
        id,
        row: next++,
        position: prefix.length + place,
      })),
    );
    return [...before, ...behind];
  });
}

/** Places of every head of every token row in the order of blocks, from the shapes that group-attention.ts gives them. */
function places(
  list: readonly TokenGroup[],
  { N, Q, S, G }: GroupLayout['sizes'],
  { heads, kvHeads }: HeadCounts,
  R: number,
) {
  const perKey = heads / kvHeads;
  const each = <T>(f: (token: ReturnType<typeof tokenRows>[number], head: number) => T, count: number): T[] =>
    tokenRows(list, R).flatMap((token) => Array.from({ length: count }, (_, head) => f(token, head)));
  const suffixQuery = (first: number, n: number, sample: number, head: number, place: number): number => {
    const [kv, r] = [Math.floor(head / perKey), head % perKey];
    return first + (((n * kvHeads + kv) * G + sample) * perKey + r) * S + place;
  };
  return {
    // [PREFIX_BLOCKS][N, H, Q], then [N, KV, G, H/KV, S]
    query: each(({ n, sample, place, row }, head) => {
      const block = Math.floor(place / Q);
      const at =
        sample < 0
          ? ((block * N + n) * heads + head) * Q + (place % Q)
          : suffixQuery(PREFIX_BLOCKS * N * heads * Q, n, sample, head, place);
      return { at, entry: row * heads + head };
    }, heads),
    // [N, KV, PREFIX_BLOCKS·Q], then [N, KV, G, S]
    key: each(({ n, sample, place, row }, kv) => {
      const prefix = PREFIX_BLOCKS * Q;
      const at =
        sample < 0
          ? (n * kvHeads + kv) * prefix + place
          : N * kvHeads * prefix + ((n * kvHeads + kv) * G + sample) * S + place;
      return { at, entry: row * kvHeads + kv };
    }, kvHeads),
    // [N, H, 2], then [N, KV, G, H/KV, S]; kept rows
    lastQuery: (kept: ReadonlyMap<number, number>) =>
      each(({ n, sample, place, row }, head) => {
        const own = kept.get(row);
        if (own === undefined) return null;
        const at = sample < 0 ? (n * heads + head) * 2 : suffixQuery(2 * N * heads, n, sample, head, place);
        return { at, entry: own * heads + head };
      }, heads).filter((x) => x !== null),
  };
}

/** Checks an order and its inverse: every entry at its place, all other places padding that holds a spare row. */
function expectOrder(
  index: readonly number[],
  inverse: readonly number[],
  wanted: readonly { readonly at: number; readonly entry: number }[],
  isSpare: (entry: number) => boolean,
): void {
  const taken = new Map(wanted.map(({ at, entry }) => [at, entry]));
  expect(taken.size).toBe(wanted.length);
  for (const { at, entry } of wanted) {
    expect(index[at]).toBe(entry);
    expect(inverse[entry]).toBe(at);
  }
  index.forEach((entry, at) => {
    if (!taken.has(at)) expect(isSpare(entry), `place ${at} holds ${entry}`).toBe(true);
  });
  const known = new Set(wanted.map(({ entry }) => entry));
  inverse.forEach((at, entry) => {
    // Of a row without a place the cotangent is that of padding, which is zero.
    if (!known.has(entry))
      expect(at >= 0 && at < index.length && !taken.has(at), `entry ${entry}`).toBe(true);
  });
}

describe('the layout of groups', () => {
  it('gives every token one row, in order, and its position', () => {
    fc.assert(
      fc.property(groups, headCounts, (list, counts) => {
        const layout = layoutGroups(list, counts);
        const { N, R } = layout.sizes;
        const [all, positions] = [numbers(layout, 'ids'), numbers(layout, 'positions')];

        const tokens = tokenRows(list, R);

        expect(all).toHaveLength(N * R);
        for (const { row, id, position } of tokens) {
          expect([all[row], positions[row]]).toEqual([id, position]);
        }
        // At least one row of every group is spare: its last.
        expect(tokens.every(({ row }) => row % R < R - 1)).toBe(true);
        expect(numbers(layout, 'prefixLengths')).toEqual(list.map((g) => g.prefix.length));
      }),
      { seed: 1 },
    );
  });

  it('keeps the last row of each prefix and all of the completions, in order', () => {
    fc.assert(
      fc.property(groups, headCounts, (list, counts) => {
        const layout = layoutGroups(list, counts);
        const { N, R, K } = layout.sizes;
        const [index, inverse] = [numbers(layout, 'keepIndex'), numbers(layout, 'keepInverse')];
        expect([index.length, inverse.length]).toEqual([N * K, N * R]);
        const isKept = (t: ReturnType<typeof tokenRows>[number]): boolean =>
          t.sample >= 0 || t.place === (list[t.n]?.prefix.length ?? 0) - 1;
        for (let n = 0; n < N; n++) {
          const kept = tokenRows(list, R).filter((t) => t.n === n && isKept(t));
          const wanted = kept.map(({ row }, k) => ({ at: n * K + k, entry: row }));
          const part = index.slice(n * K, (n + 1) * K);
          expect(part.slice(0, kept.length)).toEqual(kept.map((t) => t.row));
          // What follows is spare, and there is at least one.
          expect(kept.length).toBeLessThan(K);
          expect(part.slice(kept.length).every((row) => row === (n + 1) * R - 1)).toBe(true);
          const known = new Map(wanted.map(({ at, entry }) => [entry, at]));
          for (let row = n * R; row < (n + 1) * R; row++)
            expect(inverse[row]).toBe(known.get(row) ?? (n + 1) * K - 1);
        }
      }),
      { seed: 2 },
    );
  });

  it('gives every head of every row its place in blocks, and padding spare rows', () => {
    fc.assert(
      fc.property(groups, headCounts, (list, counts) => {
        const layout = layoutGroups(list, counts);
        const { R, K } = layout.sizes;
        const isSpareRow =
          (heads: number, per: number) =>
          (entry: number): boolean =>
            Math.floor(entry / heads) % per === per - 1;
        const { query, key, lastQuery } = places(list, layout.sizes, counts, R);
        const kept = new Map(numbers(layout, 'keepIndex').map((row, k) => [row, k]));

        const order = (name: string): [number[], number[]] => [
          numbers(layout, `${name}Index`),
          numbers(layout, `${name}Inverse`),
        ];
        expectOrder(...order('query'), query, isSpareRow(counts.heads, R));
        expectOrder(...order('key'), key, isSpareRow(counts.kvHeads, R));
        expectOrder(...order('lastQuery'), lastQuery(kept), isSpareRow(counts.heads, K));
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('has the sizes of the largest of each, in whole lanes, with a place of padding', () => {
    fc.assert(
      fc.property(groups, (list) => {
        const sizes = rowSizes(list);
        const prefix = Math.max(...list.map((g) => g.prefix.length));
        const suffix = Math.max(0, ...list.flatMap((g) => g.suffixes.map(rowsOfSuffix)));
        const { Q, S } = sizes;
        expect([Q % 16, S % 16]).toEqual([0, 0]);
        expect(PREFIX_BLOCKS * Q).toBeGreaterThanOrEqual(prefix);
        expect(PREFIX_BLOCKS * (Q - 16)).toBeLessThan(prefix);
        expect(S).toBeGreaterThan(suffix);
        expect(S - 16).toBeLessThanOrEqual(Math.max(1, suffix));
        expect(sizes.R).toBe(Math.max(...list.map(rowsOf)));
        expect(sizes.N).toBe(list.length);
        expect(sizes.G).toBe(Math.max(1, ...list.map((g) => g.suffixes.length)));
        // Groups of one key have the same blocks together as alone.
        const alike = list.filter((g) => list[0] && groupBlocks(g) === groupBlocks(list[0]));
        const together = rowSizes(alike);
        for (const g of alike) {
          const alone = rowSizes([g]);
          expect([alone.Q, alone.S]).toEqual([together.Q, together.S]);
        }
      }),
      { seed: 4 },
    );
  });

  it('counts each token once: a row for all but the last of a completion, and one spare', () => {
    expect(rowsOf({ prefix: [1], suffixes: [] })).toBe(2);
    expect(rowsOf({ prefix: [1, 2, 3], suffixes: [[], [4], [5, 6], [7, 8, 9]] })).toBe(3 + 0 + 0 + 1 + 2 + 1);
  });

  it('says of every place which row predicts it', () => {
    const group: TokenGroup = { prefix: [1, 2, 3], suffixes: [[4, 5, 6], [7], [8, 9]] };
    const rows = new GroupRows(group, 1, rowSizes([group, group]));
    const R = rowsOf(group);

    expect([0, 1, 2].map((p) => rows.predictor(0, p))).toEqual([R + 2, R + 3, R + 4]);
    expect([0, 1].map((p) => rows.predictor(1, p))).toEqual([R + 2, null]);
    expect([0, 1, 2].map((p) => rows.predictor(2, p))).toEqual([R + 2, R + 5, null]);
    expect(rows.suffix(3, 0)).toBeNull();
    expect([rows.prefix(2), rows.prefix(3)]).toEqual([R + 2, null]);
  });
});
