const BASE = 0x01000193;

/**
 * Tells the hash of each run of `length` numbers and where it starts, in order, until `tell` has seen enough.
 * A loop and no generator, because a generator costs more than the hash.
 */
function eachRunHash(
  numbers: Int32Array,
  length: number,
  tell: (start: number, hash: number) => boolean,
): void {
  let top = 1;
  for (let i = 1; i < length; i++) top = Math.imul(top, BASE);
  let hash = 0;
  for (let i = 0; i < numbers.length; i++) {
    if (i >= length) hash = (hash - Math.imul((numbers[i - length] ?? 0) + 1, top)) | 0;
    hash = (Math.imul(hash, BASE) + (numbers[i] ?? 0) + 1) | 0;
    if (i + 1 >= length && !tell(i + 1 - length, hash)) return;
  }
}

/** Compared word by word at most so often for one text: equal hashes of different runs are rare, and only an adversary's are many. */
const MAX_COMPARED = 256;

/**
 * The first place in `copy` at which `length` words in a row also stand in `source`, or null. Words are numbers of one
 * lexicon. Linear in both: runs are found by a rolling hash and compared where hashes agree.
 */
export function sharedRun(source: Int32Array, copy: Int32Array, length: number): number | null {
  if (Math.min(source.length, copy.length) < length) return null;
  const starts = new Map<number, number>();
  eachRunHash(source, length, (start, hash) => {
    if (!starts.has(hash)) starts.set(hash, start);
    return true;
  });
  let compared = 0;
  let found: number | null = null;
  eachRunHash(copy, length, (start, hash) => {
    const candidate = starts.get(hash);
    if (candidate === undefined) return true;
    let same = 0;
    while (same < length && source[candidate + same] === copy[start + same]) same++;
    if (same === length) found = start;
    return found === null && ++compared < MAX_COMPARED;
  });
  return found;
}
