import { EnvironmentError } from '../errors.js';
import { predicates } from './predicates.js';
import { isPredicate, KINDS, type Kind, type Problem, SIGNATURES } from './problem.js';
import { type Node, showNode, typedNames } from './s-expression.js';
import type { State, World } from './world.js';

/** Whether a goal is reached in a state. */
export type Goal = (state: State) => boolean;

/** A formula over the values of variables, which lie in slots. */
type Test = (state: State, slots: Int32Array) => boolean;

interface Variable {
  readonly slot: number;
  readonly kind: Kind;
}
type Scope = ReadonlyMap<string, Variable>;

/** A quantified variable with the indices that it ranges over, and what to ask as soon as it has a value. */
interface Level {
  readonly slot: number;
  readonly candidates: Int32Array;
  readonly tests: readonly Test[];
}

/** A goal that ranges over more combinations of values than this would be slow to test at each step. */
const MAX_COMBINATIONS = 1_000_000;
const MAX_VARIABLES = 64;

const FIELD = 'pddl_problem';
const refuse = (message: string) =>
  new EnvironmentError('ENVIRONMENT_GAME', FIELD, `${FIELD}: :goal ${message}`);

/** Parts of a conjunction, however deep, and the formula itself where it is none. */
function conjuncts(node: Node): readonly Node[] {
  return typeof node !== 'string' && node[0] === 'and' ? node.slice(1).flatMap(conjuncts) : [node];
}

/** Adds what a formula mentions of some names. */
function mentioned(node: Node, names: Scope, found: Set<string> = new Set()): Set<string> {
  if (typeof node !== 'string') for (const part of node) mentioned(part, names, found);
  else if (names.has(node)) found.add(node);
  return found;
}

const all = (tests: readonly Test[]): Test => {
  const [only, second] = tests;
  if (only !== undefined && second === undefined) return only;
  return (state, slots) => tests.every((test) => test(state, slots));
};

class Compiler {
  readonly #problem: Problem;
  readonly #world: World;

  constructor(problem: Problem, world: World) {
    this.#problem = problem;
    this.#world = world;
  }

  /** @param combinations how often the formula is asked in one test of the goal, at most */
  formula(node: Node, scope: Scope, combinations: number): Test {
    if (typeof node === 'string') throw refuse(`has ${node}, want a formula in parentheses`);
    const [head = '', ...rest] = node;
    if (typeof head !== 'string') throw refuse(`has ${showNode(node)}, want a word first`);
    const parts = () => rest.map((part) => this.formula(part, scope, combinations));
    switch (head) {
      case 'and':
        return all(parts());
      case 'or': {
        const tests = parts();
        return (state, slots) => tests.some((test) => test(state, slots));
      }
      case 'not': {
        const test = all(parts());
        return (state, slots) => !test(state, slots);
      }
      case 'exists':
        return this.#exists(node, scope, combinations);
      case '=': {
        const [first, second] = rest.map((word) => this.#value(word, scope, null));
        if (first === undefined || second === undefined)
          throw refuse(`has ${showNode(node)}, want two names`);
        return (_, slots) => first(slots) === second(slots);
      }
      default:
        return this.#atom(head, rest, scope);
    }
  }

  #value(word: Node, scope: Scope, kind: Kind | null): (slots: Int32Array) => number {
    if (typeof word !== 'string') throw refuse(`has ${showNode(word)}, want a name`);
    const variable = scope.get(word);
    if (variable === undefined) {
      if (kind === null || word.startsWith('?')) throw refuse(`has ${word}, which no quantifier names`);
      // What no fact is about is nothing that could be found.
      const constant = this.#problem.ids[kind].indexOf(word);
      return () => constant;
    }
    if (kind !== null && variable.kind !== kind)
      throw refuse(`has ${word} of kind ${variable.kind}, want ${kind}`);
    const { slot } = variable;
    return (slots) => slots[slot] ?? -1;
  }

  #atom(head: string, args: readonly Node[], scope: Scope): Test {
    if (!isPredicate(head)) throw refuse(`has ${head}, which is no predicate that is played`);
    const signature = SIGNATURES[head];
    if (args.length !== signature.length)
      throw refuse(`has ${showNode([head, ...args])}, want (${head} ${signature.join(' ')})`);
    const [first, second] = signature.map((kind, i) => this.#value(args[i] ?? '', scope, kind));
    const { holds } = predicates[head];
    const world = this.#world;
    return (state, slots) => {
      const a = first?.(slots) ?? 0;
      const b = second?.(slots) ?? 0;
      return a >= 0 && b >= 0 && holds(world, state, a, b);
    };
  }

