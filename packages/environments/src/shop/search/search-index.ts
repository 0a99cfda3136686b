import { analyse } from './analyser.js';

/** BM25 of Pyserini's defaults (specs/webshop.md section 6). */
export const BM25 = { k1: 0.9, b: 0.4 } as const;

/** How many documents a search of the shop gives at most (specs/webshop.md section 6). */
export const MAX_HITS = 50;

/** A document that holds a word of the query. */
export interface Hit {
  /** Its place in the list that the index was built from. */
  readonly document: number;
  /** A float32, above 0. */
  readonly score: number;
}

/** An inverted index; it never changes, and searches of one do not disturb each other. */
export interface SearchIndex {
  readonly documents: number;
  /** Different terms of all documents. */
  readonly terms: number;
  /**
   * The best documents for a query, best first, ties in document order. A term that the query repeats counts as
   * often. Time grows linearly with the query.
   * @param limit a positive integer, 50 where absent
   */
  search(query: string, limit?: number): Hit[];
}

/** Lengths below this are stored as they are. */
const EXACT_LENGTHS = 40;
const FREE_LENGTHS = 24;

/**
 * A document's length as one byte of Lucene gives it back: exact below 40 terms; above, what exceeds 24 keeps four
 * significant bits.
 * @param length terms; an integer of at least 0
 */
export function quantisedLength(length: number): number {
  if (length < EXACT_LENGTHS) return length;
  const excess = length - FREE_LENGTHS;
  const step = 2 ** (Math.floor(Math.log2(excess)) - 3);
  return FREE_LENGTHS + Math.floor(excess / step) * step;
}

/** Where a term occurs: documents ascending, and how often in each. */
interface Postings {
  readonly documents: Int32Array;
  readonly counts: Int32Array;
  /** ln(1 + (N - df + 0.5) / (df + 0.5)). */
  readonly idf: number;
}

function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** The `limit` greatest scores of the touched documents, best first, ties in document order. */
function best(touched: readonly number[], scores: Float64Array, limit: number): Hit[] {
  const isBefore = (a: Hit, b: Hit) => a.score > b.score || (a.score === b.score && a.document < b.document);
  const kept: Hit[] = [];
  for (const document of touched) {
    const hit = { document, score: Math.fround(scores[document] ?? 0) };
    const worst = kept[limit - 1];
    if (worst !== undefined && !isBefore(hit, worst)) continue;
    let low = 0;
    for (let high = kept.length; low < high; ) {
      const middle = (low + high) >>> 1;
      const other = kept[middle];
      if (other !== undefined && isBefore(other, hit)) low = middle + 1;
      else high = middle;
    }
    kept.splice(low, 0, hit);
    if (kept.length > limit) kept.pop();
  }
  return kept;
}

/**
 * Builds an index over documents, with the scores of Lucene's BM25 (specs/webshop.md section 6):
 * the sum over the query's terms of idf * tf / (tf + k1 * (1 - b + b * dl / avgdl)), where dl is the quantised
 * length and avgdl the exact mean. Sums are taken in the order of the query's first mentions and rounded to float32.
 */
export function buildSearchIndex(documents: Iterable<string>): SearchIndex {
  const occurrences = new Map<string, { documents: number[]; counts: number[] }>();
  const lengths: number[] = [];
  let total = 0;
  for (const text of documents) {
    const terms = analyse(text);
    for (const [term, count] of countTerms(terms)) {
      let found = occurrences.get(term);
      if (found === undefined) {
        found = { documents: [], counts: [] };
        occurrences.set(term, found);
      }
      found.documents.push(lengths.length);
      found.counts.push(count);
    }
    lengths.push(terms.length);
    total += terms.length;
  }

  const { k1, b } = BM25;
  const size = lengths.length;
  const mean = total / Math.max(1, size);
  const norms = Float64Array.from(lengths, (length) => k1 * (1 - b + (b * quantisedLength(length)) / mean));
  const postings = new Map<string, Postings>();
  for (const [term, found] of occurrences) {
    const frequency = found.documents.length;
    postings.set(term, {
      documents: Int32Array.from(found.documents),
      counts: Int32Array.from(found.counts),
      idf: Math.log(1 + (size - frequency + 0.5) / (frequency + 0.5)),
    });
    occurrences.delete(term);
  }

  const scores = new Float64Array(size);
  const search = (query: string, limit: number = MAX_HITS): Hit[] => {
    const touched: number[] = [];
    for (const [term, weight] of countTerms(analyse(query))) {
      const found = postings.get(term);
      if (found === undefined) continue;
      const { documents: holders, counts, idf } = found;
      for (let index = 0; index < holders.length; index++) {
        const document = holders[index] ?? 0;
        const count = counts[index] ?? 0;
        // Every term adds more than 0, so that 0 means untouched.
        if (scores[document] === 0) touched.push(document);
        scores[document] =
          (scores[document] ?? 0) + (weight * idf * count) / (count + (norms[document] ?? 0));
      }
    }
    const hits = best(touched, scores, limit);
    for (const document of touched) scores[document] = 0;
    return hits;
  };
  return { documents: size, terms: postings.size, search };
}
