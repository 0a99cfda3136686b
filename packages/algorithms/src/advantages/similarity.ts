import { AlgorithmError } from '../errors.js';

/** Longest text that is compared: the time of a comparison grows with the square of its length. */
const MAX_LENGTH = 20_000;
/** From this length on the second text has its frequent characters left out of the index. */
const AUTOJUNK_LENGTH = 200;

/** A text made ready to be compared with many: its code points, and where each occurs. */
export interface IndexedText {
  readonly points: Uint32Array;
  /** Ascending places of each code point; frequent ones are left out. */
  readonly places: ReadonlyMap<number, readonly number[]>;
  /** How often each code point occurs. */
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * Indexes a text as the second one of a comparison. With `isAutojunk`, code points that occur more than
 * 1 + floor(n / 100) times in a text of n >= 200 are left out.
 * @throws AlgorithmError ALGORITHM_ANCHOR for a text of more than 20,000 code units
 */
export function indexText(text: string, isAutojunk = true): IndexedText {
  if (text.length > MAX_LENGTH) {
    throw new AlgorithmError(
      'ALGORITHM_ANCHOR',
      `a text to compare has ${text.length} characters, want at most ${MAX_LENGTH}`,
    );
  }
  const points = Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const places = new Map<number, number[]>();
  for (let j = 0; j < points.length; j++) {
    const point = points[j] ?? 0;
    const known = places.get(point);
    if (known === undefined) places.set(point, [j]);
    else known.push(j);
  }
  const counts = new Map([...places].map(([point, at]) => [point, at.length]));
  if (isAutojunk && points.length >= AUTOJUNK_LENGTH) {
    const most = 1 + Math.floor(points.length / 100);
    for (const [point, at] of places) if (at.length > most) places.delete(point);
  }
  return { points, places, counts };
}

/**
 * Ratcliff-Obershelp similarity 2 M / (|a| + |b|) of two texts in code points, 0 to 1, where M sums the lengths of
 * the longest common block and, left and right of it, of theirs (GiGPO specification 1.3.1). It is not symmetric:
 * the first longest block counts, and only the second text has frequent characters left out, which are then matched
 * only beside a block. Two empty texts give 1.
 * @throws AlgorithmError ALGORITHM_ANCHOR for a text of more than 20,000 code units
 */
export function similarityRatio(a: string, b: string, isAutojunk = true): number {
  return ratioOf(indexText(a, false).points, indexText(b, isAutojunk));
}

/** The ratio of code points to an indexed text. */
export function ratioOf(a: Uint32Array, b: IndexedText): number {
  const total = a.length + b.points.length;
  return total === 0 ? 1 : (2 * matchedPoints(a, b)) / total;
}

/** An upper bound of the ratio in linear time: no code point can be matched more often than both texts have it. */
export function ratioBound(a: IndexedText, b: IndexedText): number {
  const total = a.points.length + b.points.length;
  if (total === 0) return 1;
  let shared = 0;
  for (const [point, count] of a.counts) shared += Math.min(count, b.counts.get(point) ?? 0);
  return (2 * shared) / total;
}

/** Halves of both texts that are still to be matched with each other: ends are exclusive. */
interface Span {
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

function matchedPoints(a: Uint32Array, b: IndexedText): number {
  const find = blockFinder(a, b);
  const open: Span[] = [{ aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.points.length }];
  let matched = 0;
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const block = find(span);
    if (block.size === 0) continue;
    matched += block.size;
    if (span.aFrom < block.a && span.bFrom < block.b) open.push({ ...span, aTo: block.a, bTo: block.b });
    const [aFrom, bFrom] = [block.a + block.size, block.b + block.size];
    if (aFrom < span.aTo && bFrom < span.bTo) open.push({ ...span, aFrom, bFrom });
  }
  return matched;
}

/** Finds the longest common block of a span: the first in a, then in b, grown over characters out of the index. */
function blockFinder(a: Uint32Array, b: IndexedText): (span: Span) => Block {
  // lengths[j] is the length of the common run that ends at b's place j, if rows[j] is the row it was found in.
  const lengths = new Uint32Array(b.points.length);
  const rows = new Uint32Array(b.points.length);
  let row = 0;
  const longest = ({ aFrom, aTo, bFrom, bTo }: Span): Block => {
    let best: Block = { a: aFrom, b: bFrom, size: 0 };
    row++;
    for (let i = aFrom; i < aTo; i++, row++) {
      const places = b.places.get(a[i] ?? 0) ?? [];
      // Descending, so that the run of the row before is not yet overwritten; >= then prefers the first place.
      const before = best.size;
      for (let p = places.length - 1; p >= 0; p--) {
        const j = places[p] ?? 0;
        if (j >= bTo) continue;
        if (j < bFrom) break;
        const size = j > bFrom && rows[j - 1] === row - 1 ? (lengths[j - 1] ?? 0) + 1 : 1;
        lengths[j] = size;
        rows[j] = row;
        if (size > before && size >= best.size) best = { a: i - size + 1, b: j - size + 1, size };
      }
    }
    return best;
  };
  return (span) => {
    let { a: i, b: j, size } = longest(span);
    while (i > span.aFrom && j > span.bFrom && a[i - 1] === b.points[j - 1])
      [i, j, size] = [i - 1, j - 1, size + 1];
    while (i + size < span.aTo && j + size < span.bTo && a[i + size] === b.points[j + size]) size++;
    return { a: i, b: j, size };
  };
}
