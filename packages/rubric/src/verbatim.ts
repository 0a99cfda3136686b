/** Instead of a name: no run begins at this place that both texts have. */
const NONE = -1;

/**
 * The source, a gap of one word, and the copy. By place: the first place at which the same run begins, which is the run's
 * name, or `NONE`.
 */
interface Runs {
  readonly names: Int32Array;
  /** Where the gap is. */
  readonly middle: number;
}

/** By place: the number of the word there among those that both texts have, or `NONE`; and how many these are. */
function sharedWords(source: Int32Array, copy: Int32Array): { words: Int32Array; count: number } {
  const middle = source.length;
  const words = new Int32Array(middle + 1 + copy.length).fill(NONE);
  let size = 0;
  for (let at = 0; at < middle; at++) size = Math.max(size, (source[at] ?? 0) + 1);
  const isInSource = new Uint8Array(size);
  for (let at = 0; at < middle; at++) isInSource[source[at] ?? 0] = 1;
  const numbers = new Int32Array(size).fill(NONE);
  let count = 0;
  for (let at = 0; at < copy.length; at++) {
    const word = copy[at] ?? 0;
    if (isInSource[word] !== 1) continue;
    if (numbers[word] === NONE) numbers[word] = count++;
    words[middle + 1 + at] = numbers[word] ?? NONE;
  }
  for (let at = 0; at < middle; at++) words[at] = numbers[source[at] ?? 0] ?? NONE;
  return { words, count };
}

/** Runs of as many words as a table of all such runs allows that is no longer than the texts, at most `most`. */
function firstRuns(source: Int32Array, copy: Int32Array, most: number): { runs: Runs; size: number } {
  const { words, count } = sharedWords(source, copy);
  let [size, codes] = [1, count];
  while (size < most && codes * count <= words.length) {
    codes *= count;
    size++;
  }
  const names = new Int32Array(words.length).fill(NONE);
  const firsts = new Int32Array(codes).fill(NONE);
  // Words as the digits of a number: the first of `size` falls out where the next comes in.
  const top = codes / count;
  for (let at = 0, known = 0, code = 0; at < words.length; at++) {
    const word = words[at] ?? NONE;
    known = word === NONE ? 0 : known + 1;
    if (known === 0) continue;
    code = (code % top) * count + word;
    if (known < size) continue;
    const start = at + 1 - size;
    if (firsts[code] === NONE) firsts[code] = start;
    names[start] = firsts[code] ?? NONE;
  }
  return { runs: { names, middle: source.length }, size };
}

/**
 * Runs made of two: of the one that begins at their place and the one that begins `step` words on. Places of one first name
 * make a bucket, in which each second name is met for the first time or again: exact, and linear whatever the names are
 * (Karp, Miller and Rosenberg 1972).
 */
function joinedRuns({ names, middle }: Runs, step: number): Runs {
  const last = names.length - step;
  // By name: where its bucket begins, then where the next place of it goes.
  const next = new Int32Array(names.length + 1);
  let total = 0;
  for (let at = 0; at < last; at++) {
    const name = names[at] ?? NONE;
    if (name === NONE || names[at + step] === NONE) continue;
    next[name + 1] = (next[name + 1] ?? 0) + 1;
    total++;
  }
  for (let name = 1; name < next.length; name++) next[name] = (next[name] ?? 0) + (next[name - 1] ?? 0);
  const bucketed = new Int32Array(total);
  for (let at = 0; at < last; at++) {
    const name = names[at] ?? NONE;
    if (name === NONE || names[at + step] === NONE) continue;
    const place = next[name] ?? 0;
    bucketed[place] = at;
    next[name] = place + 1;
  }
  const joined = new Int32Array(names.length).fill(NONE);
  // By second name: the first place that has it in the bucket of its first name; others are left from earlier buckets.
  const firsts = new Int32Array(names.length).fill(NONE);
  for (let index = 0; index < total; index++) {
    const at = bucketed[index] ?? 0;
    const second = names[at + step] ?? 0;
    const first = firsts[second] ?? NONE;
    if (first !== NONE && names[first] === names[at]) joined[at] = first;
    else joined[at] = firsts[second] = at;
  }
  return { names: joined, middle };
}

/** Takes the names of runs that one of the texts lacks; whether any is left. */
function keepShared({ names, middle }: Runs): boolean {
  const isInCopy = new Uint8Array(middle);
  for (let at = middle + 1; at < names.length; at++) {
    const name = names[at] ?? NONE;
    // The first place of a run that the source has is in the source.
    if (name > middle) names[at] = NONE;
    else if (name !== NONE) isInCopy[name] = 1;
  }
  let isAny = false;
  for (let at = 0; at < middle; at++) {
    const name = names[at] ?? NONE;
    if (name === NONE) continue;
    if (isInCopy[name] === 1) isAny = true;
    else names[at] = NONE;
  }
  return isAny;
}

/**
 * The first place in `copy` at which `length` words in a row, at least one, also stand in `source`, or null. Words are numbers
 * of one lexicon. Exact; takes time in the two texts times the logarithm of `length`, whatever the texts are.
 */
export function sharedRun(source: Int32Array, copy: Int32Array, length: number): number | null {
  if (Math.min(source.length, copy.length) < length) return null;
  let { runs, size } = firstRuns(source, copy, length);
  while (keepShared(runs) && size < length) {
    const step = Math.min(size, length - size);
    runs = joinedRuns(runs, step);
    size += step;
  }
  const { names, middle } = runs;
  for (let at = middle + 1; at < names.length; at++) if (names[at] !== NONE) return at - middle - 1;
  return null;
}
