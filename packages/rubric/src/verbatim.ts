/** Numbers of words: equal words, equal numbers. */
function numbered(words: readonly string[], numbers: Map<string, number>): Int32Array {
  return Int32Array.from(words, (word) => {
    const number = numbers.get(word) ?? numbers.size;
    numbers.set(word, number);
    return number;
  });
}

const BASE = 0x01000193;

/** Hashes of all runs of `length` numbers, by where they start. */
function* runHashes(numbers: Int32Array, length: number): Generator<readonly [start: number, hash: number]> {
  let top = 1;
  for (let i = 1; i < length; i++) top = Math.imul(top, BASE);
  let hash = 0;
  for (const [i, number] of numbers.entries()) {
    if (i >= length) hash = (hash - Math.imul((numbers[i - length] ?? 0) + 1, top)) | 0;
    hash = (Math.imul(hash, BASE) + number + 1) | 0;
    if (i + 1 >= length) yield [i + 1 - length, hash];
  }
}

/** Compared word by word at most so often for one text: equal hashes of different runs are rare, and only an adversary's are many. */
const MAX_COMPARED = 256;

/**
 * The first place in `copy` at which `length` words in a row also stand in `source`, or null. Linear in both texts: runs are
 * found by a rolling hash and compared where hashes agree.
 */
export function sharedRun(source: readonly string[], copy: readonly string[], length: number): number | null {
  const numbers = new Map<string, number>();
  const [from, to] = [numbered(source, numbers), numbered(copy, numbers)];
  const starts = new Map<number, number>();
  for (const [start, hash] of runHashes(from, length)) if (!starts.has(hash)) starts.set(hash, start);
  let compared = 0;
  for (const [start, hash] of runHashes(to, length)) {
    const candidate = starts.get(hash);
    if (candidate === undefined || compared >= MAX_COMPARED) continue;
    compared += 1;
    let same = 0;
    while (same < length && from[candidate + same] === to[start + same]) same++;
    if (same === length) return start;
  }
  return null;
}
