import type { Span } from '../grade.js';
import type { Meter } from './meter.js';

/** For each end of a part of the pattern, the longest proper beginning of the pattern that ends there too. */
function bordersOf(pattern: string): Uint32Array {
  const borders = new Uint32Array(pattern.length);
  let length = 0;
  for (let at = 1; at < pattern.length; at++) {
    const code = pattern.charCodeAt(at);
    while (length > 0 && pattern.charCodeAt(length) !== code) length = borders[length - 1] ?? 0;
    if (pattern.charCodeAt(length) === code) length++;
    borders[at] = length;
  }
  return borders;
}

/**
 * The first so many places of a pattern in a text, without overlaps, by the algorithm of Knuth, Morris and Pratt: at
 * most two comparisons for each character, where `String.prototype.indexOf` takes as many as both lengths multiplied
 * on texts made for it.
 */
export function findText(
  text: string,
  pattern: string,
  options: { readonly most: number; readonly meter: Meter },
): Span[] {
  const places: Span[] = [];
  options.meter.add(2 * pattern.length);
  if (pattern === '') return places;
  const borders = bordersOf(pattern);
  let length = 0;
  let at = 0;
  for (; at < text.length && places.length < options.most; at++) {
    const code = text.charCodeAt(at);
    while (length > 0 && pattern.charCodeAt(length) !== code) length = borders[length - 1] ?? 0;
    if (pattern.charCodeAt(length) === code) length++;
    if (length < pattern.length) continue;
    places.push({ start: at + 1 - length, end: at + 1 });
    length = 0;
  }
  options.meter.add(2 * at);
  return places;
}
