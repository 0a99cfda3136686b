/**
 * A second engine for the household's games, to compare the first with: it knows nothing of households. It grounds
 * whatever actions a PDDL domain has by trying every value of every parameter, and is as slow as that sounds.
 */

export type Pddl = string | readonly Pddl[];

/** Facts as texts, `predicate a b`. */
export type Facts = ReadonlySet<string>;

type Binding = ReadonlyMap<string, string>;

export function parsePddl(text: string): Pddl {
  const tokens = text
    .toLowerCase()
    .replaceAll(/;[^\n]*/g, '')
    .match(/[()]|[^\s()]+/g);
  const stack: Pddl[][] = [[]];
  for (const token of tokens ?? []) {
    if (token === '(') stack.push([]);
    else if (token === ')') {
      const done = stack.pop() ?? [];
      stack.at(-1)?.push(done);
    } else stack.at(-1)?.push(token);
  }
  return stack[0]?.[0] ?? [];
}

const listOf = (node: Pddl | undefined): readonly Pddl[] =>
  node === undefined || typeof node === 'string' ? [] : node;

function typed(nodes: readonly Pddl[]): [name: string, type: string][] {
  const found: [string, string][] = [];
  let names: string[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const word = String(nodes[at]);
    if (word !== '-') names.push(word);
    else {
      at++;
      found.push(...names.map((name): [string, string] => [name, String(nodes[at])]));
      names = [];
    }
  }
  return found;
}

const variablesIn = (node: Pddl): string[] =>
  typeof node === 'string' ? (node.startsWith('?') ? [node] : []) : node.flatMap(variablesIn);

export interface GroundAction {
  readonly name: string;
  readonly binding: Binding;
}

interface Action {
  readonly name: string;
  readonly parameters: readonly [string, string][];
  readonly needs: readonly Pddl[];
  readonly effect: Pddl;
}

/** A domain and a problem, to be played by what they say. */
export class PddlReference {
  readonly initial: Facts;
  readonly #actions: readonly Action[];
  readonly #goal: Pddl;
  readonly #objects = new Map<string, string[]>();

  constructor(domain: string, problem: string) {
    const sections = (root: Pddl, head: string) =>
      listOf(root)
        .map(listOf)
        .filter((part) => part[0] === head);
    this.#actions = sections(parsePddl(domain), ':action').map((parts) => {
      const part = (name: string) => parts[parts.indexOf(name) + 1];
      const needs = listOf(part(':precondition'));
      return {
        name: String(parts[1]),
        parameters: typed(listOf(part(':parameters'))),
        needs: needs.length === 0 ? [] : needs[0] === 'and' ? needs.slice(1) : [needs],
        effect: part(':effect') ?? [],
      };
    });
    const root = parsePddl(problem);
    for (const [name, type] of typed(sections(root, ':objects')[0]?.slice(1) ?? []))
      this.#objects.set(type, [...(this.#objects.get(type) ?? []), name]);
    this.initial = new Set(
      (sections(root, ':init')[0]?.slice(1) ?? []).map((fact) => listOf(fact).join(' ')),
    );
    this.#goal = sections(root, ':goal')[0]?.[1] ?? [];
  }

  isWon(facts: Facts): boolean {
    return this.#holds(this.#goal, facts, new Map());
  }

  /** Every action with values of its parameters that can be taken. */
  options(facts: Facts): GroundAction[] {
    const found: GroundAction[] = [];
    for (const { name, parameters, needs } of this.#actions) {
      const extend = (binding: Binding, depth: number): void => {
        const bound = parameters.slice(0, depth).map(([variable]) => variable);
        const isReady = (need: Pddl) =>
          variablesIn(need).every((v) => bound.includes(v) || !parameters.some(([p]) => p === v));
        const last = bound.at(-1);
        const due = needs.filter(
          (need) => isReady(need) && (last === undefined || variablesIn(need).includes(last)),
        );
        if (!due.every((need) => this.#holds(need, facts, binding))) return;
        const next = parameters[depth];
        if (next === undefined) found.push({ name, binding });
        else
          for (const value of this.#objects.get(next[1]) ?? [])
            extend(new Map([...binding, [next[0], value]]), depth + 1);
      };
      extend(new Map(), 0);
    }
    return found;
  }

  after(facts: Facts, { name, binding }: GroundAction): Facts {
    const added: string[] = [];
    const removed: string[] = [];
    const apply = (effect: Pddl): void => {
      const [head, ...rest] = listOf(effect);
      if (head === 'and') rest.forEach(apply);
      else if (head === 'when' && this.#holds(rest[0] ?? [], facts, binding)) apply(rest[1] ?? []);
      else if (head === 'not') removed.push(this.#fact(rest[0] ?? [], binding));
      else if (head !== 'when' && head !== 'increase') added.push(this.#fact(effect, binding));
    };
    apply(this.#actions.find((action) => action.name === name)?.effect ?? []);
    const left = [...facts].filter((fact) => !removed.includes(fact));
    return new Set([...left, ...added]);
  }

  #fact(atom: Pddl, binding: Binding): string {
    return listOf(atom)
      .map((word) => binding.get(String(word)) ?? String(word))
      .join(' ');
  }

  #holds(node: Pddl, facts: Facts, binding: Binding): boolean {
    const [head, ...rest] = listOf(node);
    const holds = (part: Pddl) => this.#holds(part, facts, binding);
    const values = (type: string) => this.#objects.get(type) ?? [];
    const each = (
      quantified: readonly [string, string][],
      ask: (b: Binding) => boolean,
      how: 'some' | 'every',
      b: Binding,
    ): boolean => {
      const [first, ...others] = quantified;
      if (first === undefined) return ask(b);
      return values(first[1])[how]((value) => each(others, ask, how, new Map([...b, [first[0], value]])));
    };
    const asked = (inner: Binding) => this.#holds(rest[1] ?? [], facts, inner);
    if (head === undefined) return true;
    if (head === 'and') return rest.every(holds);
    if (head === 'or') return rest.some(holds);
    if (head === 'not') return !holds(rest[0] ?? []);
    if (head === 'exists') return each(typed(listOf(rest[0])), asked, 'some', binding);
    if (head === 'forall') return each(typed(listOf(rest[0])), asked, 'every', binding);
    if (head === '=') return new Set(this.#fact(rest, binding).split(' ')).size === 1;
    return facts.has(this.#fact(node, binding));
  }
}
