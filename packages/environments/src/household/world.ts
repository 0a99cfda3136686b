import { EnvironmentError } from '../errors.js';
import type { Fact, Predicate, Problem } from './problem.js';

/** What things may be by nature, and what may become of them. */
export const TRAITS = ['pickupable', 'cleanable', 'heatable', 'coolable', 'toggleable', 'sliceable'] as const;
export const MARKS = ['isclean', 'ishot', 'iscool', 'ison', 'istoggled', 'issliced'] as const;
export type Trait = (typeof TRAITS)[number];
export type Mark = (typeof MARKS)[number];

/** Something that can be taken, used or looked at. */
export interface Thing {
  readonly name: string;
  /** Index of its type; -1 without one. */
  readonly type: number;
  readonly traits: ReadonlySet<Trait>;
  /** Whether things may lie in it, and which do; no action changes that. */
  readonly isReceptacle: boolean;
  readonly inside: readonly number[];
}

/** Something that holds things. */
export interface Receptacle {
  readonly name: string;
  /** Index of its type; -1 without one. */
  readonly type: number;
  /** Index of its location; -1 where it has none, and so is never reached. */
  readonly location: number;
  readonly isOpenable: boolean;
}

/**
 * Where the parts of a state lie in it, in 32-bit words. Sets of things are bit sets of `words` words; relations are
 * one set for each receptacle or location, because a thing may be in several at once.
 */
export interface Layout {
  readonly words: number;
  /** Word of the agent's location, and of the thing held, -1 for none. */
  readonly location: number;
  readonly held: number;
  /** First word of the bit set of open receptacles. */
  readonly opened: number;
  readonly marks: Readonly<Record<Mark, number>>;
  /** First words of what lies in receptacle 0, and of what is at location 0. */
  readonly contents: number;
  readonly whereabouts: number;
  readonly size: number;
}

/** All that changes in an episode; a copy is `slice()`. */
export type State = Int32Array;

/** All of a game that never changes. */
export interface World {
  readonly things: readonly Thing[];
  readonly receptacles: readonly Receptacle[];
  /** Display names. */
  readonly locations: readonly string[];
  /** Receptacles of each location, ascending. */
  readonly receptaclesAt: readonly (readonly number[])[];
  /** Pairs `rtype * otypes + otype` where things of the one go into receptacles of the other. */
  readonly fits: ReadonlySet<number>;
  readonly otypes: number;
  readonly layout: Layout;
  readonly initial: State;
}

export const hasBit = (state: State, start: number, index: number): boolean =>
  (((state[start + (index >>> 5)] ?? 0) >>> (index & 31)) & 1) === 1;

export function setBit(state: State, start: number, index: number): void {
  const at = start + (index >>> 5);
  state[at] = (state[at] ?? 0) | (1 << (index & 31));
}

export function clearBit(state: State, start: number, index: number): void {
  const at = start + (index >>> 5);
  state[at] = (state[at] ?? 0) & ~(1 << (index & 31));
}

/** Calls `visit` with each member of a bit set of `words` words, ascending. */
export function eachBit(state: State, start: number, words: number, visit: (index: number) => void): void {
  for (let word = 0; word < words; word++) {
    for (let bits = state[start + word] ?? 0; bits !== 0; bits &= bits - 1) {
      visit(word * 32 + 31 - Math.clz32(bits & -bits));
    }
  }
}

const wordsFor = (count: number): number => Math.max(1, Math.ceil(count / 32));

function layOut(things: number, receptacles: number, locations: number): Layout {
  const words = wordsFor(things);
  const opened = 2;
  const firstMark = opened + wordsFor(receptacles);
  const contents = firstMark + MARKS.length * words;
  const whereabouts = contents + receptacles * words;
  const marks = MARKS.map((mark, index) => [mark, firstMark + index * words]);
  return {
    ...{ words, location: 0, held: 1, opened },
    marks: Object.fromEntries(marks) as Record<Mark, number>, // one for each mark
    ...{ contents, whereabouts, size: whereabouts + locations * words },
  };
}

