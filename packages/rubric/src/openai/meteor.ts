import type { Meter } from './meter.js';
import { porterStem } from './porter.js';

/** A word of the candidate that stands for one of the reference. */
interface Match {
  readonly candidate: number;
  readonly reference: number;
}

/** Places of the words that no earlier stage has matched. */
interface Rest {
  readonly candidate: readonly number[];
  readonly reference: readonly number[];
}

/** Matches equal keys from the ends of both texts; every word at most once. */
function matchEqual(
  rest: Rest,
  candidate: readonly string[],
  reference: readonly string[],
  matches: Match[],
): Rest {
  const places = new Map<string, number[]>();
  for (const at of rest.reference) {
    const word = reference[at] ?? '';
    const list = places.get(word);
    if (list === undefined) places.set(word, [at]);
    else list.push(at);
  }
  const left: number[] = [];
  for (const at of rest.candidate.toReversed()) {
    const place = places.get(candidate[at] ?? '')?.pop();
    if (place === undefined) left.push(at);
    else matches.push({ candidate: at, reference: place });
  }
  const taken = new Set(matches.map((match) => match.reference));
  return { candidate: left.reverse(), reference: rest.reference.filter((at) => !taken.has(at)) };
}

/** Runs of matches that are neighbours in both texts. */
function chunksOf(matches: readonly Match[]): number {
  const sorted = [...matches].sort((a, b) => a.candidate - b.candidate);
  let chunks = 0;
  let last: Match | undefined;
  for (const match of sorted) {
    const isNext =
      last !== undefined && match.candidate === last.candidate + 1 && match.reference === last.reference + 1;
    if (!isNext) chunks++;
    last = match;
  }
  return chunks;
}

/** Parameters of Lavie and Agarwal 2007 for English. */
const ALPHA = 0.9;
const BETA = 3;
const GAMMA = 0.5;

/**
 * METEOR (Banerjee and Lavie 2005, with the parameters of Lavie and Agarwal 2007) over lower-case words: equal words
 * are matched first, then words of equal Porter stems; synonyms, which need a dictionary, are not. With m matches in
 * c chunks, P = m / |candidate| and R = m / |reference|: P R / (0.9 P + 0.1 R) * (1 - 0.5 (c/m)^3). Takes time
 * linear in the texts but for sorting the matches.
 * @returns 0 to 1, below 1 for equal texts too, since they are one chunk
 */
export function meteor(candidate: readonly string[], reference: readonly string[], meter: Meter): number {
  const matches: Match[] = [];
  const all: Rest = { candidate: [...candidate.keys()], reference: [...reference.keys()] };
  const rest = matchEqual(all, candidate, reference, matches);
  matchEqual(rest, candidate.map(porterStem), reference.map(porterStem), matches);
  meter.add(4 * (candidate.length + reference.length));
  if (matches.length === 0) return 0;
  const precision = matches.length / candidate.length;
  const recall = matches.length / reference.length;
  const mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall);
  return mean * (1 - GAMMA * (chunksOf(matches) / matches.length) ** BETA);
}
