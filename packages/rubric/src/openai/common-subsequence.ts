import type { Meter } from './meter.js';

/**
 * Symbols of each text that are compared where two texts differ: beyond it nothing counts as common. The work is the
 * product of the lengths, 32 symbols at a time, so that texts without a bound could be made to take hours.
 */
export const MAX_COMPARED: number = 16_384;

/** Which places of the second text hold a symbol, as bits; many places as a ready row, few as a list. */
interface Places {
  readonly list: readonly number[];
  readonly row: Uint32Array | null;
}

function placesOf(symbols: readonly number[], words: number): ReadonlyMap<number, Places> {
  const lists = new Map<number, number[]>();
  for (const [at, symbol] of symbols.entries()) {
    const list = lists.get(symbol);
    if (list === undefined) lists.set(symbol, [at]);
    else list.push(at);
  }
  const places = new Map<number, Places>();
  for (const [symbol, list] of lists) {
    // At most 32 symbols have so many places: rows take no more memory than a few texts.
    const row = list.length > words ? new Uint32Array(words) : null;
    if (row !== null) setBits(row, list);
    places.set(symbol, { list, row });
  }
  return places;
}

function setBits(row: Uint32Array, list: readonly number[]): void {
  for (const at of list) row[at >>> 5] = (row[at >>> 5] ?? 0) | (1 << (at & 31));
}

function clearBits(row: Uint32Array, list: readonly number[]): void {
  for (const at of list) row[at >>> 5] = 0;
}

function countZeros(row: Uint32Array, length: number): number {
  let zeros = 0;
  for (let at = 0; at < length; at++) if ((((row[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 0) zeros++;
  return zeros;
}

/**
 * Bit-parallel length of the longest common subsequence (Hyyrö 2004): with V all ones, each symbol of the first text
 * gives V = (V + (V & M)) | (V & ~M) for M the places of that symbol; the zeros of V at the end are the length.
 */
function bitParallel(first: readonly number[], second: readonly number[], meter: Meter): number {
  const words = Math.ceil(second.length / 32);
  const places = placesOf(second, words);
  const scratch = new Uint32Array(words);
  const v = new Uint32Array(words).fill(0xffff_ffff);
  for (const symbol of first) {
    const place = places.get(symbol);
    if (place === undefined) continue;
    const matches = place.row ?? scratch;
    if (place.row === null) setBits(scratch, place.list);
    let carry = 0;
    for (let word = 0; word < words; word++) {
      const value = v[word] ?? 0;
      const match = matches[word] ?? 0;
      const sum = value + ((value & match) >>> 0) + carry;
      carry = sum > 0xffff_ffff ? 1 : 0;
      v[word] = (sum >>> 0) | (value & ~match);
    }
    if (place.row === null) clearBits(scratch, place.list);
    meter.add(words);
  }
  return countZeros(v, second.length);
}

/**
 * Length of the longest common subsequence of two texts, given as numbers. Exact where the texts, without what they
 * have in common at both ends, have at most `MAX_COMPARED` symbols each; beyond that the length that is found is one
 * that both texts have, and maybe not the longest. Work is at most linear in the texts plus MAX_COMPARED^2 / 32.
 */
export function commonSubsequence(first: readonly number[], second: readonly number[], meter: Meter): number {
  const shorter = Math.min(first.length, second.length);
  let start = 0;
  while (start < shorter && first[start] === second[start]) start++;
  let end = 0;
  while (end < shorter - start && first[first.length - 1 - end] === second[second.length - 1 - end]) end++;
  meter.add(first.length + second.length);
  const middle = (symbols: readonly number[]): readonly number[] =>
    symbols.slice(start, Math.min(symbols.length - end, start + MAX_COMPARED));
  return start + end + bitParallel(middle(first), middle(second), meter);
}
