import type { HeadCounts } from './group.js';
import { IndexList, type Order } from './index-list.js';
import { toLanes } from './lanes.js';
import { layoutTokens, type PredictedToken, type TokenSizes } from './tokens.js';
import { type Trajectory, type TrieRows, type TrieUnit, trieRows } from './trie-rows.js';

/**
 * Sizes of a run of tries: N tries of R rows, K of which predict; G trajectories each; J units of at most Q own rows, O of
 * which predict, on paths of at most X rows; every row is on at most Y paths.
 */
export type TrieSizes = TokenSizes & {
  readonly N: number;
  readonly R: number;
  readonly K: number;
  readonly G: number;
  readonly J: number;
  readonly Q: number;
  readonly O: number;
  readonly X: number;
  readonly Y: number;
};

export interface TrieLayout {
  readonly sizes: TrieSizes;
  readonly feeds: Readonly<Record<string, BigInt64Array | Float32Array>>;
}

/** A unit of the trie `n`. */
interface PlacedUnit extends TrieUnit {
  readonly n: number;
}

/**
 * Lays groups of trajectories out for one run in which each distinct history token is computed once and attention gathers each
 * trajectory's path. As in layout/group.ts the last row and the last kept row of a trie are spare.
 */
export function layoutTries(tries: readonly (readonly Trajectory[])[], counts: HeadCounts): TrieLayout {
  const rows = tries.map(trieRows);
  const most = (values: readonly number[]): number => Math.max(1, ...values);
  const units = rows.flatMap((r, n) => r.units.map((unit): PlacedUnit => ({ ...unit, n })));
  const N = tries.length;
  const R = most(rows.map((r) => r.ids.length)) + 1;
  const K = most(rows.map((r) => r.kept.length)) + 1;
  const G = most(tries.map((t) => t.length));
  const keptOf = rows.map((r) => new Map(r.kept.map((row, k) => [row, k])));
  const keptRow = (n: number, row: number): number | undefined => keptOf[n]?.get(row);
  const own = units.map(ownRows);
  const ownKept = units.map((unit, j) => (own[j] ?? []).filter((row) => keptRow(unit.n, row) !== undefined));
  const [Q, O] = [placesFor(own), placesFor(ownKept)];
  const X = toLanes(most(units.map((u) => u.path.length)) + 1);
  const tokens = layoutTokens(targetsOf(tries, rows, { K, G }, keptRow), {
    keptRows: N * K,
    sequences: N * G,
    vocab: counts.vocab,
  });
  const all = { units, rowsOf: own, perTrie: R, spare: R - 1, toRow: (_: number, row: number) => row };
  const kept = {
    units,
    rowsOf: ownKept,
    perTrie: K,
    spare: K - 1,
    toRow: (n: number, row: number) => keptRow(n, row) ?? K - 1,
  };
  const query = queryOrder(all, { N, width: Q, heads: counts.heads });
  const lastQuery = queryOrder(kept, { N, width: O, heads: counts.heads });
  const key = keyLists(units, { N, R, X, heads: counts.kvHeads });
  return {
    sizes: {
      N,
      R,
      K,
      G,
      J: Math.max(1, units.length),
      Q,
      O,
      X,
      Y: key.most,
      ...tokens.sizes,
    },
    feeds: {
      ...rowFeeds(rows, { N, R, K }),
      queryIndex: query.index,
      queryInverse: query.inverse,
      queryPlaces: placesOf(units, rows, own, Q),
      lastQueryIndex: lastQuery.index,
      lastQueryInverse: lastQuery.inverse,
      lastQueryPlaces: placesOf(units, rows, ownKept, O),
      keyIndex: key.index,
      keyPlaces: key.places,
      ...tokens.feeds,
    },
  };
}

const ownRows = (unit: TrieUnit): readonly number[] => unit.path.slice(unit.start);

/** Places for the longest list and one more, so that there is padding for rows that have no place. */
const placesFor = (lists: readonly (readonly number[])[]): number =>
  toLanes(lists.reduce((n, list) => Math.max(n, list.length), 1) + 1);

/** Names the sizes of a trie's blocks, for the reason that `groupBlocks` gives. */
export function trieBlocks(trajectories: readonly Trajectory[]): string {
  const { units, kept, ids } = trieRows(trajectories);
  const own = units.map(ownRows);
  const isKept = new Set(kept);
  const paths = new Array<number>(ids.length).fill(0);
  for (const { path } of units) for (const row of path) paths[row] = (paths[row] ?? 0) + 1;
  const most = paths.reduce((n, count) => Math.max(n, count), 1);
  return `${placesFor(own)}:${placesFor(own.map((rows) => rows.filter((row) => isKept.has(row))))}:${most}`;
}

