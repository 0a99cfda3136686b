import { toLanes } from './lanes.js';

/** A predicted token: which sequence it belongs to, its place there, the kept row that predicts it, and its id. */
export interface PredictedToken {
  readonly sequence: number;
  readonly place: number;
  readonly row: number;
  readonly id: number;
}

/**
 * Places for the tokens of the longest of the sequences, L; distinct pairs of row and id, E; places for the tokens of a pair,
 * M, and for the pairs of a row, W.
 */
export type TokenSizes = { readonly L: number; readonly E: number; readonly M: number; readonly W: number };

/** Feeds of token-logprobs.ts and their sizes. */
export interface TokenLayout {
  readonly sizes: TokenSizes;
  readonly feeds: {
    readonly pairIndex: BigInt64Array;
    readonly pairRow: BigInt64Array;
    readonly rowPairs: BigInt64Array;
    readonly tokenPair: BigInt64Array;
    readonly pairTokens: BigInt64Array;
  };
}

/** Places of the longest list: one, or so many that all lists are summed in the same order in any run. */
function listLength(lists: readonly (readonly number[])[]): number {
  const most = lists.reduce((n, list) => Math.max(n, list.length), 1);
  return most === 1 ? 1 : toLanes(most);
}

/**
 * Groups predicted tokens by the value of the logits that they read. Pairs and lists are in the order of the tokens, so that
 * sums over them have a fixed order.
 */
export function layoutTokens(
  tokens: readonly PredictedToken[],
  shape: { readonly keptRows: number; readonly sequences: number; readonly vocab: number },
): TokenLayout {
  const { keptRows, sequences, vocab } = shape;
  const L = toLanes(tokens.reduce((most, t) => Math.max(most, t.place + 1), 1));
  const pairs = new Map<number, { index: number; tokens: number[] }>();
  const ofRow = new Map<number, number[]>();
  const padding = sequences * L;
  for (const t of tokens) {
    const key = t.row * vocab + t.id;
    const token = t.sequence * L + t.place;
    const known = pairs.get(key);
    if (known) known.tokens.push(token);
    else {
      ofRow.set(t.row, [...(ofRow.get(t.row) ?? []), pairs.size]);
      pairs.set(key, { index: pairs.size, tokens: [token] });
    }
  }
  const listed = [...pairs.values()];
  // A run without tokens still has one pair, which no token reads.
  const E = Math.max(1, listed.length);
  const M = listLength(listed.map((p) => p.tokens));
  const W = listLength([...ofRow.values()]);
  const filled = (length: number, value: number): BigInt64Array =>
    new BigInt64Array(length).fill(BigInt(value));
  const feeds = {
    pairIndex: filled(E, 0),
    pairRow: filled(E, 0),
    rowPairs: filled(keptRows * W, E),
    tokenPair: filled(padding, E),
    pairTokens: filled(E * M, padding),
  };
  [...pairs].forEach(([key, pair]) => {
    feeds.pairIndex[pair.index] = BigInt(key);
    feeds.pairRow[pair.index] = BigInt(Math.floor(key / vocab));
    pair.tokens.forEach((token, i) => {
      feeds.pairTokens[pair.index * M + i] = BigInt(token);
      feeds.tokenPair[token] = BigInt(pair.index);
    });
  });
  for (const [row, indices] of ofRow)
    indices.forEach((pair, i) => {
      feeds.rowPairs[row * W + i] = BigInt(pair);
    });
  return { sizes: { L, E, M, W }, feeds };
}
