import type { Lexicon } from '../lexicon.js';
import type { Clauses } from './clauses.js';

const listed = (...lines: readonly string[]): readonly string[] => lines.flatMap((line) => line.split(' '));

/** Before a statement, these say that it is not made. An apostrophe ends a word: don't, shouldn't, mustn't. */
const NEGATIONS: ReadonlySet<string> = new Set(
  listed('no non not never nor neither without against cannot don shouldn mustn', 'contraindicated excluded'),
);

/** These say so too, unless they are negated themselves: who does not omit a thing does it. */
const OMISSIONS: ReadonlySet<string> = new Set(
  listed(
    'avoid avoids avoided avoiding withhold hold stop exclude excludes',
    'omit skip forget delay defer postpone',
  ),
);

/** Words before a statement, and steps behind it, that are looked at. */
const REACH = 5;
/** Words between a negation and the omission that it takes back: don't [t] [ever] omit. */
const OMISSION_REACH = 3;

const AVOIDED = listed('avoided withheld stopped discontinued omitted excluded');
const WARNED = [
  ...listed('contraindicated unsafe dangerous harmful inappropriate inadvisable prohibited forbidden'),
  ...AVOIDED,
];
const ADVISED = listed(
  'indicated recommended advised advisable appropriate safe suitable needed required necessary',
);
const DONE = listed('given used administered started prescribed continued offered considered done performed');
const ATTRIBUTES = listed('free sparing allergy allergic intolerance intolerant hypersensitivity');
const BE = listed('is are was were be being remains remain');
/** What may be stopped later is given first. */
const DUTIES = listed('should must shall');
const MODALS = [...DUTIES, ...listed('can could may might will')];
const NOT = ['not', 'never'];
/** What is left of a contraction before its `t`. */
const IS_NOT = listed('isn aren wasn weren');
const MUST_NOT = listed('shouldn mustn couldn can won');

/** The predicates that warn of what stands before them, each a list of alternatives for each of its words. */
const PREDICATES: readonly (readonly (readonly string[])[])[] = [
  [WARNED],
  [['contra'], ['indicated']],
  [BE, WARNED],
  [BE, ['contra'], ['indicated']],
  [BE, NOT, [...ADVISED, ...DONE]],
  [IS_NOT, ['t'], [...ADVISED, ...DONE]],
  [NOT, [...ADVISED, ...DONE]],
  [DUTIES, ['be'], AVOIDED],
  [['to'], ['be'], AVOIDED],
  [['needs', 'need', ...BE], ['to'], ['be'], AVOIDED],
  [BE, NOT, ['to'], ['be'], DONE],
  [BE, NOT, ['an'], ['option']],
  [MODALS, NOT, ['be'], DONE],
  [['cannot'], ['be'], DONE],
  [MUST_NOT, ['t'], ['be'], DONE],
  [ATTRIBUTES],
];

/** These change nothing, wherever they stand in a predicate or before it. */
const FILLERS: ReadonlySet<string> = new Set(
  listed(
    'therapy treatment use administration infusion prophylaxis',
    'also always absolutely strictly relatively clearly currently generally therefore thus then here',
    'probably usually really very best',
  ),
);

/** The first word of predicates, the second and so on. */
interface Node {
  readonly next: Map<string, Node>;
  ends: boolean;
}

const node = (): Node => ({ next: new Map(), ends: false });

function add(at: Node, [words, ...rest]: readonly (readonly string[])[]): void {
  if (words === undefined) at.ends = true;
  for (const word of words ?? []) {
    const next = at.next.get(word) ?? node();
    at.next.set(word, next);
    add(next, rest);
  }
}

const ROOT = node();
for (const predicate of PREDICATES) add(ROOT, predicate);

/** Words of one text from `first` to `last`, both included. */
interface Place {
  readonly first: number;
  readonly last: number;
}

/** A negation before a place, in its clause, that no omission between them turns round. */
function isNegated({ numbers, clauses }: Clauses, lexicon: Lexicon, { first }: Place): boolean {
  const clause = clauses[first];
  const isOf = (words: ReadonlySet<string>, index: number): boolean =>
    index >= 0 && clauses[index] === clause && words.has(lexicon.wordOf(numbers[index] ?? 0));
  for (let i = first - 1; i >= first - REACH; i--) {
    if (isOf(NEGATIONS, i)) return true;
    if (!isOf(OMISSIONS, i)) continue;
    for (let k = i - 1; k >= i - OMISSION_REACH; k--) if (isOf(NEGATIONS, k)) return false;
    return true;
  }
  return false;
}

/** Whether a predicate that warns begins at a word and ends in the clause. */
function isPredicate({ numbers, clauses }: Clauses, lexicon: Lexicon, at: number, clause: number): boolean {
  let from = ROOT;
  for (let i = at; i < at + REACH && clauses[i] === clause; i++) {
    const word = lexicon.wordOf(numbers[i] ?? 0);
    const next = from.next.get(word);
    if (next?.ends) return true;
    if (next !== undefined) from = next;
    else if (!FILLERS.has(word)) return false;
  }
  return false;
}

/** A warning directly behind a place, in its clause; of a joined word also behind the whole of it. */
function isWarnedOf(text: Clauses, lexicon: Lexicon, { last }: Place): boolean {
  const clause = text.clauses[last] ?? 0;
  if (isPredicate(text, lexicon, last + 1, clause)) return true;
  let end = last;
  while (end < last + REACH && text.joined[end + 1] === 1) end++;
  return end > last && isPredicate(text, lexicon, end + 1, clause);
}

/** A question that a clause of one word denies: Give it? No. */
function isDenied({ numbers, clauses, lasts, asked }: Clauses, lexicon: Lexicon, { last }: Place): boolean {
  const clause = clauses[last] ?? 0;
  const answer = (lasts[clause] ?? 0) + 1;
  if (asked[clause] !== 1 || lasts[clause + 1] !== answer) return false;
  return ['no', 'not', 'never'].includes(lexicon.wordOf(numbers[answer] ?? 0));
}

/**
 * Whether the text takes back what it says at a place: a negation in the few words before it (do not give X, but not: do not
 * withhold X), one of a closed list of warnings directly behind it (X is contraindicated, should be avoided, is not
 * indicated; X-free, X allergy), each in its clause, or a question with that place in it whose answer is no. Looks at a
 * bounded number of words.
 */
export function isTakenBack(text: Clauses, lexicon: Lexicon, place: Place): boolean {
  return (
    isNegated(text, lexicon, place) || isWarnedOf(text, lexicon, place) || isDenied(text, lexicon, place)
  );
}
