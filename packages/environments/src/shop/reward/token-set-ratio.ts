/** Length of the longest common subsequence; time and memory |a| * |b| and |b|, so both are short labels. */
function commonLength(a: string, b: string): number {
  let above = new Int32Array(b.length + 1);
  let row = new Int32Array(b.length + 1);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      row[j] = a[i - 1] === b[j - 1] ? (above[j - 1] ?? 0) + 1 : Math.max(above[j] ?? 0, row[j - 1] ?? 0);
    }
    [above, row] = [row, above];
  }
  return above[b.length] ?? 0;
}

/** 100 * 2 M / (|a| + |b|), M the longest common subsequence; rounded half to even. 0 for an empty text. */
function ratio(a: string, b: string): number {
  if (a === '' || b === '') return 0;
  if (a === b) return 100;
  const value = (200 * commonLength(a, b)) / (a.length + b.length);
  const floor = Math.floor(value);
  const isUp = value - floor > 0.5 || (value - floor === 0.5 && floor % 2 === 1);
  return isUp ? floor + 1 : floor;
}

/** A text in lower case with a space for everything that is neither letter nor digit. */
const plain = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{N}]/gu, ' ')
    .toLowerCase()
    .trim();

const tokensOf = (text: string): Set<string> => new Set(text.split(' ').filter((token) => token !== ''));
const joined = (tokens: Iterable<string>): string => [...tokens].sort().join(' ');

/**
 * How alike two labels are as sets of words, an integer from 0 to 100: 100 where one set holds the other, 0 where
 * one is empty. Source: specs/webshop.md section 5 (`token_set_ratio` of thefuzz 0.19).
 */
export function tokenSetRatio(one: string, other: string): number {
  const a = tokensOf(plain(one));
  const b = tokensOf(plain(other));
  if (a.size === 0 || b.size === 0) return 0;
  const common = joined([...a].filter((token) => b.has(token)));
  const first = `${common} ${joined([...a].filter((token) => !b.has(token)))}`.trim();
  const second = `${common} ${joined([...b].filter((token) => !a.has(token)))}`.trim();
  return Math.max(ratio(common, first), ratio(common, second), ratio(first, second));
}
