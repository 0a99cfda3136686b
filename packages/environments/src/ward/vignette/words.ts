/** Words that say nothing about what is asked. */
const FILLERS: ReadonlySet<string> = new Set(
  'a an and any are at been by does did do for had has have he her him his in is it of on or patient she the their they to was were with you your'.split(
    ' ',
  ),
);

/** Words of a text in lower case, possessives without their ending; letters and digits of any script. */
export const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll(/['’]s\b/g, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** Words that something can be found by. */
export const tellingWords = (text: string): string[] => wordsOf(text).filter((word) => !FILLERS.has(word));

/** A text without what stands in round brackets, and what stands in them. */
function bracketed(text: string): { readonly outside: string; readonly inside: string[] } {
  const [first = '', ...rest] = text.split('(');
  const parts = rest.map((part) => {
    const end = part.indexOf(')');
    return end === -1
      ? { inside: '', after: part }
      : { inside: part.slice(0, end), after: part.slice(end + 1) };
  });
  return {
    outside: [first, ...parts.map(({ after }) => after)].join(' '),
    inside: parts.map(({ inside }) => inside),
  };
}

const keyOf = (text: string): string => tellingWords(text).sort().join(' ');

/**
 * Whether a stated diagnosis names the right one: the same words in any order, but for fillers, capitals,
 * punctuation and possessives. What stands in brackets may be left out, or stand for the whole, as in
 * "Progressive multifocal encephalopathy (PML)". Synonyms are not known: a right answer in other words is not
 * recognised.
 */
export function namesDiagnosis(stated: string, right: string): boolean {
  const key = keyOf(stated);
  if (key === '') return false;
  const { outside, inside } = bracketed(right);
  return [right, outside, ...inside].some((text) => keyOf(text) === key);
}
