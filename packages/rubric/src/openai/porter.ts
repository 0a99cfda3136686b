/** A suffix, what takes its place, and how much stem it wants before it. */
interface Rule {
  readonly suffix: string;
  readonly to: string;
}

const isVowelLetter = (char: string): boolean => 'aeiou'.includes(char);

/** Whether the letter at a place is a consonant: `y` is one at the start and after a vowel. */
function consonants(word: string): boolean[] {
  const found: boolean[] = [];
  for (let at = 0; at < word.length; at++) {
    const char = word.charAt(at);
    found.push(char === 'y' ? at === 0 || found[at - 1] === false : !isVowelLetter(char));
  }
  return found;
}

/** m: how many times a run of vowels is followed by a run of consonants. */
function measure(stem: string): number {
  const kinds = consonants(stem);
  let count = 0;
  for (let at = 1; at < kinds.length; at++) if (kinds[at] === true && kinds[at - 1] === false) count++;
  return count;
}

const hasVowel = (stem: string): boolean => consonants(stem).includes(false);

function endsInDouble(word: string): boolean {
  const last = word.charAt(word.length - 1);
  return word.length > 1 && last === word.charAt(word.length - 2) && consonants(word).at(-1) === true;
}

/** Consonant, vowel, consonant at the end, the last none of w, x and y. */
function endsInCvc(word: string): boolean {
  if (word.length < 3) return false;
  const [first, second, third] = consonants(word).slice(-3);
  return (
    first === true && second === false && third === true && !'wxy'.includes(word.charAt(word.length - 1))
  );
}

const rulesOf = (text: string): readonly Rule[] =>
  text.split(' ').map((rule) => {
    const [suffix = '', to = ''] = rule.split('>');
    return { suffix, to };
  });

const STEP_2 = rulesOf(
  'ational>ate tional>tion enci>ence anci>ance izer>ize abli>able alli>al entli>ent eli>e ousli>ous ' +
    'ization>ize ation>ate ator>ate alism>al iveness>ive fulness>ful ousness>ous aliti>al iviti>ive biliti>ble',
);
const STEP_3 = rulesOf('icate>ic ative> alize>al iciti>ic ical>ic ful> ness>');
const STEP_4 = rulesOf(
  'al> ance> ence> er> ic> able> ible> ant> ement> ment> ent> ion> ou> ism> ate> iti> ous> ive> ize>',
);

/** The rule with the longest suffix that the word has. */
function longest(word: string, rules: readonly Rule[]): Rule | undefined {
  let found: Rule | undefined;
  for (const rule of rules) {
    if (word.endsWith(rule.suffix) && rule.suffix.length > (found?.suffix.length ?? 0)) found = rule;
  }
  return found;
}

/** Applies the rule of the longest suffix where the stem before it measures more than `above`. */
function replaced(word: string, rules: readonly Rule[], above: number): string {
  const rule = longest(word, rules);
  if (rule === undefined) return word;
  const stem = word.slice(0, -rule.suffix.length);
  if (rule.suffix === 'ion' && !/[st]$/.test(stem)) return word;
  return measure(stem) > above ? stem + rule.to : word;
}

function step1a(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (word.endsWith('ies')) return word.slice(0, -2);
  if (word.endsWith('ss')) return word;
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function step1b(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((ending) => word.endsWith(ending));
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (!hasVowel(stem)) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsInDouble(stem) && !/[lsz]$/.test(stem)) return stem.slice(0, -1);
  return measure(stem) === 1 && endsInCvc(stem) ? `${stem}e` : stem;
}

function step5(word: string): string {
  let shorter = word;
  if (word.endsWith('e')) {
    const stem = word.slice(0, -1);
    const m = measure(stem);
    if (m > 1 || (m === 1 && !endsInCvc(stem))) shorter = stem;
  }
  return shorter.endsWith('ll') && measure(shorter.slice(0, -1)) > 1 ? shorter.slice(0, -1) : shorter;
}

const ENGLISH = /^[a-z]{3,64}$/;

/**
 * The stem of a lower-case English word by the algorithm of Porter 1980, as published. Words of one or two letters,
 * of more than 64, and with anything but a to z in them are their own stems.
 */
export function porterStem(word: string): string {
  if (!ENGLISH.test(word)) return word;
  let stem = step1b(step1a(word));
  if (stem.endsWith('y') && hasVowel(stem.slice(0, -1))) stem = `${stem.slice(0, -1)}i`;
  stem = replaced(stem, STEP_2, 0);
  stem = replaced(stem, STEP_3, 0);
  stem = replaced(stem, STEP_4, 1);
  return step5(stem);
}
