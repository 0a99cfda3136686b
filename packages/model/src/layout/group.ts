import { GroupRows, PREFIX_BLOCKS, type RowSizes, rowSizes, type TokenGroup } from './group-rows.js';
import { IndexList, type Order } from './index-list.js';
import { layoutTokens, type PredictedToken, type TokenSizes } from './tokens.js';

/** What indices into rows, heads and logits count by. */
export interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocab: number;
}

/** A packed run: values of the named sizes, and the feeds of the inputs that group-attention.ts declares. */
export interface GroupLayout {
  readonly sizes: RowSizes & TokenSizes;
  readonly feeds: Readonly<Record<string, BigInt64Array | Float32Array>>;
}

/**
 * Lays groups out for one prefix-shared run. Rows of a group are its prefix and then its completions, without padding in
 * between; only attention sees them as blocks padded to the longest. Results of a group do not depend on the others.
 */
export function layoutGroups(groups: readonly TokenGroup[], counts: HeadCounts): GroupLayout {
  const sizes = rowSizes(groups);
  const rows = groups.map((group, n) => new GroupRows(group, n, sizes));
  const tokens = layoutTokens(predictedTokens(groups, rows, sizes), {
    keptRows: sizes.N * sizes.K,
    sequences: sizes.N * sizes.G,
    vocab: counts.vocab,
  });
  const query = queryOrder(rows, sizes, counts);
  const key = keyOrder(rows, sizes, counts);
  const lastQuery = lastQueryOrder(rows, sizes, counts);
  return {
    sizes: { ...sizes, ...tokens.sizes },
    feeds: {
      ...rowFeeds(groups, rows, sizes),
      prefixLengths: Float32Array.from(groups, (g) => g.prefix.length),
      queryIndex: query.index,
      queryInverse: query.inverse,
      keyIndex: key.index,
      keyInverse: key.inverse,
      lastQueryIndex: lastQuery.index,
      lastQueryInverse: lastQuery.inverse,
      ...tokens.feeds,
    },
  };
}

function predictedTokens(
  groups: readonly TokenGroup[],
  rows: readonly GroupRows[],
  { G }: RowSizes,
): PredictedToken[] {
  return groups.flatMap(({ suffixes }, n) =>
    suffixes.flatMap((suffix, sample) =>
      suffix.map((id, place) => {
        const row = rows[n]?.kept(rows[n]?.predictor(sample, place) ?? null);
        if (row === null || row === undefined) throw new RangeError('internal: every token is predicted');
        return { sequence: n * G + sample, place, row, id };
      }),
    ),
  );
}

function rowFeeds(
  groups: readonly TokenGroup[],
  rows: readonly GroupRows[],
  { N, R, K }: RowSizes,
): Record<string, BigInt64Array | Float32Array> {
  const ids = new BigInt64Array(N * R);
  const positions = new Float32Array(N * R);
  const keepIndex = new BigInt64Array(N * K);
  const keepInverse = new BigInt64Array(N * R);
  groups.forEach(({ prefix, suffixes }, n) => {
    const own = rows[n];
    if (!own) return;
    const set = (row: number | null, id: number, position: number): void => {
      if (row === null) return;
      ids[row] = BigInt(id);
      positions[row] = position;
    };
    prefix.forEach((id, place) => {
      set(own.prefix(place), id, place);
    });
    suffixes.forEach((suffix, sample) => {
      suffix.forEach((id, place) => {
        set(own.suffix(sample, place), id, prefix.length + place);
      });
    });
    keepInverse.fill(BigInt(own.orSpareKept(null)), n * R, (n + 1) * R);
    for (let k = 0; k < K; k++) {
      const row = own.rowOfKept(k);
      keepIndex[n * K + k] = BigInt(own.orSpare(row));
      if (row !== null) keepInverse[row] = BigInt(n * K + k);
    }
  });
  return { ids, positions, keepIndex, keepInverse };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** [PREFIX_BLOCKS][N, H, Q], then [N, KV, G, H/KV, S]. */
function queryOrder(rows: readonly GroupRows[], sizes: RowSizes, { heads, kvHeads }: HeadCounts): Order {
  const { N, R, Q } = sizes;
  const list = new IndexList(N * R, heads);
  for (const block of upTo(PREFIX_BLOCKS)) {
    for (const group of rows) {
      for (const head of upTo(heads)) {
        for (const i of upTo(Q)) {
          const row = group.prefix(block * Q + i);
          list.add(group.orSpare(row), head, row === null);
        }
      }
    }
  }
  addSuffixQueries(list, rows, sizes, heads / kvHeads, kvHeads, (group, row) => group.orSpare(row));
  return list.done();
}

/** Of kept rows: [N, H, 2], the prefix's last row and a spare one; then [N, KV, G, H/KV, S]. */
function lastQueryOrder(rows: readonly GroupRows[], sizes: RowSizes, { heads, kvHeads }: HeadCounts): Order {
  const list = new IndexList(sizes.N * sizes.K, heads);
  for (const group of rows) {
    for (const head of upTo(heads)) {
      list.add(group.orSpareKept(group.kept(group.prefix(group.prefixLength - 1))), head, false);
      list.add(group.orSpareKept(null), head, true);
    }
  }
  const toKept = (group: GroupRows, row: number | null): number => group.orSpareKept(group.kept(row));
  addSuffixQueries(list, rows, sizes, heads / kvHeads, kvHeads, toKept);
  return list.done();
}

function addSuffixQueries(
  list: IndexList,
  rows: readonly GroupRows[],
  { S, G }: RowSizes,
  perKey: number,
  kvHeads: number,
  toRow: (group: GroupRows, row: number | null) => number,
): void {
  for (const group of rows) {
    for (const kv of upTo(kvHeads)) {
      for (const sample of upTo(G)) {
        for (const r of upTo(perKey)) {
          for (const place of upTo(S)) {
            const row = group.suffix(sample, place);
            list.add(toRow(group, row), kv * perKey + r, row === null);
          }
        }
      }
    }
  }
}

/** [N, KV, PREFIX_BLOCKS·Q], then [N, KV, G, S]. */
function keyOrder(rows: readonly GroupRows[], { N, R, Q, S, G }: RowSizes, { kvHeads }: HeadCounts): Order {
  const list = new IndexList(N * R, kvHeads);
  const add = (group: GroupRows, row: number | null, head: number): void =>
    list.add(group.orSpare(row), head, row === null);
  for (const group of rows) {
    for (const head of upTo(kvHeads)) {
      for (const place of upTo(PREFIX_BLOCKS * Q)) add(group, group.prefix(place), head);
    }
  }
  for (const group of rows) {
    for (const head of upTo(kvHeads)) {
      for (const sample of upTo(G))
        for (const place of upTo(S)) add(group, group.suffix(sample, place), head);
    }
  }
  return list.done();
}
