/**
 * The stemmer of M. F. Porter, "An algorithm for suffix stripping" (1980), with the two later rules of its author
 * (`bli`, `logi`), as Lucene's English analyser has it (specs/webshop.md section 6).
 */

/** For every letter whether it is a consonant: `y` is one at the start and after a vowel. */
function consonants(word: string): boolean[] {
  const flags: boolean[] = [];
  for (let index = 0; index < word.length; index++) {
    const letter = word.charAt(index);
    flags.push(letter === 'y' ? index === 0 || !flags[index - 1] : !'aeiou'.includes(letter));
  }
  return flags;
}

/** The paper's m: how often a run of vowels is followed by a consonant. */
function measure(stem: string): number {
  const flags = consonants(stem);
  return flags.filter((isConsonant, index) => isConsonant && index > 0 && !flags[index - 1]).length;
}

const hasVowel = (stem: string): boolean => consonants(stem).includes(false);

const endsInDouble = (word: string): boolean => {
  const last = word.length - 1;
  return last > 0 && word[last] === word[last - 1] && consonants(word)[last] === true;
};

/** The paper's *o: ends in consonant, vowel, consonant, the last of them not w, x or y. */
function endsInShortSyllable(word: string): boolean {
  const [third, second, first] = consonants(word).slice(-3);
  return third === true && second === false && first === true && !'wxy'.includes(word.slice(-1));
}

/** A suffix and what takes its place. */
type Rule = readonly [suffix: string, replacement: string];

const STEP_2: readonly Rule[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
];

const STEP_3: readonly Rule[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];

/** Longer before shorter, so that the first that fits is the longest. */
const STEP_4: readonly string[] = [
  ...['ement', 'ance', 'ence', 'able', 'ible', 'ment', 'ant', 'ent', 'ion', 'ism', 'ate', 'iti'],
  ...['ous', 'ive', 'ize', 'al', 'er', 'ic', 'ou'],
];

/** Only the first suffix that fits is tried, whether or not its stem is long enough. */
function replaceSuffix(word: string, rules: readonly Rule[]): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (rule === undefined) return word;
  const stem = word.slice(0, word.length - rule[0].length);
  return measure(stem) > 0 ? stem + rule[1] : word;
}

function step1a(word: string): string {
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2);
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

function step1b(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((candidate) => word.endsWith(candidate));
  if (suffix === undefined) return word;
  const stem = word.slice(0, word.length - suffix.length);
  if (!hasVowel(stem)) return word;
  if (stem.endsWith('at') || stem.endsWith('bl') || stem.endsWith('iz')) return `${stem}e`;
  if (endsInDouble(stem)) return 'lsz'.includes(stem.slice(-1)) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsInShortSyllable(stem) ? `${stem}e` : stem;
}

const step1c = (word: string): string =>
  word.endsWith('y') && hasVowel(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word;

function step4(word: string): string {
  const suffix = STEP_4.find((candidate) => word.endsWith(candidate));
  if (suffix === undefined) return word;
  const stem = word.slice(0, word.length - suffix.length);
  if (suffix === 'ion' && !stem.endsWith('s') && !stem.endsWith('t')) return word;
  return measure(stem) > 1 ? stem : word;
}

function step5(word: string): string {
  let stem = word;
  if (word.endsWith('e')) {
    const without = word.slice(0, -1);
    const count = measure(without);
    if (count > 1 || (count === 1 && !endsInShortSyllable(without))) stem = without;
  }
  return stem.endsWith('ll') && measure(stem) > 1 ? stem.slice(0, -1) : stem;
}

/**
 * The stem of a lower-case word; one of at most two letters is its own stem. Time grows linearly with the word.
 * Source: Porter 1980, steps 1a to 5b.
 */
export function stem(word: string): string {
  if (word.length <= 2) return word;
  const singular = step1c(step1b(step1a(word)));
  return step5(step4(replaceSuffix(replaceSuffix(singular, STEP_2), STEP_3)));
}