/** Second arguments by the first; -1 for none. */
function functionOf(problem: Problem, predicate: Predicate, ids: readonly string[]): Int32Array {
  const found = new Int32Array(ids.length).fill(-1);
  for (const [first, second] of problem.facts[predicate]) {
    const known = found[first] ?? -1;
    if (known >= 0 && known !== second) {
      const message = `pddl_problem: ${ids[first]} has two facts ${predicate}, want at most one`;
      throw new EnvironmentError('ENVIRONMENT_GAME', 'pddl_problem', message);
    }
    found[first] = second;
  }
  return found;
}

function initialState(problem: Problem, layout: Layout): State {
  const { facts } = problem;
  const { words } = layout;
  const state = new Int32Array(layout.size);
  const [place, ...others] = facts.atlocation;
  if (place === undefined || others.length > 0) {
    const message = `pddl_problem: :init has ${facts.atlocation.length} facts atLocation, want 1`;
    throw new EnvironmentError('ENVIRONMENT_GAME', 'pddl_problem', message);
  }
  state[layout.location] = place[1];
  state[layout.held] = facts.holds[0]?.[1] ?? -1;
  for (const [receptacle] of facts.opened) setBit(state, layout.opened, receptacle);
  for (const mark of MARKS) for (const [thing] of facts[mark]) setBit(state, layout.marks[mark], thing);
  const relate = (pairs: readonly Fact[], start: number): void => {
    for (const [thing, other] of pairs) setBit(state, start + other * words, thing);
  };
  relate(facts.inreceptacle, layout.contents);
  relate(facts.objectatlocation, layout.whereabouts);
  return state;
}

/**
 * The world of a problem: what never changes in it, and its first state.
 * @throws EnvironmentError ENVIRONMENT_GAME where a thing has two types or a receptacle two locations
 */
export function buildWorld(problem: Problem): World {
  const { ids, names, facts } = problem;
  const nameOf = (id: string): string => names.get(id) ?? id;
  const has = (predicate: Predicate): ReadonlySet<number> =>
    new Set(facts[predicate].map(([first]) => first));
  const layout = layOut(ids.object.length, ids.receptacle.length, ids.location.length);

  const thingTypes = functionOf(problem, 'objecttype', ids.object);
  const traits = TRAITS.map((trait) => [trait, has(trait)] as const);
  const vessels = has('isreceptacleobject');
  const inside = ids.object.map(() => new Set<number>());
  for (const [inner, outer] of facts.inreceptacleobject) inside[outer]?.add(inner);
  const things = ids.object.map((id, index) => ({
    name: nameOf(id),
    type: thingTypes[index] ?? -1,
    traits: new Set(traits.filter(([, of]) => of.has(index)).map(([trait]) => trait)),
    isReceptacle: vessels.has(index),
    inside: [...(inside[index] ?? [])].sort((a, b) => a - b),
  }));

  const receptacleTypes = functionOf(problem, 'receptacletype', ids.receptacle);
  const receptacleLocations = functionOf(problem, 'receptacleatlocation', ids.receptacle);
  const openable = has('openable');
  const receptacles = ids.receptacle.map((id, index) => ({
    name: nameOf(id),
    type: receptacleTypes[index] ?? -1,
    location: receptacleLocations[index] ?? -1,
    isOpenable: openable.has(index),
  }));

  const receptaclesAt: number[][] = ids.location.map(() => []);
  for (const [index, { location }] of receptacles.entries()) receptaclesAt[location]?.push(index);
  return {
    ...{ things, receptacles, receptaclesAt, layout },
    locations: ids.location.map(nameOf),
    fits: new Set(facts.cancontain.map(([rtype, otype]) => rtype * ids.otype.length + otype)),
    otypes: ids.otype.length,
    initial: initialState(problem, layout),
  };
}

/** Indices of the types whose ids are wanted and that facts name. */
export function typesNamed(ids: readonly string[], wanted: ReadonlySet<string>): ReadonlySet<number> {
  return new Set([...wanted].map((id) => ids.indexOf(id)).filter((index) => index >= 0));
}
