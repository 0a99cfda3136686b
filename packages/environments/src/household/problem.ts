import { EnvironmentError } from '../errors.js';
import { byText, displayNames } from './names.js';
import {
  type Node,
  parseSExpression,
  sectionOf,
  showNode,
  type TypedName,
  typedNames,
} from './s-expression.js';

/** Kinds of things that facts are about, as the domain names them. */
export const KINDS = ['agent', 'location', 'receptacle', 'object', 'rtype', 'otype'] as const;
export type Kind = (typeof KINDS)[number];

/** Predicates of things that name nothing else. */
type ThingPredicate =
  | 'isreceptacleobject'
  | ('pickupable' | 'cleanable' | 'heatable' | 'coolable' | 'toggleable' | 'sliceable')
  | ('isclean' | 'ishot' | 'iscool' | 'ison' | 'istoggled' | 'issliced');

export type Predicate =
  | ('atlocation' | 'receptacleatlocation' | 'objectatlocation')
  | ('inreceptacle' | 'inreceptacleobject')
  | ('receptacletype' | 'objecttype' | 'cancontain')
  | ('holds' | 'holdsany')
  | ('openable' | 'opened')
  | ThingPredicate;

const OF_A_THING: Readonly<Record<ThingPredicate, readonly Kind[]>> = {
  isreceptacleobject: ['object'],
  pickupable: ['object'],
  cleanable: ['object'],
  heatable: ['object'],
  coolable: ['object'],
  toggleable: ['object'],
  sliceable: ['object'],
  isclean: ['object'],
  ishot: ['object'],
  iscool: ['object'],
  ison: ['object'],
  istoggled: ['object'],
  issliced: ['object'],
};

/** What each predicate that matters in play says of what; names in lower case. */
export const SIGNATURES: Readonly<Record<Predicate, readonly Kind[]>> = {
  atlocation: ['agent', 'location'],
  receptacleatlocation: ['receptacle', 'location'],
  objectatlocation: ['object', 'location'],
  inreceptacle: ['object', 'receptacle'],
  inreceptacleobject: ['object', 'object'],
  receptacletype: ['receptacle', 'rtype'],
  objecttype: ['object', 'otype'],
  cancontain: ['rtype', 'otype'],
  holds: ['agent', 'object'],
  holdsany: ['agent'],
  openable: ['receptacle'],
  opened: ['receptacle'],
  ...OF_A_THING,
};

export const isPredicate = (name: string): name is Predicate => Object.hasOwn(SIGNATURES, name);

/** Facts that no action that is played asks for. */
const IGNORED: ReadonlySet<string> = new Set([
  ...['=', 'checked', 'examined', 'moveable', 'full', 'wasinreceptacle'],
  ...['isreceptacleobjectfull', 'holdsanyreceptacleobject'],
]);

/** Larger rooms than any of a game; they bound the tables of a game to a few megabytes. */
const MOST: Readonly<Record<Kind, number>> = {
  agent: 1,
  location: 1_024,
  receptacle: 256,
  object: 1_024,
  rtype: 1_024,
  otype: 1_024,
};

/** The first and second argument of a fact as indices of their kinds; 0 where there is no second. */
export type Fact = readonly [number, number];

/** Where a game begins and what it is about. */
export interface Problem {
  /** Lower-case ids that facts name, by kind, sorted; an index of a kind is a place in its list. */
  readonly ids: Readonly<Record<Kind, readonly string[]>>;
  /** Display names by id. */
  readonly names: ReadonlyMap<string, string>;
  readonly facts: Readonly<Record<Predicate, readonly Fact[]>>;
  readonly goal: Node;
}

/** The parts of a problem before names are looked up; every word is in lower case. */
export interface ProblemParts {
  readonly things: readonly TypedName[];
  readonly facts: readonly Node[];
  readonly goal: Node;
}

const FIELD = 'pddl_problem';
const refuse = (message: string) => new EnvironmentError('ENVIRONMENT_GAME', FIELD, `${FIELD}: ${message}`);

function wordsOf(fact: Node): readonly string[] {
  if (typeof fact !== 'string' && fact.every((word) => typeof word === 'string')) return fact;
  throw refuse(`:init has ${showNode(fact)}, want a predicate and names`);
}

/**
 * Numbers what a problem names and sorts its facts by predicate.
 * @throws EnvironmentError ENVIRONMENT_GAME naming the fact or name at fault
 */
export function buildProblem({ things, facts, goal }: ProblemParts): Problem {
  const told = facts.filter((fact) => typeof fact === 'string' || fact[0] !== '=').map(wordsOf);
  const mentioned = new Set(told.flatMap((words) => words.slice(1)));
  const kinds = new Map<string, Kind>();
  for (const { name, type } of things) {
    const kind = KINDS.find((known) => known === type);
    if (kind === undefined) throw refuse(`${name} is of type ${type}, want one of: ${KINDS.join(', ')}`);
    if ((kinds.get(name) ?? kind) !== kind) throw refuse(`${name} is of two types, want one`);
    kinds.set(name, kind);
  }
  const idsOf = (kind: Kind): readonly string[] => {
    const ids = [...kinds].filter(([id, of]) => of === kind && mentioned.has(id)).map(([id]) => id);
    if (ids.length > MOST[kind])
      throw refuse(`facts are about ${ids.length} of kind ${kind}, want at most ${MOST[kind]}`);
    return ids.sort(byText);
  };
  // One entry for each kind, and one for each predicate below.
  const ids = Object.fromEntries(KINDS.map((kind) => [kind, idsOf(kind)])) as Record<Kind, string[]>;
  const places = new Map(KINDS.flatMap((kind) => ids[kind].map((id, place) => [id, place] as const)));
  const sorted = Object.fromEntries(Object.keys(SIGNATURES).map((name) => [name, []])) as unknown as Record<
    Predicate,
    Fact[]
  >;
  for (const words of told) {
    const [name = '', ...args] = words;
    if (IGNORED.has(name)) continue;
    if (!isPredicate(name)) throw refuse(`:init has ${showNode(words)}, whose predicate is unknown`);
    const signature = SIGNATURES[name];
    const isSound = args.length === signature.length && args.every((id, i) => kinds.get(id) === signature[i]);
    if (!isSound) throw refuse(`:init has ${showNode(words)}, want (${name} ${signature.join(' ')})`);
    const [first = 0, second = 0] = args.map((id) => places.get(id) ?? 0);
    sorted[name].push([first, second]);
  }
  return { ids, names: displayNames(mentioned), facts: sorted, goal };
}

/**
 * Reads a problem of the ALFRED domain (ALFWorld specification, section 2).
 * @throws EnvironmentError ENVIRONMENT_GAME naming the field and what is wrong in it
 */
export function parseProblem(text: string): Problem {
  const root = parseSExpression(text, FIELD);
  const section = (head: string): readonly Node[] => {
    const found = sectionOf(root, head);
    if (found === null) throw refuse(`there is no (${head} ...), want one`);
    return found;
  };
  const [goal, ...more] = section(':goal');
  if (goal === undefined || more.length > 0) throw refuse(`:goal has ${more.length} formulas, want one`);
  return buildProblem({
    things: typedNames(section(':objects'), FIELD),
    facts: section(':init'),
    goal,
  });
}
