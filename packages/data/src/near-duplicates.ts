import { badSetting } from './errors.js';
import { BANDS, bandKey, minHashKeys, signatureOf } from './min-hash.js';
import { jaccard, type Shingles } from './shingles.js';

/** A text among those compared. */
export interface ComparedText {
  /** Equal for equal texts, which are not compared; decides the order of comparisons. */
  readonly hash: string;
  /** Its word sequences, `shinglesOf`; a text without words has none and is not compared. */
  readonly shingles: Shingles;
  /** Texts of part 1 are compared with those of part 0 even where these crowd a bucket, and the reverse. */
  readonly part: 0 | 1;
}

/** How texts are compared. */
export interface NearOptions {
  /** The least Jaccard similarity of a near-duplicate, in (0, 1]. @defaultValue 0.6 */
  readonly threshold?: number;
  /** An integer in [0, 2^32). @defaultValue 0 */
  readonly seed?: number;
}

/** Two near-duplicates by their indices, the smaller first, and their exact Jaccard similarity. */
export interface NearPair {
  readonly first: number;
  readonly second: number;
  readonly similarity: number;
}

export interface NearDuplicates {
  /** By similarity, greatest first, then by index. */
  readonly pairs: readonly NearPair[];
  /** Similarities that were computed. */
  readonly comparisons: number;
  /** Texts with more look-alikes than are compared: of their pairs the list may hold only a part. */
  readonly crowded: number;
}

/** Of each part, so many texts of a bucket are compared with the others in it. */
const BUCKET_LEADERS = 8;
/** Texts that one text is compared with. */
const MAX_CANDIDATES = 64;
/** Pairs that are listed. */
const MAX_PAIRS = 1_000_000;

/** Checks and completes options. @throws DataError DATA_SETTING */
export function nearSettings(options: NearOptions): Required<NearOptions> {
  const { threshold = 0.6, seed = 0 } = options;
  if (!(threshold > 0 && threshold <= 1)) {
    throw badSetting('near-duplicate threshold', threshold, 'a number above 0 and at most 1');
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw badSetting('seed', seed, 'an integer from 0 to 4294967295');
  }
  return { threshold, seed };
}

interface Sketch {
  /** Place among the texts that were given. */
  readonly index: number;
  readonly part: 0 | 1;
  readonly hash: string;
  readonly shingles: Shingles;
  readonly bands: Float64Array;
}

/** One sketch for each text that has words; of equal texts of a part the first; in an order that the texts decide. */
function sketch(texts: readonly ComparedText[], keys: Uint32Array): Sketch[] {
  const seen = new Set<string>();
  const sketches: Sketch[] = [];
  for (const [index, { hash, shingles, part }] of texts.entries()) {
    const name = `${hash}/${part}`;
    if (shingles.length === 0 || seen.has(name)) continue;
    seen.add(name);
    const signature = signatureOf(shingles, keys);
    const bands = Float64Array.from({ length: BANDS }, (_, band) => bandKey(signature, band));
    sketches.push({ index, part, hash, shingles, bands });
  }
  return sketches.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.part - b.part));
}

/** One band's buckets of two and more texts. */
interface BandBuckets {
  /** The bucket that each text lies in, -1 where it is alone. */
  readonly bucketOf: Int32Array;
  /** Of each bucket the texts that all of it are compared with. */
  readonly leaders: ReadonlyMap<number, readonly number[]>;
  readonly crowded: ReadonlySet<number>;
}

function bucketsOf(sketches: readonly Sketch[], band: number): BandBuckets {
  const buckets = new Map<number, number>();
  const bucketOf = Int32Array.from(sketches, ({ bands }) => {
    const key = bands[band] ?? 0;
    const bucket = buckets.get(key) ?? buckets.size;
    buckets.set(key, bucket);
    return bucket;
  });
  const sizes = [new Int32Array(buckets.size), new Int32Array(buckets.size)] as const;
  for (const [at, { part }] of sketches.entries()) {
    const bucket = bucketOf[at] ?? 0;
    sizes[part][bucket] = (sizes[part][bucket] ?? 0) + 1;
  }
  const places = [new Int32Array(buckets.size), new Int32Array(buckets.size)] as const;
  const leaders = new Map<number, number[]>();
  const crowded = new Set<number>();
  for (const [at, { part }] of sketches.entries()) {
    const bucket = bucketOf[at] ?? 0;
    if ((sizes[0][bucket] ?? 0) + (sizes[1][bucket] ?? 0) < 2) {
      bucketOf[at] = -1;
      continue;
    }
    const place = places[part][bucket] ?? 0;
    places[part][bucket] = place + 1;
    if (place >= BUCKET_LEADERS) crowded.add(bucket);
    else leaders.set(bucket, [...(leaders.get(bucket) ?? []), at]);
  }
  return { bucketOf, leaders, crowded };
}

/** Other texts that share a bucket with one, `MAX_CANDIDATES` at most, and whether there may be more. */
function candidatesOf(at: number, bands: readonly BandBuckets[]): { found: Set<number>; isCrowded: boolean } {
  const found = new Set<number>();
  let isCrowded = false;
  for (const { bucketOf, leaders, crowded } of bands) {
    const bucket = bucketOf[at] ?? -1;
    isCrowded ||= crowded.has(bucket);
    for (const leader of leaders.get(bucket) ?? []) {
      if (leader === at || found.has(leader)) continue;
      if (found.size === MAX_CANDIDATES) return { found, isCrowded: true };
      found.add(leader);
    }
  }
  return { found, isCrowded };
}

/**
 * Finds pairs of texts whose word sequences are alike: MinHash with locality-sensitive hashing proposes them, exact
 * Jaccard similarity decides. The same texts give the same pairs whatever their order. Time and memory are linear in
 * the texts' total length: each is compared with at most `MAX_CANDIDATES` others, `BUCKET_LEADERS` of each part in a
 * bucket, so of a large group of look-alikes only some pairs are listed.
 * @throws DataError DATA_SETTING
 */
export function findNearDuplicates(
  texts: readonly ComparedText[],
  options: NearOptions = {},
): NearDuplicates {
  const { threshold, seed } = nearSettings(options);
  const sketches = sketch(texts, minHashKeys(seed));
  const bands = Array.from({ length: BANDS }, (_, band) => bucketsOf(sketches, band));
  const pairs = new Map<number, NearPair>();
  let comparisons = 0;
  let crowded = 0;
  for (const [at, { index, hash, shingles }] of sketches.entries()) {
    const { found, isCrowded } = candidatesOf(at, bands);
    let isCut = isCrowded;
    for (const other of found) {
      const candidate = sketches[other];
      if (candidate === undefined || candidate.hash === hash) continue;
      comparisons += 1;
      const similarity = jaccard(shingles, candidate.shingles);
      if (similarity < threshold) continue;
      const [first, second] = index < candidate.index ? [index, candidate.index] : [candidate.index, index];
      const name = first * texts.length + second;
      if (pairs.size < MAX_PAIRS) pairs.set(name, { first, second, similarity });
      else isCut ||= !pairs.has(name);
    }
    if (isCut) crowded += 1;
  }
  const sorted = [...pairs.values()].sort(
    (a, b) => b.similarity - a.similarity || a.first - b.first || a.second - b.second,
  );
  return { pairs: sorted, comparisons, crowded };
}
