import { EnvironmentError } from '../errors.js';
import { type Rules, VERBS, type Verb } from './domain.js';
import type { Grammar, GrammarRule } from './grammar.js';
import { MARKS, type Mark, TRAITS, type Trait } from './world.js';

/** What a text or command may name: a thing, the tool it is sliced with, a receptacle, or its location. */
export type Role = 'thing' | 'tool' | 'receptacle' | 'location';

/** What may be listed. */
export type Listed = 'held' | 'contents' | 'here' | 'room' | 'inside' | 'nothing';

/** What a rule may ask of the thing or receptacle that a text is about, or of the agent. */
export type Asked =
  | { readonly of: 'thing'; readonly has: Mark | Trait | 'isreceptacleobject' }
  | { readonly of: 'receptacle'; readonly has: 'openable' | 'opened' }
  | { readonly of: 'agent'; readonly has: 'holdsany' | 'here' | 'room' }
  | { readonly of: 'nothing' };

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly role: Role }
  | { readonly kind: 'list'; readonly listed: Listed; readonly hasArticle: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly Choice[] };

/** A text for when everything that it asks holds. */
export interface Choice {
  readonly asked: readonly Asked[];
  readonly parts: readonly Part[];
}

export interface Separators {
  readonly empty: string;
  readonly between: string;
  readonly last: string;
}

/** The texts of a game. */
export interface Wording {
  /** Parts of the command and of what is said after it, by what is done; only what the grammar has. */
  readonly commands: ReadonlyMap<Verb, readonly Part[]>;
  readonly feedback: ReadonlyMap<Verb, readonly Part[]>;
  /** What is said first. */
  readonly intro: readonly Part[];
  /** What is to be done. */
  readonly task: string;
  readonly separators: Separators;
}

const FIELD = 'grammar';
const refuse = (message: string) => new EnvironmentError('ENVIRONMENT_GAME', FIELD, `${FIELD}: ${message}`);

/** Variables of the grammar by what they stand for. */
const ROLES: ReadonlyMap<string, Role> = new Map([
  ['o', 'thing'],
  ['co', 'thing'],
  ['ko', 'tool'],
  ['r', 'receptacle'],
  ['lend', 'location'],
]);

const HERE = 'atlocation(a:agent,l:location)&receptacleatlocation(r:receptacle,l:location)';
const ROOM = 'receptacleatlocation(r:receptacle,l:location)';

/** Lists by their condition. */
const LISTS: ReadonlyMap<string, Listed> = new Map([
  ['holds(a:agent,o:object)', 'held'],
  ['inreceptacle(o:object,r:receptacle)', 'contents'],
  ['inreceptacleobject(o2:object,o:object)', 'inside'],
  [HERE, 'here'],
  [ROOM, 'room'],
]);

const thingAsked = [...MARKS, ...TRAITS, 'isreceptacleobject'] as const;
const ASKED: ReadonlyMap<string, Asked> = new Map<string, Asked>([
  ...thingAsked.map((has) => [`${has}(o:object)`, { of: 'thing', has }] as const),
  ['openable(r:receptacle)', { of: 'receptacle', has: 'openable' }],
  ['opened(r:receptacle)', { of: 'receptacle', has: 'opened' }],
  ['holdsany(a:agent)', { of: 'agent', has: 'holdsany' }],
  [HERE, { of: 'agent', has: 'here' }],
  [ROOM, { of: 'agent', has: 'room' }],
]);

/** Texts in texts deeper, and parts more, than any grammar needs. */
const MAX_DEPTH = 16;
const MAX_PARTS = 4_000;

const squeeze = (text: string): string => text.replaceAll(/\s/g, '');
/** A negated fact is none that is ever told, so that what asks for one never holds. */
const isNegated = (condition: string): boolean =>
  squeeze(condition)
    .split('&')
    .some((part) => part.startsWith('not_'));

function asked(condition: string | null): readonly Asked[] {
  if (condition === null) return [];
  if (isNegated(condition)) return [{ of: 'nothing' }];
  const key = squeeze(condition);
  const whole = ASKED.get(key);
  if (whole !== undefined) return [whole];
  return key.split('&').map((part) => {
    const found = ASKED.get(part);
    if (found === undefined) throw refuse(`condition '${part}' is none that is played`);
    return found;
  });
}

class Texts {
  readonly #symbols: ReadonlyMap<string, readonly GrammarRule[]>;
  #parts = 0;

  constructor(symbols: ReadonlyMap<string, readonly GrammarRule[]>) {
    this.#symbols = symbols;
  }

