import type { Meter } from './meter.js';

/** How often runs of n words occur in a candidate and its reference. */
export interface NgramCounts {
  /** Runs that both have, each counted as often as the text that has it less often. */
  readonly shared: number;
  readonly candidate: number;
  readonly reference: number;
}

/** Runs of n words as numbers, one for each place: equal runs have equal numbers. */
class Runs {
  readonly #candidate: readonly number[];
  readonly #reference: readonly number[];
  /** Number of the run of n words that starts at each place. */
  candidate: readonly number[];
  reference: readonly number[];
  #length = 1;

  constructor(candidate: readonly number[], reference: readonly number[]) {
    this.#candidate = candidate;
    this.#reference = reference;
    this.candidate = candidate;
    this.reference = reference;
  }

  /** Makes every run one word longer: the pair of its first n words and the next one is numbered anew. */
  grow(): void {
    const numbers = new Map<number, number>();
    const length = this.#length++;
    // Below 2^53 for texts of up to 9e7 words: both factors are less than the number of words.
    const radix = this.#candidate.length + this.#reference.length + 1;
    const longer = (runs: readonly number[], words: readonly number[]): number[] => {
      const next: number[] = [];
      for (let at = 0; at + length < words.length; at++) {
        const key = (runs[at] ?? 0) * radix + (words[at + length] ?? 0);
        const known = numbers.get(key);
        next.push(known ?? numbers.size);
        if (known === undefined) numbers.set(key, numbers.size);
      }
      return next;
    };
    this.candidate = longer(this.candidate, this.#candidate);
    this.reference = longer(this.reference, this.#reference);
  }
}

function countsOf(candidate: readonly number[], reference: readonly number[]): NgramCounts {
  const left = new Map<number, number>();
  for (const run of reference) left.set(run, (left.get(run) ?? 0) + 1);
  let shared = 0;
  for (const run of candidate) {
    const count = left.get(run) ?? 0;
    if (count === 0) continue;
    left.set(run, count - 1);
    shared++;
  }
  return { shared, candidate: candidate.length, reference: reference.length };
}

/**
 * The counts of runs of 1 to `most` words of two texts given as numbers below the sum of their lengths. Takes time
 * linear in the texts.
 */
export function ngramCounts(
  candidate: readonly number[],
  reference: readonly number[],
  options: { readonly most: number; readonly meter: Meter },
): NgramCounts[] {
  const runs = new Runs(candidate, reference);
  const counts: NgramCounts[] = [];
  for (let length = 1; length <= options.most; length++) {
    if (length > 1) runs.grow();
    counts.push(countsOf(runs.candidate, runs.reference));
    options.meter.add(candidate.length + reference.length);
  }
  return counts;
}

/** Longest runs of BLEU and GLEU. */
const MOST = 4;

/**
 * BLEU of one sentence against one reference (Papineni et al. 2002): the geometric mean of the shares p_n = shared /
 * candidate of runs of n = 1..N words, times exp(1 - r/c) where the candidate's c words are fewer than the
 * reference's r. N is 4, or c where the candidate is shorter, so that equal short texts have 1. Not smoothed: without
 * a shared run of N words it is 0.
 * @returns 0 to 1
 */
export function bleu(candidate: readonly number[], reference: readonly number[], meter: Meter): number {
  const most = Math.min(MOST, candidate.length);
  if (most === 0) return 0;
  let logs = 0;
  for (const { shared, candidate: runs } of ngramCounts(candidate, reference, { most, meter })) {
    logs += Math.log(shared / runs) / most;
  }
  const brevity = Math.min(0, 1 - reference.length / candidate.length);
  return Math.exp(logs + brevity);
}

/**
 * GLEU (Wu et al. 2016, section 6): of all runs of 1 to 4 words together, the lesser of the shares that are shared
 * of the candidate's and of the reference's.
 * @returns 0 to 1
 */
export function gleu(candidate: readonly number[], reference: readonly number[], meter: Meter): number {
  let shared = 0;
  let runs = 0;
  let wanted = 0;
  for (const counts of ngramCounts(candidate, reference, { most: MOST, meter })) {
    shared += counts.shared;
    runs += counts.candidate;
    wanted += counts.reference;
  }
  const larger = Math.max(runs, wanted);
  return larger === 0 ? 0 : shared / larger;
}

/** The harmonic mean of precision and recall, shared / candidate and shared / reference; 0 where nothing is shared. */
export function f1({ shared, candidate, reference }: NgramCounts): number {
  return shared === 0 ? 0 : (2 * shared) / (candidate + reference);
}

/**
 * ROUGE-N (Lin 2004), as F1: the harmonic mean of the shares that shared runs of n words are of the candidate's and
 * of the reference's.
 * @returns 0 to 1
 */
export function rougeN(
  candidate: readonly number[],
  reference: readonly number[],
  options: { readonly n: number; readonly meter: Meter },
): number {
  const counts = ngramCounts(candidate, reference, { most: options.n, meter: options.meter }).at(-1);
  return counts === undefined ? 0 : f1(counts);
}
