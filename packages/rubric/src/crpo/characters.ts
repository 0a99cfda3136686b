import type { Span } from '../grade.js';
import { codeSet, type TextScan } from '../text-scan.js';

/** Sets of characters that a completion may be written in without losing consistency. */
export type CharacterSetName = 'ascii' | 'clinical';

/** The 96 characters of the released scorer: printable ASCII and the line feed (CRPO specification 2.2). */
const isAscii = (codePoint: number): boolean =>
  codePoint === 0x0a || (codePoint >= 0x20 && codePoint <= 0x7e);

/** What clinical English is written with beside ASCII, first and last code point of each range. */
const CLINICAL: readonly (readonly [number, number])[] = [
  [0x09, 0x09], // tab
  [0x0d, 0x0d], // carriage return
  [0xa0, 0xff], // Latin-1: degree, plus-minus, micro, multiplication, accented letters of names
  [0x100, 0x17f], // Latin Extended-A: names
  [0x370, 0x3ff], // Greek: alpha, beta, mu
  [0x2009, 0x2009], // thin space
  [0x2010, 0x2027], // dashes, curly quotes, bullets, ellipsis
  [0x202f, 0x202f], // narrow no-break space
  [0x2032, 0x2033], // primes
  [0x2070, 0x209c], // superscripts and subscripts
  [0x2190, 0x2194], // arrows
  [0x2208, 0x2208], // element of
  [0x2212, 0x2212], // minus
  [0x221e, 0x221e], // infinity
  [0x2248, 0x2248], // almost equal
  [0x2260, 0x2265], // unequal, less, greater
];

const clinical = codeSet(
  Math.max(...CLINICAL.map(([, last]) => last)) + 1,
  (code) => isAscii(code) || CLINICAL.some(([first, last]) => code >= first && code <= last),
);

const isClinical = (codePoint: number): boolean => clinical[codePoint] === 1;

export const characterSets: { readonly [N in CharacterSetName]: (codePoint: number) => boolean } = {
  ascii: isAscii,
  clinical: isClinical,
};

const ascii = codeSet(0x80, isAscii);

/** Whether a range is of the ASCII set alone, which is part of every set. */
export const isPlain = (scan: TextScan, { start, end }: Span): boolean =>
  scan.runEnd(ascii, start, end) === end;