  #isFixed(node: Node): boolean {
    const [head = ''] = typeof node === 'string' ? [] : node;
    return typeof head === 'string' && isPredicate(head) && predicates[head].isFixed;
  }

  /**
   * `(exists (variables) formula)`, and further ones right inside it. What a fixed fact about one variable alone
   * rules out is never looked at, and each part is asked once all its variables have values.
   */
  #exists(node: Node, outer: Scope, combinations: number): Test {
    const scope = new Map(outer);
    const named: { readonly name: string; readonly variable: Variable }[] = [];
    let inner = node;
    while (typeof inner !== 'string' && inner[0] === 'exists') {
      const [, variables = '', body, ...more] = inner;
      if (body === undefined || more.length > 0 || typeof variables === 'string')
        throw refuse(`has ${showNode(inner)}, want (exists (variables) formula)`);
      for (const { name, type } of typedNames(variables, FIELD)) {
        const kind = KINDS.find((known) => known === type);
        if (kind === undefined) throw refuse(`has ${name} of type ${type}, want one of: ${KINDS.join(', ')}`);
        const variable = { slot: scope.size, kind };
        if (scope.has(name)) throw refuse(`has ${name} in two quantifiers, want another name`);
        if (variable.slot === MAX_VARIABLES) throw refuse(`has over ${MAX_VARIABLES} variables`);
        scope.set(name, variable);
        named.push({ name, variable });
      }
      inner = body;
    }
    const order = new Map(named.map(({ name }, index) => [name, index]));
    const parts = conjuncts(inner).map((part) => {
      const names = [...mentioned(part, scope)];
      const last = Math.max(-1, ...names.map((name) => order.get(name) ?? -1));
      return { part, last, isFilter: this.#isFixed(part) && names.length === 1 && last >= 0 };
    });

    let reach = combinations;
    const candidates = named.map(({ variable }, index) => {
      const filters = parts
        .filter(({ last, isFilter }) => isFilter && last === index)
        .map(({ part }) => this.formula(part, scope, 1));
      const slots = new Int32Array(MAX_VARIABLES);
      const found = this.#problem.ids[variable.kind]
        .map((_, value) => value)
        .filter((value) => {
          slots[variable.slot] = value;
          return filters.every((filter) => filter(this.#world.initial, slots));
        });
      reach *= Math.max(1, found.length);
      return Int32Array.from(found);
    });
    if (reach > MAX_COMBINATIONS)
      throw refuse(`ranges over ${reach} combinations of values, want at most ${MAX_COMBINATIONS}`);
    const testsAt = (index: number): readonly Test[] =>
      parts
        .filter(({ last, isFilter }) => last === index && !isFilter)
        .map(({ part }) => this.formula(part, scope, reach));
    const first = testsAt(-1);
    const levels = named.map(({ variable: { slot } }, index): Level => {
      return { slot, candidates: candidates[index] ?? new Int32Array(), tests: testsAt(index) };
    });
    return (state, slots) => first.every((test) => test(state, slots)) && search(levels, 0, state, slots);
  }
}

/** Whether some value of each variable from `depth` on passes all tests. */
function search(levels: readonly Level[], depth: number, state: State, slots: Int32Array): boolean {
  const level = levels[depth];
  if (level === undefined) return true;
  const { slot, candidates, tests } = level;
  for (const value of candidates) {
    slots[slot] = value;
    let passes = true;
    for (const test of tests) {
      if (test(state, slots)) continue;
      passes = false;
      break;
    }
    if (passes && search(levels, depth + 1, state, slots)) return true;
  }
  return false;
}

/**
 * Makes a problem's goal a function of the state (ALFWorld specification, section 5): formulas of `and`, `or`, `not`,
 * `=`, `exists` and the predicates that are played.
 * @throws EnvironmentError ENVIRONMENT_GAME naming the part at fault
 */
export function compileGoal(problem: Problem, world: World): Goal {
  const test = new Compiler(problem, world).formula(problem.goal, new Map(), 1);
  const slots = new Int32Array(MAX_VARIABLES);
  return (state) => test(state, slots);
}
