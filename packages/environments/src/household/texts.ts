import { predicates } from './predicates.js';
import type { Asked, Listed, Part, Role, Separators } from './wording.js';
import { eachBit, type State, type World } from './world.js';

/** What a text is about: indices, -1 where it is about none. */
export interface Subject {
  readonly thing: number;
  readonly tool: number;
  readonly receptacle: number;
}

export const NO_SUBJECT: Subject = { thing: -1, tool: -1, receptacle: -1 };

/** Where and about what a text is written. */
export interface Scene {
  readonly world: World;
  readonly separators: Separators;
  readonly state: State;
  readonly subject: Subject;
}

type Lister = (world: World, state: State, subject: Subject) => readonly string[];

const namesOf = (holders: readonly { readonly name: string }[], indices: Iterable<number>): string[] =>
  Array.from(indices, (index) => holders[index]?.name ?? '');

const here = ({ receptaclesAt, layout }: World, state: State): readonly number[] =>
  receptaclesAt[state[layout.location] ?? -1] ?? [];

/** Names of what is listed, ascending by id. */
const listers: { readonly [L in Listed]: Lister } = {
  held: ({ things, layout }, state) => {
    const held = state[layout.held] ?? -1;
    return held < 0 ? [] : namesOf(things, [held]);
  },
  contents: ({ things, layout }, state, { receptacle }) => {
    const names: string[] = [];
    if (receptacle < 0) return names;
    const start = layout.contents + receptacle * layout.words;
    eachBit(state, start, layout.words, (thing) => names.push(things[thing]?.name ?? ''));
    return names;
  },
  inside: ({ things }, _, { thing }) => namesOf(things, things[thing]?.inside ?? []),
  here: (world, state) => namesOf(world.receptacles, here(world, state)),
  room: ({ receptacles }) => receptacles.filter(({ location }) => location >= 0).map(({ name }) => name),
  nothing: () => [],
};

function isSo(asked: Asked, { world, state, subject: { thing, receptacle } }: Scene): boolean {
  switch (asked.of) {
    case 'thing':
      return predicates[asked.has].holds(world, state, thing, 0);
    case 'receptacle':
      return predicates[asked.has].holds(world, state, receptacle, 0);
    case 'agent':
      if (asked.has === 'holdsany') return (state[world.layout.held] ?? -1) >= 0;
      return asked.has === 'here'
        ? here(world, state).length > 0
        : world.receptacles.some(({ location }) => location >= 0);
    case 'nothing':
      return false;
  }
}

const namers: { readonly [R in Role]: (world: World, subject: Subject) => string } = {
  thing: ({ things }, { thing }) => things[thing]?.name ?? '',
  tool: ({ things }, { tool }) => things[tool]?.name ?? '',
  receptacle: ({ receptacles }, { receptacle }) => receptacles[receptacle]?.name ?? '',
  location: ({ locations, receptacles }, { receptacle }) =>
    locations[receptacles[receptacle]?.location ?? -1] ?? '',
};

function joined(names: readonly string[], article: string, { empty, between, last }: Separators): string {
  const [first] = names;
  if (first === undefined) return empty;
  let text = article + first;
  for (let index = 1; index < names.length; index++) {
    text += (index === names.length - 1 ? last : between) + article + names[index];
  }
  return text;
}

/** Writes a text as things are in a state. */
export function writeText(parts: readonly Part[], scene: Scene): string {
  const { world, separators, state, subject } = scene;
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'name') text += namers[part.role](world, subject);
    else if (part.kind === 'list')
      text += joined(listers[part.listed](world, state, subject), part.hasArticle ? 'a ' : '', separators);
    else {
      const chosen = part.choices.find(({ asked }) => asked.every((one) => isSo(one, scene)));
      text += chosen === undefined ? '' : writeText(chosen.parts, scene);
    }
  }
  return text;
}