function targetsOf(
  tries: readonly (readonly Trajectory[])[],
  rows: readonly TrieRows[],
  { K, G }: { readonly K: number; readonly G: number },
  keptRow: (n: number, row: number) => number | undefined,
): PredictedToken[] {
  return tries.flatMap((trajectories, n) =>
    trajectories.flatMap(({ ids, targets }, g) =>
      targets.map((target, place) => {
        const row = keptRow(n, rows[n]?.paths[g]?.[target - 1] ?? -1);
        const id = ids[target];
        if (row === undefined || id === undefined)
          throw new RangeError('internal: every target is predicted');
        return { sequence: n * G + g, place, row: n * K + row, id };
      }),
    ),
  );
}

function rowFeeds(
  rows: readonly TrieRows[],
  { N, R, K }: { readonly N: number; readonly R: number; readonly K: number },
): Record<'ids' | 'positions' | 'keepIndex' | 'keepInverse', BigInt64Array | Float32Array> {
  const ids = new BigInt64Array(N * R);
  const positions = new Float32Array(N * R);
  const keepIndex = new BigInt64Array(N * K);
  const keepInverse = new BigInt64Array(N * R);
  rows.forEach((r, n) => {
    ids.set(r.ids.map(BigInt), n * R);
    positions.set(r.places, n * R);
    keepIndex.fill(BigInt(n * R + R - 1), n * K, (n + 1) * K);
    keepInverse.fill(BigInt(n * K + K - 1), n * R, (n + 1) * R);
    r.kept.forEach((row, k) => {
      keepIndex[n * K + k] = BigInt(n * R + row);
      keepInverse[n * R + row] = BigInt(n * K + k);
    });
  });
  return { ids, positions, keepIndex, keepInverse };
}

/** The rows that the places of units hold, each with the heads [J, H, width]. */
function queryOrder(
  {
    units,
    rowsOf,
    perTrie,
    spare,
    toRow,
  }: {
    readonly units: readonly PlacedUnit[];
    readonly rowsOf: readonly (readonly number[])[];
    readonly perTrie: number;
    readonly spare: number;
    readonly toRow: (n: number, row: number) => number;
  },
  { N, width, heads }: { readonly N: number; readonly width: number; readonly heads: number },
): Order {
  const list = new IndexList(N * perTrie, heads);
  for (const [j, { n }] of units.entries()) {
    const rows = rowsOf[j] ?? [];
    for (let head = 0; head < heads; head++) {
      for (let place = 0; place < width; place++) {
        const row = rows[place];
        const at = row === undefined ? spare : toRow(n, row);
        list.add(n * perTrie + at, head, row === undefined);
      }
    }
  }
  return list.done();
}

/** Places in the sequence of units' rows, [J, width]; padding sees the first key. */
function placesOf(
  units: readonly PlacedUnit[],
  rows: readonly TrieRows[],
  lists: readonly (readonly number[])[],
  width: number,
): Float32Array {
  const out = new Float32Array(units.length * width);
  units.forEach(({ n }, j) => {
    lists[j]?.forEach((row, place) => {
      out[j * width + place] = rows[n]?.places[row] ?? 0;
    });
  });
  return out;
}

/** The path of each unit [J, KV, X], and for every row and head the places that hold it [N·R·KV, most]. */
function keyLists(
  units: readonly PlacedUnit[],
  { N, R, X, heads }: { readonly N: number; readonly R: number; readonly X: number; readonly heads: number },
): { index: BigInt64Array; places: BigInt64Array; most: number } {
  const index = new BigInt64Array(units.length * heads * X);
  const held = Array.from({ length: N * R * heads }, (): number[] => []);
  let next = 0;
  let padding = 0;
  for (const { n, path } of units) {
    for (let head = 0; head < heads; head++) {
      for (let place = 0; place < X; place++) {
        const row = path[place];
        const entry = (n * R + (row ?? R - 1)) * heads + head;
        if (row === undefined) padding = next;
        else held[entry]?.push(next);
        index[next++] = BigInt(entry);
      }
    }
  }
  const most = held.reduce((n, places) => Math.max(n, places.length), 1);
  const places = new BigInt64Array(held.length * most).fill(BigInt(padding));
  held.forEach((own, entry) => {
    places.set(own.map(BigInt), entry * most);
  });
  return { index, places, most };
}