  /** Parts of a text with `#symbols#`, `{names}` and `[{lists | conditions}]` in it. */
  parts(text: string, depth = 0): readonly Part[] {
    const found: Part[] = [];
    for (let at = 0; at < text.length; ) {
      this.#parts++;
      if (this.#parts > MAX_PARTS) throw refuse(`a text has over ${MAX_PARTS} parts`);
      const [part, next] = this.#part(text, at, depth);
      found.push(part);
      at = next;
    }
    return found;
  }

  symbol(name: string, depth = 0): readonly Part[] {
    const rules = this.#symbols.get(name);
    if (rules === undefined) throw refuse(`symbol '${name}' is missing`);
    if (depth > MAX_DEPTH) throw refuse(`symbol '${name}' is over ${MAX_DEPTH} symbols deep`);
    const [only, ...more] = rules;
    if (only !== undefined && more.length === 0 && only.condition === null)
      return this.parts(only.rhs, depth + 1);
    const choices = rules.map(({ condition, rhs }) => ({
      asked: asked(condition),
      parts: this.parts(rhs, depth + 1),
    }));
    return [{ kind: 'choice', choices }];
  }

  #part(text: string, at: number, depth: number): readonly [Part, number] {
    const inside = (start: string, end: string): string | null => {
      if (!text.startsWith(start, at)) return null;
      const close = text.indexOf(end, at + start.length);
      if (close < 0) throw refuse(`text '${text.slice(at, at + 40)}' has ${start} without ${end}`);
      return text.slice(at + start.length, close);
    };
    const list = inside('[{', '}]');
    if (list !== null) return [this.#list(list), at + list.length + 4];
    const name = inside('{', '}');
    if (name !== null) return [this.#name(name), at + name.length + 2];
    const symbol = inside('#', '#');
    if (symbol !== null) {
      const parts = this.symbol(symbol, depth);
      return [{ kind: 'choice', choices: [{ asked: [], parts }] }, at + symbol.length + 2];
    }
    let end = at + 1;
    while (end < text.length && !'[{#'.includes(text[end] ?? '')) end++;
    return [{ kind: 'text', text: text.slice(at, end) }, end];
  }

  #name(expression: string): Part {
    const [variable = '', attribute = 'name'] = squeeze(expression).split('.');
    const role = ROLES.get(variable);
    if (role === undefined || attribute !== 'name') throw refuse(`{${expression}} is no name that is played`);
    return { kind: 'name', role };
  }

  #list(text: string): Part {
    const [expression = '', condition = '', ...more] = text.split('|').map(squeeze);
    if (more.length > 0) throw refuse(`list [{${text}}] has several '|', want one`);
    const listed = isNegated(condition) ? 'nothing' : LISTS.get(condition);
    if (listed === undefined) throw refuse(`list [{${text}}] is none that is played`);
    // Each item is a name, with its article or without, there or in the symbol that writes it.
    const written = expression.startsWith('#')
      ? (this.#symbols.get(expression.slice(1, -1))?.[0]?.rhs ?? '')
      : expression;
    if (!written.includes('.name')) throw refuse(`list [{${text}}] writes no names`);
    return { kind: 'list', listed, hasArticle: written.includes('.indefinite') };
  }
}

/** A template of a command: the one list that stands in one is a name by what it lists. */
function commandParts(texts: Texts, template: string): readonly Part[] {
  const list = /^([^[{]*)\[\{([a-z]+)\.name \|[^|}]*\}\]$/.exec(template);
  return texts.parts(list === null ? template : `${list[1]}{${list[2]}}`);
}

/** Makes neighbouring texts one, and texts that are always taken parts of what they stand in. */
function simplified(parts: readonly Part[]): readonly Part[] {
  const found: Part[] = [];
  for (const part of parts.flatMap(unwrapped)) {
    const last = found.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') {
      found[found.length - 1] = { kind: 'text', text: last.text + part.text };
    } else found.push(part);
  }
  return found;
}

function unwrapped(part: Part): readonly Part[] {
  if (part.kind !== 'choice') return [part];
  const choices = part.choices.map(({ asked: needs, parts }) => ({ asked: needs, parts: simplified(parts) }));
  const [only, ...more] = choices;
  if (only !== undefined && more.length === 0 && only.asked.length === 0) return only.parts;
  return [{ kind: 'choice', choices }];
}

const TASK_START = 'Your task is to: ';

/**
 * Reads the texts of a grammar for what a domain lets be done; the wording is the grammar's own, so that old and
 * current games differ by it alone (ALFWorld specification, sections 3 and 3.1).
 * @throws EnvironmentError ENVIRONMENT_GAME naming the symbol, condition or action that is missing or unknown
 */
export function readWording({ actions, symbols }: Grammar, { verbs }: Rules): Wording {
  const texts = new Texts(symbols);
  const commands = new Map<Verb, readonly Part[]>();
  const feedback = new Map<Verb, readonly Part[]>();
  for (const verb of VERBS.filter((known) => verbs.has(known))) {
    const action = actions.get(verb);
    // What a grammar has no words for cannot be said, so that it cannot be done.
    if (action === undefined) continue;
    commands.set(verb, simplified(commandParts(texts, action.template)));
    feedback.set(verb, simplified(texts.parts(action.feedback)));
  }
  const task = symbols.get('task')?.[0]?.rhs;
  if (task === undefined) throw refuse("symbol 'task' is missing");
  const separator = (name: string, usual: string): string => symbols.get(name)?.[0]?.rhs ?? usual;
  return {
    commands,
    feedback,
    intro: simplified(texts.symbol('intro')),
    task: (task.startsWith(TASK_START) ? task.slice(TASK_START.length) : task).trim(),
    separators: {
      empty: separator('list_empty', 'nothing'),
      between: separator('list_separator', ', '),
      last: separator('list_last_separator', ', and '),
    },
  };
}
